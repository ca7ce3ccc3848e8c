import { describe, expect, it } from "vitest";
import { type Goal, judged, type Row } from "./row.ts";

function rowOf(change: Partial<Row> = {}): Row {
  return { what: "a click", unit: "ms", isCount: false, rounds: [4, 6, 5], ...change };
}

describe("judged", () => {
  it("puts the rounds into one figure, and tells their spread", () => {
    expect(judged(rowOf())).toMatchObject({ measured: 5, spread: [4, 6], limited: null, ratio: null, isMet: null });
  });

  it("takes the middle of the rounds' own ratios, so that a slow moment of the machine is in both", () => {
    const limit = { of: "bare", rounds: [2, 30, 2.5] };
    expect(judged(rowOf({ rounds: [4, 60, 5], limit }))).toMatchObject({ limited: 2.5, ratio: 2 });
  });

  const limit = { of: "bare", rounds: [2, 3, 2.5] };
  it.each<[string, Goal, boolean]>([
    ["at most, kept", { atMost: 5 }, true],
    ["at most, missed", { atMost: 4.9 }, false],
    ["at least, kept", { atLeast: 5 }, true],
    ["at least, missed", { atLeast: 5.1 }, false],
    ["a ratio at most, kept", { ratioAtMost: 2 }, true],
    ["a ratio at most, missed", { ratioAtMost: 1.9 }, false],
    ["a ratio at least, kept", { ratioAtLeast: 2 }, true],
    ["a ratio at least, missed", { ratioAtLeast: 2.1 }, false],
    ["two bounds, one of them missed", { atMost: 6, ratioAtMost: 1 }, false],
  ])("judges every bound: %s", (_, goal, isMet) => {
    expect(judged(rowOf({ limit, goal })).isMet).toBe(isMet);
  });

  it("lets nothing pass that was not measured", () => {
    expect(judged(rowOf({ rounds: [Number.NaN], goal: { atMost: 5 } })).isMet).toBe(false);
    expect(judged(rowOf({ goal: { ratioAtMost: 5 } })).isMet).toBe(false);
    expect(judged(rowOf({ rounds: [], goal: { atLeast: 0 } })).isMet).toBe(false);
  });
});
