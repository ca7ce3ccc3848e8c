import { describe, expect, it } from "vitest";
import { AuditTrail } from "../../relay/audit/trail.ts";
import { AutoApprover } from "../../relay/auto-approval.ts";
import type { DecideBy } from "../../relay/commands/check/role.ts";
import { CLAIM_LEASE_MS, claimText } from "../../relay/decider/claim.ts";
import { ClaimLeases } from "../../relay/decider/claim-lease.ts";
import { wayToDecide } from "../../relay/decider/ways-to-decide.ts";
import { Lanes } from "../../relay/lanes.ts";
import { type AccessRequest, digestOf } from "../../shared/access-request.ts";
import { ON_CALL_ANNOTATION } from "../../shared/auto-approval.ts";
import type { EdgeFrame } from "../../shared/edge-frames.ts";
import { createLogger } from "../../shared/log.ts";
import type { FrameOf, Outcome, RelayFrame, Unnumbered } from "../../shared/protocol.ts";
import { ManualClock } from "../fakes/clock.ts";
import { MemoryTeleport } from "../fakes/memory-teleport.ts";
import { CLUSTER, liveOf, NOW_MS, policyOf, REQUEST_ID } from "./clicks.ts";
import { FORBIDDEN, MemoryAudit, settled, TIMEOUT } from "./deciding.ts";

const POLICY = policyOf({ autoApproveOnCall: true });
const LIVE = liveOf({ annotations: { [ON_CALL_ANNOTATION]: ["Databases"] } });
const REASON = "Access requested by alice@example.com who is on call in service(s) Databases [pd:auto]";

function offer(): FrameOf<EdgeFrame, "auto_approve"> {
  return {
    type: "auto_approve",
    seq: 1,
    epoch: 7,
    requestId: REQUEST_ID,
    digest: digestOf(CLUSTER, LIVE.request),
    services: [{ name: "Databases", id: "PSVC77A", levels: [1] }],
    person: { id: "PALICE1", email: "alice@example.com", name: "Alice Ash" },
  };
}

/** A request of somebody on call, bound to nothing, and a relay whose policy lets it through. */
function approving(decideBy: DecideBy = "state") {
  const clock = new ManualClock(NOW_MS);
  const teleport = new MemoryTeleport();
  const audit = new MemoryAudit();
  const frames: Unnumbered<RelayFrame>[] = [];
  const ended: AccessRequest[] = [];
  teleport.put(LIVE);
  let ids = 0;
  const log = createLogger({ severity: "error", format: "text", now: () => 0, write: () => {} });
  const approver = new AutoApprover({
    cluster: CLUSTER,
    teleport,
    way: wayToDecide(decideBy, { teleport, ownUser: teleport.ownUser, policy: POLICY, clock }),
    lanes: new Lanes(() => {}),
    trail: new AuditTrail({ sink: audit, concern: () => {}, clock, log }),
    claims: new ClaimLeases({ teleport, clock, randomId: () => `attempt-${++ids}` }),
    policy: POLICY,
    requesterEmails: async () => [],
    send: (frame) => frames.push(frame) > 0,
    settled: (request) => ended.push(request),
    clock,
    log,
  });
  const outcomes = (): Outcome[] => frames.flatMap((frame) => (frame.type === "auto_outcome" ? [frame.outcome] : []));
  const approve = async (): Promise<void> => {
    approver.approve(offer());
    await settled();
    await clock.pass(0);
  };
  return { clock, teleport, audit, frames, ended, outcomes, approve };
}

describe("an approval because the requester is on call", () => {
  it("is on disk and claimed before it is made, in the requester's own name and words", async () => {
    const { teleport, audit, outcomes, ended, approve } = approving();
    teleport.before = (call) => {
      if (call === "setState") expect(audit.kinds).toEqual(["auto_intent"]);
    };
    await approve();
    expect(teleport.verdicts).toEqual([
      {
        requestId: REQUEST_ID,
        state: "APPROVED",
        words: { delegator: "pagerduty:alice@example.com", reason: REASON, assumeStartMs: null },
      },
    ]);
    expect(teleport.data.get(REQUEST_ID)?.decision).toBe("approve attempt-1 auto");
    expect(outcomes()).toEqual([{ result: "applied", state: "APPROVED" }]);
    expect(ended.map(({ state }) => state)).toEqual(["APPROVED"]);
    expect(audit.records).toMatchObject([
      { kind: "auto_intent", clickId: "auto", personId: "PALICE1", services: offer().services },
      { kind: "outcome", clickId: "auto", verdict: "approve", state: "APPROVED" },
    ]);
  });

  it("is one review of the relay's own where reviews decide, and never a second", async () => {
    const { teleport, outcomes, approve } = approving("review");
    teleport.put({ ...LIVE, thresholds: [{ approve: 2, filter: "" }] });
    await approve();
    await approve();
    const reviews = teleport.requests.get(REQUEST_ID)?.request.reviews ?? [];
    expect(reviews).toMatchObject([{ author: teleport.ownUser, proposedState: "APPROVED" }]);
    expect(reviews[0]?.reason).toContain(REASON);
    expect(outcomes().map(({ result }) => result)).toEqual(["applied", "applied"]);
  });

  it("waits while a decision may be under way, and takes over a claim that nobody can use any more", async () => {
    const { teleport, clock, outcomes, approve } = approving();
    teleport.data.set(REQUEST_ID, { decision: claimText({ verdict: "deny", attempt: "x", clickId: "E1" }) });
    await approve();
    expect([teleport.verdicts.length, outcomes()]).toEqual([0, []]);
    await clock.pass(CLAIM_LEASE_MS);
    await approve();
    expect(teleport.verdicts).toHaveLength(1);
  });

  it("is not made without the audit log, and is when it is offered again", async () => {
    const { teleport, audit, outcomes, approve } = approving();
    audit.isBroken = true;
    await approve();
    expect([teleport.verdicts.length, outcomes()]).toMatchObject([0, [{ refusal: "audit_unavailable" }]]);
    audit.isBroken = false;
    await approve();
    expect([teleport.verdicts.length, audit.kinds]).toEqual([1, ["resumed", "auto_refusal", "auto_intent", "outcome"]]);
  });

  it("is refused once in the audit log, however often it is offered", async () => {
    const { teleport, audit, outcomes, approve } = approving();
    teleport.put({ ...LIVE, thresholds: [{ approve: 2, filter: "" }] });
    for (let offered = 0; offered < 5; offered++) await approve();
    expect(audit.records).toMatchObject([{ kind: "auto_refusal", refusal: "needs_more_approvals" }]);
    expect(outcomes()).toHaveLength(5);
  });

  it.each([
    ["before", TIMEOUT],
    ["after", TIMEOUT],
    ["before", FORBIDDEN],
  ] as const)("is not doubled by a call that fails %s its effect: %s", async (when, fault) => {
    const { teleport, clock, approve, outcomes } = approving();
    let isFaulty = true;
    teleport[when] = (call) => {
      if (call === "setState" && isFaulty) throw fault;
    };
    await approve();
    isFaulty = false;
    await clock.pass(CLAIM_LEASE_MS);
    await approve();
    expect(teleport.verdicts).toHaveLength(1);
    expect(outcomes()).toHaveLength(1);
  });
});
