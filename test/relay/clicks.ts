/** Requests, clicks with their evidence, and everything else that a decision is made of, for tests. */
import { createHmac } from "node:crypto";
import type { LiveRequest } from "../../relay/access-request.ts";
import type { Verifiers } from "../../relay/decider/evidence.ts";
import type { Policy } from "../../relay/guard.ts";
import type { PluginData } from "../../relay/plugin-data.ts";
import { bindingData } from "../../relay/plugin-data.ts";
import { type AccessRequest, digestOf } from "../../shared/access-request.ts";
import { toBase64 } from "../../shared/bytes.ts";
import type { Verdict } from "../../shared/decisions.ts";
import type { EdgeFrame, EdgeWord, Evidence } from "../../shared/edge-frames.ts";
import type { FrameOf } from "../../shared/protocol.ts";

export const CLUSTER = "teleport.example.com";
export const REQUEST_ID = "11111111-2222-4333-8444-555555555555";
export const INCIDENT_ID = "Q1TPACC3SSREQ7";
export const SECRET = "a-webhook-secret-of-these-tests";
export const ACTION_TOKENS = { approve: "the-token-that-approves", deny: "the-token-that-denies" };
export const NOW_MS = Date.UTC(2026, 0, 1);
/** Bob, who is on call. */
export const BOB = "PBOB123";

/** Alice's request for a role, unless a test says otherwise. */
export function requestOf(change: Partial<AccessRequest> = {}): AccessRequest {
  return {
    id: REQUEST_ID,
    user: "alice@example.com",
    roles: ["prod-db"],
    state: "PENDING",
    resources: [],
    reason: "on fire",
    resolveReason: "",
    suggestedReviewers: [],
    annotations: {},
    reviews: [],
    createdMs: NOW_MS - 60_000,
    requestExpiresMs: NOW_MS + 3_600_000,
    accessExpiresMs: NOW_MS + 7_200_000,
    maxDurationMs: null,
    sessionTtlMs: null,
    requestKind: "UNDEFINED",
    ...change,
  };
}

export function liveOf(change: Partial<AccessRequest> = {}, rest: Partial<LiveRequest> = {}): LiveRequest {
  return { request: requestOf(change), thresholds: [], assumeStartMs: null, metadataExpiresMs: null, ...rest };
}

/** The plugin data of a request that is bound to {@link INCIDENT_ID}. */
export function boundData(request: AccessRequest = requestOf(), incident = INCIDENT_ID): PluginData {
  return bindingData(request, digestOf(CLUSTER, request), [{ service: "PIJ90N7", incident }]);
}

export function policyOf(change: Partial<Policy> = {}): Policy {
  return {
    approvableRoles: ["prod-db"],
    approvers: ["on-call"],
    onCallLevels: 0,
    identity: "email",
    allowSelfApproval: false,
    autoApproveOnCall: false,
    approveWithinMs: 600_000,
    confirm: "action",
    users: {},
    ...change,
  };
}

export function wordOf(change: Partial<EdgeWord> = {}): EdgeWord {
  return {
    email: "bob@example.com",
    name: "Bob",
    onCallLevels: [1],
    botUserId: "PBOT000",
    shown: true,
    reason: "",
    ...change,
  };
}

export function verifiersOf(change: Partial<Verifiers> = {}): Verifiers {
  return {
    decisions: {
      channels: ["note", "action"],
      workflowTriggers: { approve: "", deny: "" },
      field: "teleport_decision",
      onResolve: "nothing",
    },
    webhookSecrets: [SECRET],
    actionTokens: ACTION_TOKENS,
    ...change,
  };
}

export interface NoteClick {
  readonly id?: string;
  readonly verdict?: Verdict;
  readonly person?: string;
  readonly agentType?: string;
  readonly incident?: string;
  readonly atMs?: number;
  readonly reason?: string;
}

/** The bytes of a note's delivery. */
export function noteBytes({
  id = "EVENT1",
  verdict = "approve",
  person = BOB,
  agentType = "user_reference",
  incident = INCIDENT_ID,
  atMs = NOW_MS,
  reason = "",
}: NoteClick = {}): Uint8Array {
  const event = {
    id,
    event_type: "incident.annotated",
    occurred_at: new Date(atMs).toISOString(),
    agent: { id: person, type: agentType },
    data: { incident: { id: incident }, id: `N-${id}`, content: `/${verdict} ${reason}`, trimmed: false },
  };
  return new TextEncoder().encode(JSON.stringify({ event }));
}

export function signedBy(secret: string, raw: Uint8Array): Evidence {
  const signature = `v1=${createHmac("sha256", secret).update(raw).digest("hex")}`;
  return { kind: "signed", raw: toBase64(raw), signature };
}

/** Bob's note, signed by PagerDuty. */
export function noteEvidence(click: NoteClick = {}): Evidence {
  return signedBy(SECRET, noteBytes(click));
}

export type DecideFrame = FrameOf<EdgeFrame, "decide">;

/** What the edge sends for Bob's note. */
export function decideOf(click: NoteClick = {}, change: Partial<DecideFrame> = {}): DecideFrame {
  return {
    type: "decide",
    seq: 1,
    epoch: 1,
    cluster: CLUSTER,
    requestId: REQUEST_ID,
    clickId: click.id ?? "EVENT1",
    evidence: noteEvidence(click),
    word: wordOf(),
    ...change,
  };
}
