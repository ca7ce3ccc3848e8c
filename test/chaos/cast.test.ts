import { describe, expect, it } from "vitest";
import { drawPlot } from "./cast.ts";
import { Dice } from "./dice.ts";

const dice = new Dice(1);
const plots = Array.from({ length: 2000 }, () => drawPlot(dice));
const acts = plots.flatMap((plot) => plot.acts);

describe("the plots of requests", () => {
  it("have everything in them that people do", () => {
    expect(new Set(acts.map(({ what }) => what))).toEqual(
      new Set([
        ...["approve", "deny", "press approve", "press deny", "forged approval"],
        ...["near miss", "chatter", "acknowledge", "resolve", "merge"],
      ]),
    );
  });

  it("have people in them who may decide, who may not, and who asked themselves", () => {
    const selfApprovals = plots.filter((plot) =>
      plot.acts.some(({ who, what }) => who === plot.requester && what === "approve"),
    );
    const byCarol = acts.filter(({ who, what }) => who === "carol" && what === "approve");
    expect(Math.min(selfApprovals.length, byCarol.length)).toBeGreaterThan(20);
  });

  it("leave some requests undecided, let some expire, and have some resolved in Teleport", () => {
    expect(plots.some((plot) => plot.acts.length === 0)).toBe(true);
    expect(plots.some(({ pendingMs }) => pendingMs !== null)).toBe(true);
    expect(new Set(plots.map(({ intervention }) => intervention?.what))).toEqual(
      new Set([undefined, "approve", "deny", "delete"]),
    );
  });

  it("repeat themselves with the same dice", () => {
    expect(drawPlot(new Dice(5))).toEqual(drawPlot(new Dice(5)));
  });
});
