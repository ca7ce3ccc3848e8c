import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConditionFault } from "../../../relay/rules/fault.ts";
import { interpretedText, rawText } from "../../../relay/rules/go-string.ts";

describe("an interpreted string", () => {
  it.each([
    ["", ""],
    ["plain", "plain"],
    [String.raw`a\"b\\c`, String.raw`a"b\c`],
    [String.raw`\a\b\f\n\r\t\v`, "\x07\b\f\n\r\t\v"],
    [String.raw`\x41\101\u0041\U00000041`, "AAAA"],
    [String.raw`\xe6\x97\xa5`, "日"],
    [String.raw`日\u672c`, "日本"],
    [String.raw`\U0001f600`, "😀"],
  ])("%j is %j", (inside, text) => {
    expect(interpretedText(inside)).toBe(text);
  });

  it.each([
    String.raw`\'`,
    String.raw`\q`,
    String.raw`\x4`,
    String.raw`\400`,
    String.raw`\8`,
    String.raw`\ud800`,
    String.raw`\U00110000`,
    "\\",
  ])("%j is none", (inside) => {
    expect(() => interpretedText(inside)).toThrow(ConditionFault);
  });

  it("gives back whatever JSON and Go escape in the same way", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        fc.pre(text.isWellFormed());
        const inside = JSON.stringify(text).slice(1, -1);
        expect(interpretedText(inside)).toBe(text);
      }),
    );
  });
});

describe("a raw string", () => {
  it("is what stands there, but for carriage returns", () => {
    expect(rawText('a\\n"b\r\n')).toBe('a\\n"b\n');
  });
});
