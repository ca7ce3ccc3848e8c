/**
 * The tokens of a condition → its syntax tree: Go's expressions, as far as Teleport's conditions use them. Recursive
 * descent, bounded in depth. Knows no name in particular. Pure.
 */
import { ConditionFault } from "./fault.ts";
import { type Token, tokensOf } from "./tokens.ts";

/** How deep brackets, calls and negations may nest. */
export const MAX_DEPTH = 64;

/** An operator between two operands. */
export type Operator = "||" | "&&" | "==" | "!=";

/** `select` is `of.name`, which may be part of a variable's name or a key of a map; `call` is `of(args)`. */
export type Node =
  | { readonly kind: "literal"; readonly value: string | bigint }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "select"; readonly of: Node; readonly name: string }
  | { readonly kind: "index"; readonly of: Node; readonly key: Node }
  | { readonly kind: "call"; readonly of: Node; readonly args: readonly Node[] }
  | { readonly kind: "not"; readonly operand: Node }
  | { readonly kind: "binary"; readonly operator: Operator; readonly left: Node; readonly right: Node };

/** Go's precedences, loosest first: https://go.dev/ref/spec#Operator_precedence. */
const LEVELS: readonly (readonly Operator[])[] = [["||"], ["&&"], ["==", "!="]];

/** Reads the one expression that a condition is. Throws {@link ConditionFault}. */
export function parseSyntax(text: string): Node {
  const parser = new Parser(tokensOf(text));
  return parser.whole();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Node {
    if (this.#next.kind === "end") throw new ConditionFault("It is empty.");
    const node = this.#binary(0);
    this.#takesKind("line");
    if (!this.#takesKind("end")) throw this.#unexpected();
    return node;
  }

  get #next(): Token {
    return this.#tokens[this.#at] ?? { kind: "end" };
  }

  #binary(level: number): Node {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = operators.find((symbol) => this.#takes(symbol));
      if (operator === undefined) return left;
      left = { kind: "binary", operator, left, right: this.#binary(level + 1) };
    }
  }

  #unary(): Node {
    if (!this.#takes("!")) return this.#postfix();
    return this.#deeper(() => ({ kind: "not", operand: this.#unary() }));
  }

  #postfix(): Node {
    let node = this.#operand();
    for (;;) {
      if (this.#takes(".")) node = { kind: "select", of: node, name: this.#name() };
      else if (this.#takes("[")) node = { kind: "index", of: node, key: this.#bracketed("]") };
      else if (this.#takes("(")) node = { kind: "call", of: node, args: this.#deeper(() => this.#arguments()) };
      else return node;
    }
  }

  #operand(): Node {
    const token = this.#next;
    if (this.#takes("(")) return this.#bracketed(")");
    this.#at++;
    if (token.kind === "name") return { kind: "name", name: token.text };
    if (token.kind === "string" || token.kind === "integer") return { kind: "literal", value: token.value };
    this.#at--;
    throw this.#unexpected();
  }

  #bracketed(close: ")" | "]"): Node {
    const node = this.#deeper(() => this.#binary(0));
    this.#expect(close);
    return node;
  }

  // The last argument may have a comma behind it.
  #arguments(): Node[] {
    const args: Node[] = [];
    while (!this.#takes(")")) {
      args.push(this.#binary(0));
      if (this.#takes(",")) continue;
      this.#expect(")");
      break;
    }
    return args;
  }

  #deeper<Read>(read: () => Read): Read {
    if (++this.#depth > MAX_DEPTH) throw new ConditionFault(`It nests deeper than ${MAX_DEPTH} levels.`);
    const result = read();
    this.#depth--;
    return result;
  }

  #name(): string {
    const token = this.#next;
    if (token.kind !== "name") throw this.#unexpected();
    this.#at++;
    return token.text;
  }

  #takes(symbol: string): boolean {
    const token = this.#next;
    if (token.kind !== "symbol" || token.text !== symbol) return false;
    this.#at++;
    return true;
  }

  #takesKind(kind: Token["kind"]): boolean {
    if (this.#next.kind !== kind) return false;
    this.#at++;
    return true;
  }

  #expect(symbol: string): void {
    if (!this.#takes(symbol)) throw this.#unexpected(`, where "${symbol}" belongs`);
  }

  #unexpected(instead = ""): ConditionFault {
    return new ConditionFault(`It has ${described(this.#next)}${instead || ", where something else belongs"}.`);
  }
}

function described(token: Token): string {
  switch (token.kind) {
    case "name":
    case "symbol":
      return `"${token.text}"`;
    case "string":
      return "a string";
    case "integer":
      return `the integer ${token.value}`;
    case "line":
      return "the end of a line";
    case "end":
      return "an end";
  }
}
