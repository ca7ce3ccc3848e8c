import { describe, expect, it } from "vitest";
import { Budget } from "../../../../relay/rules/budget.ts";
import { ConditionFault } from "../../../../relay/rules/fault.ts";
import { matchFrom } from "../../../../relay/rules/regexp/match.ts";
import { parsePattern } from "../../../../relay/rules/regexp/pattern.ts";
import { programFor } from "../../../../relay/rules/regexp/program.ts";

const match = (pattern: string, text: string, from = 0): readonly number[] | undefined =>
  matchFrom(programFor(parsePattern(pattern).pattern), [...text], from, new Budget());

describe("a match", () => {
  it.each([
    ["b", "abab", 0, [1, 2]],
    ["b", "abab", 2, [3, 4]],
    ["b", "aba", 2, undefined],
    ["", "a", 1, [1, 1]],
    ["(a)(b)?", "ac", 0, [0, 1, 0, 1]],
    ["(?:(a)|(b))+", "ab", 0, [0, 2, 0, 1, 1, 2]],
    ["(a+)(a*)", "aaa", 0, [0, 3, 0, 3, 3, 3]],
    ["(a+?)(a*)", "aaa", 0, [0, 3, 0, 1, 1, 3]],
    ["(a|ab)(c|bcd)(d*)", "abcd", 0, [0, 4, 0, 1, 1, 4, 4, 4]],
    ["^b", "ab", 1, undefined],
    ["\\bb", "ab", 1, undefined],
    [".", "😀", 0, [0, 1]],
  ])("of %s in %j from %d is at %j", (pattern, text, from, places) => {
    const found = match(pattern, text, from);
    expect(found?.map((place) => place ?? -1).slice(0, places?.length)).toEqual(places);
  });

  it("costs no more than the text is long and the pattern large", () => {
    const text = "a".repeat(2_000);
    expect(match("(a*)*b", text)).toBeUndefined();
    expect(() => match("(a*)*b", text.repeat(100))).toThrow(ConditionFault);
  });
});
