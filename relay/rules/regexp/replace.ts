/**
 * Go's `regexp.ReplaceAllString`, as Teleport's conditions use it. Pure; bounded by the budget, whatever the pattern.
 */
import type { Budget } from "../budget.ts";
import { type Match, matchFrom } from "./match.ts";
import { parsePattern, type ReadPattern } from "./pattern.ts";
import { type Instruction, programFor } from "./program.ts";

/**
 * Every text in which the pattern is found, with all its matches replaced; the others are left out, and so is what becomes
 * empty. `$1`, `$name` and `${name}` in the replacement are the groups of the pattern, `$$` a dollar.
 */
export function replaceMatches(
  texts: readonly string[],
  pattern: string,
  replacement: string,
  budget: Budget,
): string[] {
  const read = parsePattern(pattern);
  const program = programFor(read.pattern);
  const references = replacement.split("$").length;
  const fill: Fill = (match, text) => {
    const [begin = 0, end = 0] = match;
    // No group is longer than the whole match.
    budget.spend(replacement.length + references * (end - begin));
    return filled(replacement, read, match, text);
  };
  budget.spend(program.length);
  return texts.map((text) => replaceIn([...text], program, fill, budget)).filter((text) => text !== "");
}

type Fill = (match: Match, text: readonly string[]) => string;

function replaceIn(text: readonly string[], program: readonly Instruction[], fill: Fill, budget: Budget): string {
  const parts: string[] = [];
  let done = 0;
  let isFound = false;
  for (let from = 0; from <= text.length; ) {
    const match = matchFrom(program, text, from, budget);
    if (match === undefined) break;
    const [begin = from, end = from] = match;
    isFound = true;
    // Nothing is replaced by an empty match at the end of the one before.
    const isNew = end > done || begin === 0;
    const added = text.slice(done, begin).join("") + (isNew ? fill(match, text) : "");
    budget.spend(added.length + 1);
    parts.push(added);
    done = end;
    from = end > from ? end : from + 1;
  }
  return isFound ? parts.join("") + text.slice(done).join("") : "";
}

const REFERENCE = /\$(?:(\$)|(\w+)|\{(\w+)\})/g;

function filled(replacement: string, { groups }: ReadPattern, match: Match, text: readonly string[]): string {
  return replacement.replace(REFERENCE, (_, dollar?: string, bare?: string, braced?: string) => {
    if (dollar !== undefined) return "$";
    const name = bare ?? braced ?? "";
    const index = /^\d+$/.test(name) ? Number(name) : groups.lastIndexOf(name);
    const [begin = -1, end = -1] = index < 0 ? [] : match.slice(index * 2, index * 2 + 2);
    return begin < 0 ? "" : text.slice(begin, end).join("");
  });
}
