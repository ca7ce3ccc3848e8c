import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConditionFault } from "../../../relay/rules/fault.ts";
import { MAX_CHARACTERS, MAX_TOKENS, tokensOf } from "../../../relay/rules/tokens.ts";

const words = (text: string): string[] =>
  tokensOf(text).map((token) => {
    if (token.kind === "string" || token.kind === "integer") return `${token.kind} ${token.value}`;
    return "text" in token ? token.text : token.kind;
  });

describe("the tokens of a condition", () => {
  it.each([
    ["", ["end"]],
    [" \t\r\n ", ["end"]],
    ["a.b_1", ["a", ".", "b_1", "end"]],
    ['set("x",`y`)', ["set", "(", "string x", ",", "string y", ")", "end"]],
    ["!a&&b||c==1!=2", ["!", "a", "&&", "b", "||", "c", "==", "integer 1", "!=", "integer 2", "end"]],
    ["größe", ["größe", "end"]],
    ["m[007]", ["m", "[", "integer 7", "]", "end"]],
    ["9223372036854775807", ["integer 9223372036854775807", "end"]],
    ["a // the rest\n", ["a", "line", "end"]],
    ["a /* in between */ && b", ["a", "&&", "b", "end"]],
    ["a /* over\nlines **/ && b", ["a", "line", "&&", "b", "end"]],
    ["a &&\nb", ["a", "&&", "b", "end"]],
    ["a\n&& b", ["a", "line", "&&", "b", "end"]],
    ["f(a,\nb,\n)\n", ["f", "(", "a", ",", "b", ",", ")", "line", "end"]],
  ])("of %j are %j", (text, expected) => {
    expect(words(text)).toEqual(expected);
  });

  it.each([
    ["'a'", 'There is "\'" at character 1. Strings are in double quotes or in backquotes.'],
    ['a == "b', "There is a string that does not end at character 6."],
    ['"a\nb"', "There is a string that does not end at character 1."],
    ["a & b", 'There is "&" at character 3.'],
    ["a /* b", 'There is "/" at character 3.'],
    ["1.5", '"1.5" is no integer.'],
    ["0x1F", '"0x1F" is no integer.'],
    ["9223372036854775808", '"9223372036854775808" is no integer.'],
    ["user.type", '"type" is a keyword of Go and no name; write ["type"].'],
  ])("are not read of %j", (text, problem) => {
    expect(() => tokensOf(text)).toThrow(new ConditionFault(problem));
  });

  it("are not read of what is too long", () => {
    expect(() => tokensOf(" ".repeat(MAX_CHARACTERS + 1))).toThrow(ConditionFault);
    expect(() => tokensOf("!".repeat(MAX_TOKENS + 1))).toThrow(ConditionFault);
  });

  it("are read of any text, or refused", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        try {
          expect(tokensOf(text).at(-1)).toEqual({ kind: "end" });
        } catch (error) {
          expect(error).toBeInstanceOf(ConditionFault);
        }
      }),
    );
  });
});
