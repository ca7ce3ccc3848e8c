/**
 * Go's `regexp.ReplaceAllString`, as Teleport's conditions use it. RE2JS reads Go's syntax, and one search never takes
 * longer than the product of pattern and text; here both are kept within bounds, and the budget is spent before the work
 * is done. Pure.
 */
import { RE2JS, RE2JSException, RE2JSSyntaxException } from "re2js";
import type { Budget } from "./budget.ts";
import { ConditionFault } from "./fault.ts";

/** The longest pattern that is read, in UTF-16 units. */
export const MAX_PATTERN_CHARACTERS = 1_000;

/** The largest pattern that is read, its repetitions written out, in UTF-16 units. */
export const MAX_WRITTEN_OUT_CHARACTERS = 4_000;

/** The longest text that is searched, in UTF-16 units. */
export const MAX_TEXT_CHARACTERS = 16_384;

// Measured at their worst, so that whatever is hostile costs about the same for each unit of the budget.
/** For each character of a pattern: it may stand for a large class. */
const CHARACTER_COST = 100;
/** For each character of a pattern that is written out. */
const WRITTEN_OUT_COST = 20;
/** For each wide range in a pattern that ignores case: it is folded character by character. */
const FOLDED_RANGE_COST = 20_000;
/** So many times may an instruction be tried at a place in the text for one unit. */
const STEPS_A_UNIT = 16;
/** Groups whose places cost as much to keep track of as the search itself. */
const GROUPS_A_STEP = 32;

/**
 * Every text in which the pattern is found, with all its matches replaced; the others are left out, and so is what
 * becomes empty. `$1`, `$name` and `${name}` in the replacement are the groups of the pattern, `$$` a dollar, as in Go's
 * `Expand` (https://pkg.go.dev/regexp#Regexp.Expand). Throws {@link ConditionFault} for a pattern that Go would not take,
 * for what is too long, and past the budget.
 */
export function replaceMatches(
  texts: readonly string[],
  pattern: string,
  replacement: string,
  budget: Budget,
): string[] {
  const regexp = compile(pattern, budget);
  budget.spend(replacement.length);
  const substitution = { regexp, template: templateFor(replacement, regexp) };
  return texts.map((text) => replaceIn(text, substitution, budget)).filter((text) => text !== "");
}

function compile(pattern: string, budget: Budget): RE2JS {
  if (pattern.length > MAX_PATTERN_CHARACTERS) {
    throw new ConditionFault(`A pattern is longer than ${MAX_PATTERN_CHARACTERS} characters.`);
  }
  const written = writtenOutCharacters(pattern);
  if (written > MAX_WRITTEN_OUT_CHARACTERS) throw new ConditionFault("A pattern is too large when written out.");
  budget.spend(pattern.length * CHARACTER_COST);
  budget.spend(written * WRITTEN_OUT_COST + foldedRanges(pattern) * FOLDED_RANGE_COST);
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    // Its message would quote the pattern, which may hold anything.
    const why = error instanceof RE2JSSyntaxException ? error.getDescription() : "it is no regular expression";
    throw new ConditionFault(`A pattern cannot be read: ${why}.`);
  }
}

/** An escape, which counts nothing, or a `{n,m}`. */
const COUNTED = /\\(?:x\{\w*\}|.)|(\)?)\{(\d+)(?:,(\d*))?\}/gs;

/** At most so many characters when each `{n,m}` is written out: only those of groups can hold one another. */
function writtenOutCharacters(pattern: string): number {
  let characters = pattern.length;
  let groupTimes = 1;
  for (const [, group, least = "0", most = "0"] of pattern.matchAll(COUNTED)) {
    const times = Math.max(Number(least), Number(most), 1);
    if (group === ")") groupTimes *= times;
    else characters += times;
  }
  return characters * groupTimes;
}

/** At most so many ranges that end beyond ASCII and whose case is ignored. */
function foldedRanges(pattern: string): number {
  return /\(\?[a-zA-Z]*i/.test(pattern) ? (pattern.match(/-(?:\\x|[\u0080-\uffff])/g)?.length ?? 0) : 0;
}

/** A replacement that has been read: text as it stands, and groups by their number. */
type Template = readonly (string | number)[];

const REFERENCE = /\$(?:(\$)|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu;

// A name is as long as it can be; a dollar with no name behind it stands for itself, a group that is none for nothing.
function templateFor(replacement: string, regexp: RE2JS): Template {
  const names = new Map(Object.entries(regexp.namedGroups()));
  const template: (string | number)[] = [];
  let done = 0;
  for (const { 0: whole, 1: dollar, 2: bare, 3: braced, index } of replacement.matchAll(REFERENCE)) {
    const name = bare ?? braced ?? "";
    const group = /^(?:0|[1-9]\d{0,8})$/.test(name) ? Number(name) : names.get(name);
    template.push(replacement.slice(done, index));
    if (dollar !== undefined) template.push(dollar);
    else if (group !== undefined && group <= regexp.groupCount()) template.push(group);
    done = index + whole.length;
  }
  return [...template, replacement.slice(done)];
}

interface Substitution {
  readonly regexp: RE2JS;
  readonly template: Template;
}

function replaceIn(text: string, { regexp, template }: Substitution, budget: Budget): string {
  if (text.length > MAX_TEXT_CHARACTERS) {
    throw new ConditionFault(`A text to search is longer than ${MAX_TEXT_CHARACTERS} characters.`);
  }
  const searchCost = searchCostOf(regexp, template);
  const matcher = regexp.matcher(text);
  const parts: string[] = [];
  let done = 0;
  const search = () => {
    budget.spend(Math.ceil(searchCost * (text.length - done + 1)));
    return matcher.find();
  };
  while (search()) {
    const [begin, end] = [matcher.start(), matcher.end()];
    parts.push(text.slice(done, begin));
    // Nothing is replaced by an empty match at the end of the one before.
    if (end > done || begin === 0) {
      // No group is longer than the whole match.
      budget.spend(template.reduce<number>((cost, part) => cost + partCost(part, end - begin), 1));
      parts.push(template.map((part) => (typeof part === "string" ? part : (matcher.group(part) ?? ""))).join(""));
    }
    done = end;
  }
  return parts.length === 0 ? "" : parts.join("") + text.slice(done);
}

function partCost(part: string | number, matchCharacters: number): number {
  return 1 + (typeof part === "string" ? part.length : matchCharacters);
}

/** Of one search, for each character that is left; groups are found by a second one. */
function searchCostOf(regexp: RE2JS, template: Template): number {
  const asksGroups = template.some((part) => typeof part === "number" && part > 0);
  return (regexp.programSize() / STEPS_A_UNIT) * (asksGroups ? 2 + regexp.groupCount() / GROUPS_A_STEP : 1);
}
