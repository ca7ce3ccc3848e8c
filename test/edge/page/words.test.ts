import { describe, expect, it } from "vitest";
import { ago, clock, label, spanText } from "../../../edge/page/words.ts";

describe("a span", () => {
  it.each([
    [-5, "0 ms"],
    [0, "0 ms"],
    [999, "999 ms"],
    [1000, "1.0 s"],
    [9949, "9.9 s"],
    [42_000, "42 s"],
    [60_000, "1 min"],
    [250_000, "4 min 10 s"],
    [3_600_000, "1 h"],
    [3_661_000, "1 h 1 min"],
    [100_000_000, "1 d 3 h"],
  ])("of %i ms is %j", (ms, text) => {
    expect(spanText(ms).replaceAll("\u00a0", " ")).toBe(text);
  });
});

describe("a moment", () => {
  it("is by UTC, and tells the page's script how to say it", () => {
    const atMs = Date.UTC(2026, 10, 20, 12, 0, 1);
    expect(String(clock(atMs))).toBe(
      '<time datetime="2026-11-20T12:00:01.000Z" data-as="clock">2026-11-20 12:00:01 UTC</time>',
    );
    expect(String(ago(atMs))).toContain('data-as="ago"');
  });
});

describe("a code", () => {
  it("is a word or two", () => {
    expect([label("being_paged"), label("approved"), label("")]).toEqual(["Being paged", "Approved", ""]);
  });
});
