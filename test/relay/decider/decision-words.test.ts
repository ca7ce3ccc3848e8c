import { describe, expect, it } from "vitest";
import {
  delegatorFor,
  isMarked,
  reasonFor,
  resolutionOf,
  showsReviewOf,
} from "../../../relay/decider/decision-words.ts";
import type { Click } from "../../../shared/click.ts";
import { NOW_MS, requestOf, wordOf } from "../clicks.ts";

const CLICK: Click = {
  id: "EVENT1",
  channel: "note",
  verdict: "approve",
  agent: { id: "PBOB123", type: "user_reference" },
  incidentId: "Q1",
  incidentKey: null,
  occurredMs: NOW_MS,
  reason: "go",
};

describe("the words of a decision", () => {
  it("name the person by address, else by ID", () => {
    expect(delegatorFor(wordOf(), CLICK)).toBe("pagerduty:bob@example.com");
    expect(delegatorFor(wordOf({ email: null }), CLICK)).toBe("pagerduty:PBOB123");
    expect(delegatorFor(wordOf({ email: null }), { ...CLICK, agent: null })).toBe("pagerduty:");
  });

  it("end in the mark of the click, behind whichever text is whole", () => {
    expect(reasonFor(wordOf(), CLICK)).toBe("go [pd:EVENT1]");
    expect(reasonFor(wordOf({ reason: "go on, then" }), CLICK)).toBe("go on, then [pd:EVENT1]");
    expect(reasonFor(wordOf(), { ...CLICK, reason: "" })).toBe("[pd:EVENT1]");
  });

  it("ask for a state", () => {
    expect([resolutionOf({ verdict: "approve" }), resolutionOf({ verdict: "deny" })]).toEqual(["APPROVED", "DENIED"]);
  });

  it.each([
    ["go [pd:EVENT1]", "EVENT1", true],
    ["[pd:EVENT1] and more", "EVENT1", false],
    ["[pd:EVENT10]", "EVENT1", false],
    ["[pd:]", "", false],
  ])("are found again by their mark alone: %s", (reason, clickId, found) => {
    expect(isMarked(reason, clickId)).toBe(found);
  });

  it("are found in a review of the same verdict only", () => {
    const review = { author: "a", proposedState: "APPROVED", reason: "go [pd:EVENT1]", createdMs: null } as const;
    expect(showsReviewOf(requestOf({ reviews: [review] }), CLICK)).toBe(true);
    expect(showsReviewOf(requestOf({ reviews: [review] }), { ...CLICK, verdict: "deny" })).toBe(false);
    expect(showsReviewOf(requestOf(), CLICK)).toBe(false);
  });
});
