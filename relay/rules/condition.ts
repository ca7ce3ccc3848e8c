/**
 * The condition of an Access Monitoring Rule: read once, its types checked as far as they are known, then answered for
 * each request. Nothing that it holds or is asked about can make it throw or take long: a condition that cannot be read or
 * answered is a sentence that says why, and matches nothing. Pure.
 */
import { Budget } from "./budget.ts";
import { type Callable, checkCount } from "./define.ts";
import { ConditionFault } from "./fault.ts";
import { FUNCTIONS, METHODS } from "./functions.ts";
import { type Node, parseSyntax } from "./syntax.ts";
import { ANY, BOOLEAN, DICT, fits, INTEGER, ofType, SET, STRING, type Type, type Value } from "./value.ts";
import { type Subject, TRAITS, VARIABLES, type Variable } from "./variables.ts";

/** Whether a condition holds. `fault` says in one sentence why that cannot be told, which is as good as no. */
export type Answer = { readonly holds: boolean } | { readonly fault: string };

/** A condition that has been read. */
export interface Condition {
  /** Whether it cannot be answered without the requester's traits. */
  readonly asksTraits: boolean;
  answer(subject: Subject): Answer;
}

/** Reads a condition; one that cannot be read is the sentence that says why. */
export function parseCondition(text: string): Condition | { readonly fault: string } {
  try {
    const names = new Set<string>();
    const { run } = expressionFor(parseSyntax(text), names);
    return { asksTraits: names.has(TRAITS), answer: (subject) => answer(run, subject) };
  } catch (error) {
    return { fault: faultOf(error) };
  }
}

type Run = (subject: Subject, budget: Budget) => Value;

/** A part of a condition, ready to be answered; its type is `ANY` while only the answer can tell. */
interface Expression {
  readonly type: Type;
  readonly run: Run;
}

// What is no boolean is no match, and no fault either.
function answer(run: Run, subject: Subject): Answer {
  try {
    return { holds: run(subject, new Budget()) === true };
  } catch (error) {
    return { fault: faultOf(error) };
  }
}

function faultOf(error: unknown): string {
  if (error instanceof ConditionFault) return error.message;
  throw error;
}

/** Notes the variables that are asked for in `names`. */
function expressionFor(node: Node, names: Set<string>): Expression {
  switch (node.kind) {
    case "literal":
      return { type: typeof node.value === "string" ? STRING : INTEGER, run: () => node.value };
    case "name":
    case "select":
      return variableFor(node, names);
    case "index":
      return indexFor(expressionFor(node.of, names), expressionFor(node.key, names));
    case "call":
      return callFor(node, names);
    case "not": {
      const operand = wanted(BOOLEAN, expressionFor(node.operand, names), "!");
      return { type: BOOLEAN, run: (subject, budget) => !operand(subject, budget) };
    }
    case "binary":
      return operationFor(node, names);
  }
}

// The last part of a dotted name may be a key of the map before it.
function variableFor(node: Node, names: Set<string>): Expression {
  const path = pathOf(node);
  const name = path?.join(".") ?? "";
  const variable = VARIABLES.get(name);
  if (variable !== undefined) {
    names.add(name);
    return { type: variable.type, run: runOf(variable) };
  }
  const map = path?.slice(0, -1).join(".") ?? "";
  const key = path?.at(-1);
  const of = VARIABLES.get(map);
  if (of?.type !== DICT || key === undefined)
    throw new ConditionFault(`It names ${name || "something"}, unknown here.`);
  names.add(map);
  return indexFor({ type: DICT, run: runOf(of) }, { type: STRING, run: () => key });
}

function runOf({ of }: Variable): Run {
  return (subject, budget) => {
    const value = of(subject);
    budget.spend(SET.has(value) || DICT.has(value) ? 1 + value.size : 1);
    return value;
  };
}

function pathOf(node: Node): string[] | undefined {
  if (node.kind === "name") return [node.name];
  if (node.kind !== "select") return undefined;
  const before = pathOf(node.of);
  return before === undefined ? undefined : [...before, node.name];
}

const NOTHING: ReadonlySet<string> = new Set();

function indexFor(of: Expression, key: Expression): Expression {
  const map = wanted(DICT, of, "[]");
  const name = wanted(STRING, key, "[]");
  return { type: SET, run: (subject, budget) => map(subject, budget).get(name(subject, budget)) ?? NOTHING };
}

function callFor({ of, args }: Extract<Node, { kind: "call" }>, names: Set<string>): Expression {
  const method = of.kind === "select" ? METHODS.get(of.name) : undefined;
  if (of.kind === "select" && method !== undefined) return callOf(of.name, method, [of.of, ...args], names);
  const name = pathOf(of)?.join(".") ?? "";
  const found = FUNCTIONS.get(name);
  if (found === undefined) throw new ConditionFault(`It calls ${name || "something"}, unknown here.`);
  return callOf(name, found, args, names);
}

function callOf(name: string, callable: Callable, nodes: readonly Node[], names: Set<string>): Expression {
  checkCount(name, callable, nodes.length);
  const runs = nodes.map((node, index) =>
    wanted(callable.takes[index] ?? callable.rest ?? ANY, expressionFor(node, names), name),
  );
  const run: Run = (subject, budget) => {
    budget.spend(1 + runs.length);
    const args = runs.map((argument) => argument(subject, budget));
    return callable.apply(args, budget);
  };
  return { type: callable.gives, run };
}

function operationFor({ operator, ...sides }: Extract<Node, { kind: "binary" }>, names: Set<string>): Expression {
  const left = expressionFor(sides.left, names);
  const right = expressionFor(sides.right, names);
  if (operator === "==" || operator === "!=") {
    const same = sameness(left, right, operator);
    return { type: BOOLEAN, run: (subject, budget) => same(subject, budget) === (operator === "==") };
  }
  const [one, other] = [wanted(BOOLEAN, left, operator), wanted(BOOLEAN, right, operator)];
  if (operator === "&&") return { type: BOOLEAN, run: (...given) => one(...given) && other(...given) };
  return { type: BOOLEAN, run: (...given) => one(...given) || other(...given) };
}

// Teleport compares strings with strings and integers with integers, and must know which before it answers.
function sameness(left: Expression, right: Expression, operator: string): (...given: Parameters<Run>) => boolean {
  const type = left.type === ANY ? right.type : left.type;
  if (type !== STRING && type !== INTEGER) {
    throw new ConditionFault(`${operator} compares strings or integers, not ${type.name}.`);
  }
  const [one, other] = [wanted(type, left, operator), wanted(type, right, operator)];
  return (subject, budget) => {
    budget.spend(1);
    return one(subject, budget) === other(subject, budget);
  };
}

/** The expression as one of a type: told now when the type is known, else with the answer. */
function wanted<Of extends Value>(
  type: Type<Of>,
  { type: given, run }: Expression,
  where: string,
): (...given: Parameters<Run>) => Of {
  if (!fits(given, type)) throw new ConditionFault(`${where} is given ${given.name} where ${type.name} is needed.`);
  return (subject, budget) => ofType(type, run(subject, budget));
}
