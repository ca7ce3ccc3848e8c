/** One frame of each type, in both directions, as they are meant. */
import { accessRequest, CLUSTER, hello, REQUEST_ID, review, SERVICE } from "../../edge/samples.ts";

const INCIDENTS = [{ service: SERVICE, incident: "Q0INCIDENT" }];
const APPLIED = { result: "applied", state: "APPROVED" };
const REFUSED = { result: "refused", refusal: "stale", state: null, detail: "" };
const ABOUT = { epoch: 1, requestId: REQUEST_ID };

const AUDIT = { lines: 1, head: "0".repeat(64), digests: ["a".repeat(64)], writable: true };

export const HELLO = hello({ asksOnCall: true, autoApproval: { onCallLevels: 1 }, audit: AUDIT });

/** Of a relay, each with a number but the greeting and the acknowledgement. */
export const RELAY_FRAMES: readonly Record<string, unknown>[] = [
  { ...HELLO },
  { type: "request", seq: 1, request: accessRequest(), recipients: [] },
  {
    type: "request",
    seq: 1,
    request: accessRequest({
      resources: [{ cluster: CLUSTER, kind: "node", name: "n", subResource: "", constraints: "", friendlyName: "web" }],
      annotations: { pagerduty_services: ["Production access"] },
      reviews: [review()],
    }),
    recipients: ["Production access"],
    adopt: { service: null, incident: "Q0THEIRS" },
  },
  { type: "ended", seq: 1, requestId: REQUEST_ID, end: "denied", who: "dave", why: "no", clickId: null },
  { type: "synced", seq: 1 },
  { type: "bound", seq: 1, ...ABOUT, digest: "d", incidents: INCIDENTS, result: "bound" },
  { type: "outcome", seq: 1, ...ABOUT, clickId: "01CLICK", outcome: APPLIED, audit: AUDIT },
  { type: "outcome", seq: 1, ...ABOUT, clickId: "01CLICK", outcome: REFUSED },
  { type: "auto_outcome", seq: 1, ...ABOUT, outcome: APPLIED },
  { type: "waiting", seq: 1, ...ABOUT, problem: "Mend it." },
  {
    type: "report",
    seq: 1,
    certificateExpiresMs: 1,
    teleportVersion: "18.2.0",
    watching: true,
    problem: null,
    audit: AUDIT,
  },
  { type: "ack", upTo: 0 },
];

const WORD = { email: "bob@example.com", name: null, onCallLevels: [1], botUserId: null, shown: true, reason: "" };
const SIGNED = { kind: "signed", raw: "e30=", signature: "v1=00", confirmation: "e30=" };
const ACTION = { kind: "action", action: "deny", token: "t", logEntry: "e30=" };
const DECIDE = { type: "decide", seq: 1, ...ABOUT, cluster: CLUSTER, clickId: "01CLICK", word: WORD };

/** Of the edge. */
export const EDGE_FRAMES: readonly Record<string, unknown>[] = [
  { type: "welcome", session: "s", epoch: 1, role: "active", open: [[REQUEST_ID, "d", 0]], more: false },
  { type: "welcome", session: "s", epoch: 1, role: "standby", open: [], more: true },
  { type: "health", pagerduty: { ok: false, problem: "It answers nothing." } },
  { type: "bind", seq: 1, ...ABOUT, digest: "d", incidents: INCIDENTS, countsFromMs: 1 },
  { ...DECIDE, evidence: SIGNED },
  { ...DECIDE, evidence: ACTION },
  {
    type: "auto_approve",
    seq: 1,
    ...ABOUT,
    digest: "d",
    services: [{ name: "Production access", id: SERVICE, levels: [1] }],
    person: { id: "PBOB001", email: "bob@example.com", name: "Bob" },
  },
  { type: "promote", seq: 1, epoch: 2 },
  { type: "ack", upTo: 0 },
];
