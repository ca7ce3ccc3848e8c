import { describe, expect, it } from "vitest";
import { AtEdge } from "../../../relay/inventory/at-edge.ts";
import { digestOf } from "../../../shared/access-request.ts";
import { CLUSTER, NOW_MS, REQUEST_ID, requestOf } from "../clicks.ts";

const REVIEW = { author: "carol", proposedState: "APPROVED", reason: "", createdMs: NOW_MS } as const;

describe("what the edge has", () => {
  const having = () =>
    new AtEdge(CLUSTER, new Map([[REQUEST_ID, { digest: digestOf(CLUSTER, requestOf()), reviews: 0 }]]));

  it.each([
    ["as it is", {}, false],
    ["another", { id: "another" }, true],
    ["changed", { reason: "other" }, true],
    ["reviewed", { reviews: [REVIEW] }, true],
    ["in what Teleport changes by itself", { requestExpiresMs: 1 }, false],
  ])("lacks a request only where something is to be told: %s", (_, change, lacks) => {
    expect(having().lacks(requestOf(change))).toBe(lacks);
  });

  it.each([
    ["as it is", {}, false],
    ["another", { id: "another", reviews: [REVIEW] }, false],
    ["changed", { reason: "other", reviews: [REVIEW] }, false],
    ["reviewed", { reviews: [REVIEW] }, true],
  ])("lacks reviews only of a request that it has: %s", (_, change, lacks) => {
    expect(having().lacksReviewsOf(requestOf(change))).toBe(lacks);
  });

  it("is what it was sent, until that is over", () => {
    const edge = having();
    edge.sent(requestOf({ reason: "other" }));
    expect([edge.lacks(requestOf({ reason: "other" })), edge.lacks(requestOf())]).toEqual([false, true]);
    expect([edge.ids, edge.expiryOf(REQUEST_ID)]).toEqual([[REQUEST_ID], requestOf().requestExpiresMs]);
    edge.ended(REQUEST_ID);
    expect([edge.has(REQUEST_ID), edge.ids]).toEqual([false, []]);
  });
});
