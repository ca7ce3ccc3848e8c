import { describe, expect, it } from "vitest";
import { ConditionFault } from "../../../relay/rules/fault.ts";
import { MAX_DEPTH, type Node, parseSyntax } from "../../../relay/rules/syntax.ts";

/** A tree in brackets, so that one can see what binds to what. */
function shown(node: Node): string {
  switch (node.kind) {
    case "literal":
      return typeof node.value === "string" ? JSON.stringify(node.value) : String(node.value);
    case "name":
      return node.name;
    case "select":
      return `${shown(node.of)}.${node.name}`;
    case "index":
      return `${shown(node.of)}[${shown(node.key)}]`;
    case "call":
      return `${shown(node.of)}(${node.args.map(shown).join(", ")})`;
    case "not":
      return `!${shown(node.operand)}`;
    case "binary":
      return `(${shown(node.left)} ${node.operator} ${shown(node.right)})`;
  }
}

describe("the syntax of a condition", () => {
  it.each([
    ["a || b && c", "(a || (b && c))"],
    ["a && b || c", "((a && b) || c)"],
    ["a == b && c != d", "((a == b) && (c != d))"],
    ["a || b || c", "((a || b) || c)"],
    ["!a && !!b", "(!a && !!b)"],
    ["!a.b(c)", "!a.b(c)"],
    ["(a || b) && c", "((a || b) && c)"],
    ['a.b["k"].c("x", 1)(y)', 'a.b["k"].c("x", 1)(y)'],
    ["f()", "f()"],
    ["f(a,)", "f(a)"],
    ["f(a ||\n b,\n)\n", "f((a || b))"],
    ["(a)\n// said afterwards", "a"],
  ])("of %j is %s", (text, tree) => {
    expect(shown(parseSyntax(text))).toBe(tree);
  });

  it.each([
    ["", "It is empty."],
    [" // nothing", "It is empty."],
    ["a b", 'It has "b", where something else belongs.'],
    ["a &&", "It has an end, where something else belongs."],
    ["a\n&& b", 'It has "&&", where something else belongs.'],
    ["f(a", 'It has an end, where ")" belongs.'],
    ["f(a\n)", 'It has the end of a line, where ")" belongs.'],
    ["f(,)", 'It has ",", where something else belongs.'],
    ["m[]", 'It has "]", where something else belongs.'],
    ['a."b"', "It has a string, where something else belongs."],
    ["a.1", "It has the integer 1, where something else belongs."],
    [")", 'It has ")", where something else belongs.'],
  ])("is not that of %j", (text, problem) => {
    expect(() => parseSyntax(text)).toThrow(new ConditionFault(problem));
  });

  it.each([
    ["brackets", (depth: number) => `${"(".repeat(depth)}a${")".repeat(depth)}`],
    ["negations", (depth: number) => `${"!".repeat(depth)}a`],
    ["calls", (depth: number) => `${"f(".repeat(depth)}a${")".repeat(depth)}`],
    ["keys", (depth: number) => `${"m[".repeat(depth)}a${"]".repeat(depth)}`],
  ])("nests %s so deep and no deeper", (_, nested) => {
    expect(() => parseSyntax(nested(MAX_DEPTH))).not.toThrow();
    expect(() => parseSyntax(nested(MAX_DEPTH + 1))).toThrow(ConditionFault);
  });
});
