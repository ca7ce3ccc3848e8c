/**
 * The functions and methods that a condition may call, with Teleport's names and answers (read in its release 18). Pure.
 */
import type { Budget } from "./budget.ts";
import { binary, binaryVariadic, type Callable, ternary, unary, unaryVariadic, variadic } from "./define.ts";
import { ConditionFault } from "./fault.ts";
import { replaceMatches } from "./regexp.ts";
import { emailLocal, lowerCase, replaceAll, rfc3339Time, split, upperCase } from "./text.ts";
import {
  ANY,
  BOOLEAN,
  DICT,
  type Dict,
  type Instant,
  OPTION,
  Option,
  ofType,
  PAIR,
  Pair,
  SET,
  STRING,
  type StringSet,
  TIME,
  type Value,
} from "./value.ts";

const containsAny = binary([SET, SET], BOOLEAN, (set, others) => [...others].some((one) => set.has(one)));

/** False when nothing is asked for. */
const containsAll = binary([SET, SET], BOOLEAN, (set, others) => {
  return others.size > 0 && [...others].every((one) => set.has(one));
});

const isEmpty = unary(SET, BOOLEAN, (set) => set.size === 0);
const before = binary([TIME, TIME], BOOLEAN, (time, other) => time.ms < other.ms);
const after = binary([TIME, TIME], BOOLEAN, (time, other) => time.ms > other.ms);

/** Without its ends, which may come in either order. */
const between = ternary([TIME, TIME, TIME], BOOLEAN, (time: Instant, one, other) => {
  return time.ms > Math.min(one.ms, other.ms) && time.ms < Math.max(one.ms, other.ms);
});

/** By name; one with a dot in it is not a method. */
export const FUNCTIONS: ReadonlyMap<string, Callable> = new Map<string, Callable>([
  ["set", variadic(STRING, SET, (values) => new Set(values))],
  ["dict", variadic(PAIR, DICT, (pairs) => new Map(pairs.map(entryFor)))],
  ["pair", binary([ANY, ANY], PAIR, (first, second) => new Pair(first, second))],
  [
    "union",
    variadic(SET, SET, (sets, budget) =>
      setOf(
        sets.flatMap((set) => [...set]),
        budget,
      ),
    ),
  ],
  ["ifelse", ternary([BOOLEAN, ANY, ANY], ANY, (condition, one, other) => (condition ? one : other))],
  ["choose", variadic(OPTION, ANY, chosen)],
  ["option", binary([BOOLEAN, ANY], OPTION, (applies, value) => new Option(applies, value))],
  ["contains_any", containsAny],
  ["contains_all", containsAll],
  ["is_empty", isEmpty],
  ["strings.upper", unary(ANY, ANY, (value, budget) => mapped(value, upperCase, budget))],
  ["strings.lower", unary(ANY, ANY, (value, budget) => mapped(value, lowerCase, budget))],
  [
    "strings.replaceall",
    ternary([ANY, STRING, STRING], ANY, (value, match, replacement, budget) =>
      mapped(value, (text) => replaceAll(text, match, replacement, budget), budget),
    ),
  ],
  [
    "strings.split",
    binary([SET, STRING], SET, (set, separator, budget) =>
      setOf(
        [...set].flatMap((text) => split(text, separator, budget)),
        budget,
      ),
    ),
  ],
  [
    "regexp.replace",
    ternary([SET, STRING, STRING], SET, (set, pattern, replacement, budget) =>
      setOf(replaceMatches([...set], pattern, replacement, budget), budget),
    ),
  ],
  ["email.local", unary(SET, SET, (set, budget) => setOf([...set].map(emailLocal), budget))],
  ["time.RFC3339", unary(STRING, TIME, rfc3339Time)],
  ["before", before],
  ["after", after],
  ["between", between],
]);

/** By name; the first argument is the receiver. */
export const METHODS: ReadonlyMap<string, Callable> = new Map<string, Callable>([
  ["contains", binary([SET, STRING], BOOLEAN, (set, text) => set.has(text))],
  ["contains_any", containsAny],
  ["contains_all", containsAll],
  ["isempty", isEmpty],
  ["add", unaryVariadic(SET, STRING, SET, (set, values, budget) => setOf([...set, ...values], budget))],
  ["remove", unaryVariadic(ANY, STRING, ANY, without)],
  ["put", ternary([DICT, STRING, SET], DICT, withSet)],
  [
    "add_values",
    binaryVariadic([DICT, STRING], STRING, DICT, (dict, key, values, budget) =>
      withSet(dict, key, setOf([...(dict.get(key) ?? []), ...values], budget), budget),
    ),
  ],
  ["before", before],
  ["after", after],
  ["between", between],
]);

function entryFor({ first, second }: Pair): [string, StringSet] {
  return [ofType(STRING, first), ofType(SET, second)];
}

function chosen(options: readonly Option[]): Value {
  const found = options.find(({ applies }) => applies);
  if (found === undefined) throw new ConditionFault("choose finds no option that applies; add option(true, …).");
  return found.value;
}

function mapped(value: Value, map: (text: string) => string, budget: Budget): Value {
  if (!STRING.has(value)) return setOf([...ofType(SET, value)].map(map), budget);
  budget.spend(value.length);
  return map(value);
}

function setOf(texts: readonly string[], budget: Budget): StringSet {
  budget.spend(texts.reduce((cost, text) => cost + 1 + text.length, 0));
  return new Set(texts);
}

function withSet(dict: Dict, key: string, set: StringSet, budget: Budget): Dict {
  budget.spend(dict.size + 1);
  return new Map(dict).set(key, set);
}

function without(from: Value, names: readonly string[], budget: Budget): Value {
  const isNamed = new Set(names);
  if (SET.has(from))
    return setOf(
      [...from].filter((text) => !isNamed.has(text)),
      budget,
    );
  const dict = ofType(DICT, from);
  budget.spend(dict.size);
  return new Map([...dict].filter(([key]) => !isNamed.has(key)));
}
