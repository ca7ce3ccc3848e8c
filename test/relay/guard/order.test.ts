import { describe, expect, it } from "vitest";
import { type Case, judge } from "../../../relay/guard.ts";
import { incidentKeyFor } from "../../../shared/incident-key.ts";
import { type Refusal, refusalSchema } from "../../../shared/refusal.ts";
import { BOB, CLUSTER, NOW_MS, REQUEST_ID } from "../clicks.ts";
import { approval, CLICK, clicked, governed, refusalOf, requested } from "./cases.ts";

type Flaw = (judged: Case) => Case;

const OTHER_CLUSTER = "other.example.com";
const UNSEEN = { cluster: CLUSTER, kind: "node", name: "a\u200bb", subResource: "", constraints: "" };

const asking = (thresholds: NonNullable<Case["live"]>["thresholds"]): Flaw => {
  return (judged) => (judged.live === undefined ? judged : { ...judged, live: { ...judged.live, thresholds } });
};
const going = (change: Partial<Case["way"]>): Flaw => {
  return (judged) => ({ ...judged, way: { ...judged.way, ...change } });
};
const holding = (change: Case["pluginData"]): Flaw => {
  return (judged) => ({ ...judged, pluginData: { ...judged.pluginData, ...change } });
};
const told = (change: Partial<Case["word"]>): Flaw => {
  return (judged) => ({ ...judged, word: { ...judged.word, ...change } });
};

const NAMELESS = going({ namelessBecause: "Map them." });
const REVIEWED = going({ hasReviewed: true });

/** The ways in which a case comes to be refused so, whatever else is wrong with it. */
const FLAWS: Readonly<Record<Refusal, readonly Flaw[]>> = {
  bad_evidence: [(judged) => ({ ...judged, click: undefined })],
  wrong_cluster: [
    (judged) => ({ ...judged, framedCluster: OTHER_CLUSTER }),
    (judged) => clicked(judged, { incidentKey: incidentKeyFor(OTHER_CLUSTER, REQUEST_ID, 1) }),
  ],
  gone: [(judged) => ({ ...judged, live: undefined })],
  not_pending: (["NONE", "APPROVED", "DENIED", "PROMOTED"] as const).map(
    (state) => (judged) => requested(judged, { state }),
  ),
  wrong_incident: [
    (judged) => clicked(judged, { incidentId: "QOTHER" }),
    holding({ adopted: String(NOW_MS + 3_600_000) }),
  ],
  no_agent: [
    (judged) => clicked(judged, { agent: null }),
    (judged) => clicked(judged, { agent: { id: BOB, type: "app_reference" } }),
    told({ botUserId: BOB }),
  ],
  stale: [
    (judged) => clicked(judged, { occurredMs: NOW_MS - 600_001 }),
    (judged) => clicked(judged, { occurredMs: NOW_MS + 60_001 }),
  ],
  not_an_approver: [[], ["carol@example.com"]].map((approvers) => (judged) => governed(judged, { approvers })),
  not_on_call: [null, [], [0]].map((onCallLevels) => told({ onCallLevels })),
  unknown_identity: [(judged) => governed(judged, { identity: "mapped" }), told({ email: null }), NAMELESS],
  self_approval: [
    (judged) => ({ ...judged, requesterEmails: ["BOB@example.com"] }),
    (judged) => governed(judged, { users: { [BOB]: ["alice@example.com"] } }),
  ],
  role_not_approvable: [[], ["dev"]].map((approvableRoles) => (judged) => governed(judged, { approvableRoles })),
  not_shown: [told({ shown: false }), (judged) => requested(judged, { resources: [UNSEEN] })],
  request_changed: [
    holding({ digest: "0".repeat(64) }),
    holding({ digest: "" }),
    (judged) => requested(judged, { reason: "on ice" }),
  ],
  needs_more_approvals: [
    asking([{ approve: 2, filter: "" }]),
    asking([{ approve: 1, filter: "reviewer.name" }]),
    REVIEWED,
  ],
  audit_unavailable: [(judged) => ({ ...judged, auditIsWritable: false })],
};

