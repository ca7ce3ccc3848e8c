import { describe, expect, it } from "vitest";
import { columns, fromNow, paintFor, plain, spanFor } from "../../../relay/commands/print.ts";

describe("plain", () => {
  it.each([
    ["alice", "alice"],
    ["two\nlines\tand a tab", "two lines and a tab"],
    ["\u001b[2Jgone", "\\u{1b}[2Jgone"],
    ["back\u202ewards", "back\\u{202e}wards"],
    ["zero\u200bwidth", "zero\\u{200b}width"],
    ["größer 東京", "größer 東京"],
  ])("makes %j harmless", (text, expected) => {
    expect(plain(text)).toBe(expected);
  });
});

describe("paintFor", () => {
  it.each([
    ["a terminal", { isTerminal: true, env: {} }, true],
    ["a terminal with an empty NO_COLOR", { isTerminal: true, env: { NO_COLOR: "" } }, true],
    ["a terminal with NO_COLOR", { isTerminal: true, env: { NO_COLOR: "0" } }, false],
    ["a terminal that knows no colours", { isTerminal: true, env: { TERM: "dumb" } }, false],
    ["a file", { isTerminal: false, env: {} }, false],
    ["who knows what", { env: {} }, false],
  ])("judges %s", (_, terminal, isPainted) => {
    expect(paintFor(terminal).good("ok") !== "ok").toBe(isPainted);
  });
});

describe("columns", () => {
  it("aligns what belongs together, without blanks at the ends", () => {
    expect(columns([["a", "bbb", ""], ["aaaa", "b"], []])).toEqual(["a     bbb", "aaaa  b", ""]);
  });
});

describe("spanFor and fromNow", () => {
  it.each([
    [0, "0 s"],
    [999, "1 s"],
    [119_000, "119 s"],
    [120_000, "2 min"],
    [7_199_000, "120 min"],
    [7_200_000, "2 h"],
    [48 * 3_600_000, "2 d"],
    [-7_200_000, "2 h"],
  ])("says %i ms as %s", (ms, expected) => {
    expect(spanFor(ms)).toBe(expected);
  });

  it.each([
    [3_000, 1_000, "in 2 s"],
    [1_000, 3_000, "2 s ago"],
  ])("says %i seen from %i as %s", (atMs, nowMs, expected) => {
    expect(fromNow(atMs, nowMs)).toBe(expected);
  });
});
