import { describe, expect, it } from "vitest";
import { CALL_BEGINS_WITHIN_MS, CLAIM_LEASE_MS, claimIn, claimText } from "../../../relay/decider/claim.ts";

/** How long the relay waits for an answer of Teleport's. */
const CALL_DEADLINE_MS = 10_000;

describe("a claim", () => {
  it.each([
    { verdict: "approve", attempt: "a-1", clickId: "01JP1P4C2ANNOTATED00000004" },
    { verdict: "deny", attempt: "a-2", clickId: "an id with spaces" },
  ] as const)("reads as it was written: $verdict", (claim) => {
    expect(claimIn({ decision: claimText(claim) })).toEqual(claim);
  });

  it.each([[{}], [{ decision: "" }]])("is none in %j", (data) => {
    expect(claimIn(data)).toBeUndefined();
  });

  it.each(["garbage", "allow x EVENT1 ", " ", "approve", "approve x", `approve x ${"i".repeat(129)}`])(
    "that cannot be read is one all the same: %j",
    (decision) => {
      expect(claimIn({ decision })).toBeDefined();
    },
  );

  it.each(["garbage", "approve", "approve x", `approve x ${"i".repeat(129)}`])(
    "of no click names none: %j",
    (decision) => {
      expect(claimIn({ decision })).toMatchObject({ clickId: "" });
    },
  );

  it("outlasts a call that was begun as late as may be", () => {
    expect(CLAIM_LEASE_MS).toBeGreaterThan(CALL_BEGINS_WITHIN_MS + CALL_DEADLINE_MS);
  });
});