const ORDER: readonly Refusal[] = [
  "bad_evidence",
  "wrong_cluster",
  "gone",
  "not_pending",
  "wrong_incident",
  "no_agent",
  "stale",
  "not_an_approver",
  "not_on_call",
  "unknown_identity",
  "self_approval",
  "role_not_approvable",
  "not_shown",
  "request_changed",
  "needs_more_approvals",
  "audit_unavailable",
];

const DENIALS_PASS: readonly Refusal[] = [
  "stale",
  "unknown_identity",
  "self_approval",
  "role_not_approvable",
  "not_shown",
  "request_changed",
  "needs_more_approvals",
  "audit_unavailable",
];

/** What is judged before it is known which incidents stand for the request. */
const BEFORE_BINDING: readonly Refusal[] = ["bad_evidence", "wrong_cluster", "gone", "not_pending"];

const PAIRS = ORDER.flatMap((first, index) => ORDER.slice(index + 1).map((second) => [first, second] as const));

// Who is the requester is known: beside that, only that nobody can be named keeps a person from being known.
function waysBeside(refusal: Refusal, other: Refusal): readonly Flaw[] {
  return refusal === "unknown_identity" && other === "self_approval" ? [NAMELESS] : FLAWS[refusal];
}

// Whether a denial can be given at all is asked of it too.
function waysOfDenials(refusal: Refusal): readonly Flaw[] {
  return FLAWS[refusal].filter((flaw) => flaw !== REVIEWED);
}

function refusalsOf(flaws: readonly Flaw[], change: Flaw = (judged) => judged): (string | null)[] {
  return [...new Set(flaws.map((flaw) => refusalOf(judge(change(flaw(approval()))))))];
}

describe("the guard", () => {
  it("lets through what nothing speaks against, as the click that it is", () => {
    expect(judge(approval())).toEqual({ kind: "submit", click: CLICK });
  });

  it("looks for every refusal that there is", () => {
    expect(ORDER).toEqual(refusalSchema.options);
    expect(PAIRS).toHaveLength((ORDER.length * (ORDER.length - 1)) / 2);
  });

  it.each(ORDER)("refuses as %s, in whichever way it came about", (refusal) => {
    expect(refusalsOf(FLAWS[refusal])).toEqual([refusal]);
  });

  it.each(PAIRS)("says %s where %s would do too, in whichever order they came about", (first, second) => {
    for (const flaw of waysBeside(first, second)) {
      expect(refusalsOf(FLAWS[second], flaw)).toEqual([first]);
      for (const other of FLAWS[second]) expect(refusalsOf([flaw], other)).toEqual([first]);
    }
  });

  it.each(ORDER)("waits for a binding, unless none can change what is to be said: %s", (refusal) => {
    const unbound: Flaw = (judged) => ({ ...judged, pluginData: {} });
    expect(refusalsOf(FLAWS[refusal], unbound)).toEqual([BEFORE_BINDING.includes(refusal) ? refusal : "wait"]);
  });

  it.each(ORDER)("asks of a denial what denials are asked: %s", (refusal) => {
    const expected = DENIALS_PASS.includes(refusal) ? "submit" : refusal;
    expect(refusalsOf(waysOfDenials(refusal), (judged) => clicked(judged, { verdict: "deny" }))).toEqual([expected]);
  });

  it("lets a denial through with everything against it that a denial passes", () => {
    const flaws = DENIALS_PASS.flatMap(waysOfDenials);
    const judged = flaws.reduce((flawed, flaw) => flaw(flawed), approval());
    expect(refusalOf(judge(clicked(judged, { verdict: "deny" })))).toBe("submit");
  });

  it.each(ORDER)("tells the state that it has seen, and none where it had not to look: %s", (refusal) => {
    const isUnseen = ["bad_evidence", "wrong_cluster", "gone"].includes(refusal);
    for (const judged of FLAWS[refusal].map((flaw) => flaw(approval()))) {
      expect(judge(judged)).toMatchObject({ state: isUnseen ? null : judged.live?.request.state });
    }
  });
});
