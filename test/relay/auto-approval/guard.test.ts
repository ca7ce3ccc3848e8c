import { describe, expect, it } from "vitest";
import { type AutoApproveFrame, type AutoCase, judgeAutoApproval } from "../../../relay/auto-approval/guard.ts";
import { digestOf } from "../../../shared/access-request.ts";
import { ON_CALL_ANNOTATION } from "../../../shared/auto-approval.ts";
import { CLUSTER, liveOf, policyOf, REQUEST_ID } from "../clicks.ts";

const ALICE = { id: "PALICE1", email: "alice@example.com", name: "Alice Ash" };
const live = liveOf({ annotations: { [ON_CALL_ANNOTATION]: ["Databases", "Web"] } });
const database = { name: "databases", id: "PSVC77A", levels: [2] };

function frameOf(change: Partial<AutoApproveFrame> = {}): AutoApproveFrame {
  return {
    type: "auto_approve",
    seq: 1,
    epoch: 1,
    requestId: REQUEST_ID,
    digest: digestOf(CLUSTER, live.request),
    services: [database],
    person: ALICE,
    ...change,
  };
}

function caseOf(change: Partial<AutoCase> = {}): AutoCase {
  return {
    frame: frameOf(),
    cluster: CLUSTER,
    live,
    requesterEmails: [],
    policy: policyOf({ autoApproveOnCall: true }),
    passesThresholds: true,
    hasReviewed: false,
    ...change,
  };
}

const MALLORY = { id: "PMALLORY", email: "mallory@example.com", name: "Mallory" };
const EVERYTHING_WRONG = {
  frame: frameOf({ person: MALLORY, digest: "another" }),
  policy: policyOf({ autoApproveOnCall: true, approvableRoles: [] }),
};
const policy = policyOf({ autoApproveOnCall: true });

describe("judgeAutoApproval", () => {
  it("lets a requester through who is on call for a service that the request names", () => {
    expect(judgeAutoApproval(caseOf())).toEqual({ kind: "submit", live, services: ["databases"] });
  });

  it.each<[string, Partial<AutoCase>, string]>([
    ["gone", { ...EVERYTHING_WRONG, live: undefined }, "gone"],
    ["decided", { ...EVERYTHING_WRONG, live: liveOf({ state: "DENIED" }) }, "not_pending"],
    ["of somebody else", EVERYTHING_WRONG, "unknown_identity"],
    [
      "for a role that may not be approved",
      { ...EVERYTHING_WRONG, frame: frameOf({ digest: "x" }) },
      "role_not_approvable",
    ],
    ["another than the edge was told", { frame: frameOf({ digest: "x" }), hasReviewed: true }, "request_changed"],
    ["naming no such service", { live: liveOf({ annotations: {} }) }, "request_changed"],
    ["that needs two", { live: { ...live, thresholds: [{ approve: 2, filter: "" }] } }, "needs_more_approvals"],
    ["that needs somebody", { live: { ...live, thresholds: [{ approve: 1, filter: "x" }] } }, "needs_more_approvals"],
    ["that we have reviewed", { passesThresholds: false, hasReviewed: true }, "needs_more_approvals"],
  ])("refuses a request %s by the first that fails", (_, change, refusal) => {
    expect(judgeAutoApproval(caseOf(change))).toMatchObject({ kind: "refuse", refusal });
  });

  it("lets a review be one of several", () => {
    const twice = { ...live, thresholds: [{ approve: 2, filter: "" }] };
    expect(judgeAutoApproval(caseOf({ live: twice, passesThresholds: false })).kind).toBe("submit");
  });

  it.each<[string, Partial<AutoCase>, boolean]>([
    ["the address is the user's name", {}, true],
    [
      "the address is a trait of the user's",
      { live: { ...live, request: { ...live.request, user: "alice" } }, requesterEmails: ["ALICE@example.com"] },
      true,
    ],
    ["only the mapping may tell, and has nothing", { policy: { ...policy, identity: "mapped" } }, false],
    [
      "the mapping says so",
      { policy: { ...policy, identity: "mapped", users: { PALICE1: ["alice@example.com"] } } },
      true,
    ],
    ["the mapping says otherwise", { policy: { ...policy, users: { PALICE1: ["somebody"] } } }, false],
    [
      "the mapping gives the requester to another",
      { policy: { ...policy, users: { POTHER1: ["alice@example.com"] } } },
      false,
    ],
    ["there is no address", { frame: frameOf({ person: { ...ALICE, email: "" } }) }, false],
  ])("knows the requester where %s", (_, change, known) => {
    const wanted = { ...caseOf(change) };
    const digest = wanted.live === undefined ? "" : digestOf(CLUSTER, wanted.live.request);
    const judged = judgeAutoApproval({ ...wanted, frame: { ...wanted.frame, digest } });
    expect(judged.kind === "submit").toBe(known);
  });

  it.each<[string, Partial<AutoCase>]>([
    ["without the policy", { policy: policyOf() }],
    ["at a level that does not count", { policy: { ...policy, onCallLevels: 1 } }],
    ["at no level", { frame: frameOf({ services: [{ ...database, levels: [] }] }) }],
    ["at a level that is none", { frame: frameOf({ services: [{ ...database, levels: [0, -1] }] }) }],
  ])("judges nothing %s", (_, change) => {
    expect(judgeAutoApproval(caseOf(change)).kind).toBe("ignore");
  });

  it("counts only services that are both the request's and at a level that counts", () => {
    const services = [
      database,
      { name: "Web", id: "PWEB001", levels: [1] },
      { name: "Foreign", id: "PF", levels: [1] },
    ];
    const judged = judgeAutoApproval(caseOf({ frame: frameOf({ services }), policy: { ...policy, onCallLevels: 1 } }));
    expect(judged).toMatchObject({ kind: "submit", services: ["Web"] });
  });
});
