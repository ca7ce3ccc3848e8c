/**
 * How a function of the condition language is defined: what it takes, what it gives, and a plain TypeScript function from
 * one to the other. The values that come in are of the types asked for, or it is not called. Pure.
 */
import type { Budget } from "./budget.ts";
import { ConditionFault } from "./fault.ts";
import { ofType, type Type, type Value } from "./value.ts";

/** A function, or a method with its receiver as the first of its arguments. */
export interface Callable {
  readonly takes: readonly Type[];
  /** The type of whatever further arguments there are; undefined when there may be none. */
  readonly rest?: Type;
  readonly gives: Type;
  /** Throws {@link ConditionFault}. */
  readonly apply: (args: readonly Value[], budget: Budget) => Value;
}

/** A function of one argument. */
export function unary<A extends Value>(takes: Type<A>, gives: Type, apply: (a: A, budget: Budget) => Value): Callable {
  return { takes: [takes], gives, apply: ([a], budget) => apply(ofType(takes, a), budget) };
}

/** A function of two arguments. */
export function binary<A extends Value, B extends Value>(
  takes: readonly [Type<A>, Type<B>],
  gives: Type,
  apply: (a: A, b: B, budget: Budget) => Value,
): Callable {
  const [first, second] = takes;
  return { takes, gives, apply: ([a, b], budget) => apply(ofType(first, a), ofType(second, b), budget) };
}

/** A function of three arguments. */
export function ternary<A extends Value, B extends Value, C extends Value>(
  takes: readonly [Type<A>, Type<B>, Type<C>],
  gives: Type,
  apply: (a: A, b: B, c: C, budget: Budget) => Value,
): Callable {
  const [first, second, third] = takes;
  return {
    takes,
    gives,
    apply: ([a, b, c], budget) => apply(ofType(first, a), ofType(second, b), ofType(third, c), budget),
  };
}

/** A function of however many arguments of one type. */
export function variadic<R extends Value>(
  rest: Type<R>,
  gives: Type,
  apply: (values: R[], budget: Budget) => Value,
): Callable {
  return { takes: [], rest, gives, apply: (args, budget) => apply(all(rest, args), budget) };
}

/** A function of one argument, and however many more of one type. */
export function unaryVariadic<A extends Value, R extends Value>(
  takes: Type<A>,
  rest: Type<R>,
  gives: Type,
  apply: (a: A, values: R[], budget: Budget) => Value,
): Callable {
  return {
    takes: [takes],
    rest,
    gives,
    apply: ([a, ...args], budget) => apply(ofType(takes, a), all(rest, args), budget),
  };
}

/** A function of two arguments, and however many more of one type. */
export function binaryVariadic<A extends Value, B extends Value, R extends Value>(
  takes: readonly [Type<A>, Type<B>],
  rest: Type<R>,
  gives: Type,
  apply: (a: A, b: B, values: R[], budget: Budget) => Value,
): Callable {
  const [first, second] = takes;
  return {
    takes,
    rest,
    gives,
    apply: ([a, b, ...args], budget) => apply(ofType(first, a), ofType(second, b), all(rest, args), budget),
  };
}

/** Throws {@link ConditionFault} unless a function may be called with so many arguments. */
export function checkCount(name: string, { takes, rest }: Callable, count: number): void {
  const isEnough = rest === undefined ? count === takes.length : count >= takes.length;
  const wanted = `${rest === undefined ? "" : "at least "}${takes.length}`;
  if (!isEnough) throw new ConditionFault(`${name} takes ${wanted} values, not ${count}.`);
}

function all<Of extends Value>(type: Type<Of>, values: readonly Value[]): Of[] {
  return values.map((value) => ofType(type, value));
}
