/**
 * What an expression in a condition can be: Teleport's types, and how each is told from the others. Values never change
 * once made. Pure.
 */
import { ConditionFault } from "./fault.ts";

/** A set of strings; how they are ordered means nothing. */
export type StringSet = ReadonlySet<string>;

/** Strings to sets; a key that is not there stands for the empty set. */
export type Dict = ReadonlyMap<string, StringSet>;

/** A point in time. */
export class Instant {
  /** Milliseconds since the epoch, with fractions. */
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }
}

/** What `pair(a, b)` makes, for `dict`. */
export class Pair {
  readonly first: Value;
  readonly second: Value;

  constructor(first: Value, second: Value) {
    this.first = first;
    this.second = second;
  }
}

/** What `option(condition, value)` makes, for `choose`. */
export class Option {
  readonly applies: boolean;
  readonly value: Value;

  constructor(applies: boolean, value: Value) {
    this.applies = applies;
    this.value = value;
  }
}

export type Value = string | bigint | boolean | Instant | StringSet | Dict | Pair | Option;

/** A type: its name for people, and which values are of it. */
export interface Type<Of extends Value = Value> {
  readonly name: string;
  readonly has: (value: Value) => value is Of;
}

export const STRING: Type<string> = { name: "a string", has: (value) => typeof value === "string" };
export const INTEGER: Type<bigint> = { name: "an integer", has: (value) => typeof value === "bigint" };
export const BOOLEAN: Type<boolean> = { name: "a boolean", has: (value) => typeof value === "boolean" };
export const TIME: Type<Instant> = { name: "a time", has: (value) => value instanceof Instant };
export const SET: Type<StringSet> = { name: "a set", has: (value): value is StringSet => value instanceof Set };
export const DICT: Type<Dict> = { name: "a dict", has: (value): value is Dict => value instanceof Map };
export const PAIR: Type<Pair> = { name: "a pair", has: (value) => value instanceof Pair };
export const OPTION: Type<Option> = { name: "an option", has: (value) => value instanceof Option };
/** Any type; which one is known only when the condition is answered. */
export const ANY: Type<Value> = { name: "any value", has: (value): value is Value => value !== undefined };

/** Whether an expression of one type may stand where another is wanted, as far as can be told before it is answered. */
export function fits(given: Type, wanted: Type): boolean {
  return given === wanted || given === ANY || wanted === ANY;
}

/** The value as one of a type; throws {@link ConditionFault} when it is of another. */
export function ofType<Of extends Value>(type: Type<Of>, value: Value | undefined): Of {
  if (value !== undefined && type.has(value)) return value;
  throw new ConditionFault(`Something gives ${typeName(value)} where ${type.name} is needed.`);
}

function typeName(value: Value | undefined): string {
  const types: readonly Type[] = [STRING, INTEGER, BOOLEAN, TIME, SET, DICT, PAIR, OPTION];
  return types.find((type) => value !== undefined && type.has(value))?.name ?? "nothing";
}
