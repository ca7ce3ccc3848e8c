import { describe, expect, it } from "vitest";
import { refusalSchema } from "../../shared/refusal.ts";

describe("refusalSchema", () => {
  it("holds every refusal, in the order in which the guard looks", () => {
    expect(refusalSchema.options.join(" ")).toBe(
      "bad_evidence wrong_cluster gone not_pending wrong_incident no_agent stale not_an_approver not_on_call " +
        "unknown_identity self_approval role_not_approvable not_shown request_changed needs_more_approvals " +
        "audit_unavailable",
    );
  });
});
