import { describe, expect, it } from "vitest";
import { decisionsSchema } from "../../shared/decisions.ts";
import { DECISIONS } from "./fixtures.ts";

describe("decisionsSchema", () => {
  it("takes every channel, and none", () => {
    expect(decisionsSchema.parse(DECISIONS)).toEqual(DECISIONS);
    expect(decisionsSchema.safeParse({ ...DECISIONS, channels: [] }).success).toBe(true);
  });

  it.each([
    ["a channel that nobody switched on by that name", { channels: ["resolve"] }],
    ["another meaning of a resolve", { onResolve: "approve" }],
    ["one trigger alone", { workflowTriggers: { approve: "T" } }],
    ["no field", { field: null }],
  ])("refuses %s", (_, change) => {
    expect(decisionsSchema.safeParse({ ...DECISIONS, ...change }).success).toBe(false);
  });
});
