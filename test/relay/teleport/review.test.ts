import { describe, expect, it } from "vitest";
import { TeleportError, type TeleportErrorCode } from "../../../relay/teleport/error.ts";
import { reviewMessageFor, reviewRefusal, startTimeOf } from "../../../relay/teleport/review.ts";

function refusal(code: TeleportErrorCode, details: string): TeleportError {
  return new TeleportError({ code, problem: "No.", mend: "Mend it." }, { code: 7, details });
}

describe("a refusal of a review", () => {
  it.each([
    ["already_exists", "whatever", "reviewed_before"],
    ["permission_denied", 'user "a" has already reviewed this request', "reviewed_before"],
    ["permission_denied", "the access request has been already approved", "resolved_before"],
    ["permission_denied", "the access request has been already promoted", "resolved_before"],
    ["permission_denied", 'user "a" cannot submit reviews', undefined],
    ["unavailable", "already reviewed", undefined],
  ] as const)("is explained by a reading, or is a fault: %s %s", (code, details, means) => {
    expect(reviewRefusal(refusal(code, details))).toBe(means);
  });

  it("is nothing that is not Teleport's", () => {
    expect(reviewRefusal(new Error("already reviewed"))).toBeUndefined();
  });
});

describe("a review on the wire", () => {
  const review = {
    author: null,
    proposedState: "DENIED",
    reason: "no",
    createdMs: 1_000,
    assumeStartMs: 5_000,
  } as const;

  it("names an author only where it is another's", () => {
    expect(reviewMessageFor(review)).not.toHaveProperty("author");
    expect(reviewMessageFor({ ...review, author: "bob" })).toMatchObject({ author: "bob", isSubmittedByPlugin: true });
  });

  it("carries when it was given, and a start with an approval only", () => {
    expect(reviewMessageFor(review)).toMatchObject({ created: { seconds: 1n } });
    expect(reviewMessageFor(review)).not.toHaveProperty("assumeStartTime");
    expect(startTimeOf("APPROVED", 5_000)).toMatchObject({ assumeStartTime: { seconds: 5n } });
    expect(startTimeOf("APPROVED", null)).toEqual({});
  });
});
