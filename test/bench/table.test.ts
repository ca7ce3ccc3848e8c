import { describe, expect, it } from "vitest";
import { judged } from "./row.ts";
import { goalText, tableOf } from "./table.ts";

describe("tableOf", () => {
  it("shows ratios first, and each figure with its spread and its limit", () => {
    const limit = { of: "bare", rounds: [2, 2, 2] };
    const row = judged({
      what: "a click",
      unit: "ms",
      isCount: false,
      rounds: [5, 4, 12.34],
      limit,
      goal: { atMost: 6, ratioAtMost: 2 },
    });
    const counted = judged({ what: "rows", unit: "rows", isCount: true, rounds: [14], goal: { atMost: 14 } });
    const rate = judged({ what: "clicks", unit: "/s", isCount: false, rounds: [1234.5], remark: "at once" });
    expect(tableOf([row, counted, rate])).toEqual([
      "ratio  measured  least – most  limit      goal          met  what",
      "2.50×      5 ms  4 – 12.3      2 ms bare  ≤ 6 ms, ≤ 2×  NO   a click",
      "        14 rows                           ≤ 14 rows     yes  rows",
      "         1235/s                                              clicks (at once)",
    ]);
  });

  it("shows that something was not measured", () => {
    const row = judged({ what: "a click", unit: "ms", isCount: false, rounds: [Number.NaN], goal: { atMost: 6 } });
    expect(tableOf([row])[1]).toContain("none ms");
    expect(tableOf([row])[1]).toContain("NO");
  });
});

describe("goalText", () => {
  it.each([
    [{ atLeast: 5000 }, "/s", "≥ 5000/s"],
    [{ ratioAtLeast: 0.6 }, "/s", "≥ 0.6×"],
    [{ atMost: 63.2 }, "MB", "≤ 63.2 MB"],
  ] as const)("writes %j in %s as %s", (goal, unit, text) => expect(goalText(goal, unit)).toBe(text));
});
