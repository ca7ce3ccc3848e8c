import { describe, expect, it } from "vitest";
import { median, p99, perSecond, quantile } from "./figures.ts";

const HUNDRED = Array.from({ length: 100 }, (_, index) => 100 - index);

describe("figures of samples", () => {
  it.each([
    ["the median of an odd number", median([3, 1, 2]), 2],
    ["the median of one", median([7]), 7],
    ["the 99th percentile", p99(HUNDRED), 100],
    ["the least", quantile(HUNDRED, 0), 1],
    ["the most, which nothing lies beyond", quantile(HUNDRED, 1), 100],
    ["the median of none", median([]), Number.NaN],
    ["how many a second", perSecond(50, 500), 100],
  ])("are right: %s", (_, figure, expected) => expect(figure).toBe(expected));

  it("leave the samples in their order", () => {
    const samples = [3, 1, 2];
    median(samples);
    expect(samples).toEqual([3, 1, 2]);
  });
});
