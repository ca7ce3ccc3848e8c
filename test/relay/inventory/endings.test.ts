import { describe, expect, it } from "vitest";
import { Endings, endingOf } from "../../../relay/inventory/endings.ts";
import { NOW_MS, requestOf } from "../clicks.ts";

const CLAIM = { decision: "approve x EVENT1" };
const REVIEW = {
  author: "access-plugin",
  proposedState: "APPROVED",
  reason: "go [pd:EVENT1]",
  createdMs: NOW_MS,
} as const;

describe("how a request ended", () => {
  it.each(["PENDING", "NONE"] as const)("is not told of one that is %s", (state) => {
    expect(endingOf(requestOf({ state }), CLAIM)).toBeUndefined();
  });

  it.each([
    ["our click", { resolveReason: "go [pd:EVENT1]" }, "EVENT1"],
    ["our click, on a release without reasons", {}, "EVENT1"],
    ["another's word over our claim", { resolveReason: "by hand" }, null],
    ["another's review without a word, over our claim", { reviews: [{ ...REVIEW, author: "dora", reason: "" }] }, null],
    ["the review of our click", { reviews: [REVIEW] }, "EVENT1"],
    [
      "another's review, after ours was not enough",
      { reviews: [REVIEW, { ...REVIEW, author: "dora", reason: "too" }] },
      null,
    ],
  ])("names the click only if it was the last word: %s", (_, change, clickId) => {
    expect(endingOf(requestOf({ state: "APPROVED", ...change }), CLAIM)).toMatchObject({ end: "approved", clickId });
  });

  it.each([
    ["go [pd:EVENT1]", "go"],
    ["[pd:EVENT1]", null],
    ["by hand [pd:EVENT2]", "by hand [pd:EVENT2]"],
  ])("is told in its author's words, without the click's mark: %s", (resolveReason, why) => {
    expect(endingOf(requestOf({ state: "APPROVED", resolveReason }), CLAIM)?.why).toBe(why);
  });

  it("is remembered for the newest ten thousand", () => {
    const endings = new Endings();
    for (let count = 0; count <= 10_000; count++) endings.remember(`r${count}`, null);
    expect([endings.has("r0"), endings.has("r1"), endings.get("r10000")]).toEqual([false, true, null]);
  });
});
