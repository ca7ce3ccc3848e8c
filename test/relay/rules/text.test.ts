import { describe, expect, it } from "vitest";
import { Budget } from "../../../relay/rules/budget.ts";
import { ConditionFault } from "../../../relay/rules/fault.ts";
import { emailLocal, lowerCase, replaceAll, rfc3339Time, split, upperCase } from "../../../relay/rules/text.ts";

describe("letter case", () => {
  it.each([
    ["abc-é", "ABC-É"],
    ["straße", "STRAßE"],
    ["😀", "😀"],
  ])("of %s raised is %s, character by character", (text, upper) => {
    expect(upperCase(text)).toBe(upper);
  });

  it.each([
    ["ABC-É", "abc-é"],
    ["İ", "i"],
    ["ΟΔΟΣ", "οδοσ"],
  ])("of %s lowered is %s, character by character", (text, lower) => {
    expect(lowerCase(text)).toBe(lower);
  });
});

describe("replacing and splitting", () => {
  it.each([
    ["a-b-c", "-", "+", "a+b+c"],
    ["aaa", "aa", "b", "ba"],
    ["a$b", "$", "$&", "a$&b"],
    ["ab", "", "-", "-a-b-"],
    ["", "", "-", "-"],
    ["😀", "", "-", "-😀-"],
  ])("in %j replaces %j by %j: %j", (text, match, replacement, replaced) => {
    expect(replaceAll(text, match, replacement, new Budget())).toBe(replaced);
  });

  it.each([
    ["a,b,,c", ",", ["a", "b", "", "c"]],
    ["a", ",", ["a"]],
    ["", ",", [""]],
    ["a😀", "", ["a", "😀"]],
  ])("splits %j at %j: %j", (text, separator, parts) => {
    expect(split(text, separator, new Budget())).toEqual(parts);
  });

  it("does not grow without bound", () => {
    expect(() => replaceAll("a".repeat(1000), "a", "b".repeat(1000), new Budget())).toThrow(ConditionFault);
  });
});

describe("the local part of an address", () => {
  it.each([
    ["alice@example.com", "alice"],
    [" alice.ash+x@example.com ", "alice.ash+x"],
    ["Alice Ash <alice@example.com>", "alice"],
    ["<alice@example.com>", "alice"],
  ])("of %j is %s", (text, local) => {
    expect(emailLocal(text)).toBe(local);
  });

  it.each(["", "alice", "alice@", "@example.com", "a b@example.com", "a@b@c", "Alice <alice>", "a,b@example.com"])(
    "is not to be had of %j",
    (text) => {
      expect(() => emailLocal(text)).toThrow(ConditionFault);
    },
  );
});

describe("an RFC 3339 time", () => {
  it.each([
    ["2026-02-28T12:00:00Z", Date.UTC(2026, 1, 28, 12)],
    ["2026-02-28T12:00:00.125Z", Date.UTC(2026, 1, 28, 12, 0, 0, 125)],
    ["2026-02-28T12:00:00+02:30", Date.UTC(2026, 1, 28, 9, 30)],
    ["2026-02-28T12:00:00-02:30", Date.UTC(2026, 1, 28, 14, 30)],
    ["0001-01-01T00:00:00Z", -62_135_596_800_000],
  ])("%s is %d ms", (text, ms) => {
    expect(rfc3339Time(text).ms).toBe(ms);
  });

  it.each([
    "",
    "2026-02-28",
    "2026-02-30T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-02-28T24:00:00Z",
    "2026-02-28T12:00:60Z",
    "2026-02-28T12:00:00",
    "2026-02-28t12:00:00z",
    "2026-02-28T12:00:00+24:00",
    " 2026-02-28T12:00:00Z",
  ])("is not %j", (text) => {
    expect(() => rfc3339Time(text)).toThrow(ConditionFault);
  });
});
