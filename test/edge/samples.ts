/** Values that the edge's tests start from, each with what a test wants different. */
import type { ClusterConfig } from "../../edge/config/cluster-config.ts";
import type { RequestRecord } from "../../edge/record.ts";
import type { Routing } from "../../edge/routing.ts";
import type { ClusterStatus } from "../../edge/status.ts";
import { incidentOpened } from "../../edge/steps/paging.ts";
import { newRecord } from "../../edge/steps/request.ts";
import type { AccessRequest, AccessReview } from "../../shared/access-request.ts";
import type { Click } from "../../shared/click.ts";
import type { Decisions } from "../../shared/decisions.ts";
import type { Hello } from "../../shared/protocol.ts";

export const CLUSTER = "teleport.example.com";
export const SERVICE = "PIJ90N7";
export const POLICY = "PPOLICY";
export const REQUEST_ID = "01934d5a-7e4f-7b3a-9c21-3f1d2a6b8c90";
export const KEY = `teleport-access-request/${CLUSTER}/${REQUEST_ID}`;
export const BOT = { id: "PBOT001", name: "Teleport Bot", email: "teleport-bot@example.com" };
export const BOB = { id: "PBOB001", name: "Bob Birch", email: "bob@example.com" };
export const CAROL = { id: "PCAROL1", name: "Carol Cedar", email: "carol@example.com" };
export const NOW = Date.UTC(2026, 10, 20, 12);
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const RETAIN_MS = 30 * DAY_MS;

export const DECISIONS: Decisions = {
  channels: ["note", "action"],
  workflowTriggers: { approve: "", deny: "" },
  field: "teleport_decision",
  onResolve: "nothing",
};

export function accessRequest(change: Partial<AccessRequest> = {}): AccessRequest {
  return {
    id: REQUEST_ID,
    user: "alice",
    roles: ["dba"],
    state: "PENDING",
    resources: [],
    reason: "to mend the ledger",
    resolveReason: "",
    suggestedReviewers: [],
    annotations: {},
    reviews: [],
    createdMs: NOW,
    requestExpiresMs: NOW + HOUR_MS,
    accessExpiresMs: NOW + 8 * HOUR_MS,
    maxDurationMs: null,
    sessionTtlMs: null,
    requestKind: "UNDEFINED",
    ...change,
  };
}

export function review(change: Partial<AccessReview> = {}): AccessReview {
  return { author: "dave", proposedState: "APPROVED", reason: "fine by me", createdMs: NOW, ...change };
}

export function clusterConfig(change: Partial<ClusterConfig> = {}): ClusterConfig {
  return {
    cluster: CLUSTER,
    relayPublicKeys: [],
    serviceId: SERVICE,
    pagerDuty: {
      region: "us",
      apiUrl: "http://127.0.0.1:9",
      userEmail: BOT.email,
      credentials: { kind: "api_key", apiKey: "a-key-of-the-tests" },
    },
    urgency: null,
    priority: null,
    retainDays: 30,
    access: null,
    webhookSecrets: [],
    gateToken: null,
    actionTokens: { approve: "the-approve-token-01", deny: "the-deny-token-00001" },
    adminToken: null,
    ...change,
  };
}

export function hello(change: Partial<Hello> = {}): Hello {
  return {
    type: "hello",
    protocol: 1,
    instance: "relay-one",
    release: "0.1.0",
    teleport: { version: "18.2.0", cluster: CLUSTER, proxyAddress: "teleport.example.com:443" },
    decisions: DECISIONS,
    asksOnCall: false,
    certificateExpiresMs: null,
    ...change,
  };
}

/** The status of a cluster where nothing ever happened. */
export function quietStatus(change: Partial<ClusterStatus> = {}): ClusterStatus {
  return {
    cluster: CLUSTER,
    release: "0.1.0",
    nowMs: NOW,
    notices: [],
    epoch: 0,
    activeSinceMs: null,
    teleportVersion: null,
    certificateExpiresMs: null,
    relays: [],
    pagerduty: { ok: true, problem: null, seenMs: null },
    uncovered: [],
    subscriptionsProblem: null,
    subscriptionsListedMs: null,
    pendingCount: 0,
    heldDeliveries: 0,
    pausedUntilMs: null,
    waiting: [],
    requests: [],
    finished: [],
    refusals: [],
    days: [],
    faults: [],
    ...change,
  };
}

export function click(change: Partial<Click> = {}): Click {
  return {
    id: "01CLICK00000000000000001",
    channel: "note",
    verdict: "approve",
    agent: { id: BOB.id, type: "user_reference" },
    incidentId: "Q0INCIDENT",
    incidentKey: null,
    occurredMs: NOW,
    reason: "",
    ...change,
  };
}

export const OPENED = {
  incidentId: "Q0INCIDENT",
  url: "https://harborlight.pagerduty.com/incidents/Q0INCIDENT",
  escalationPolicyId: POLICY,
  covered: null,
  resolved: false,
  mergedInto: null,
};

/** A routing to these services, about which there is nothing to say. */
export function routedTo(...services: readonly string[]): Routing {
  return { kind: "routed", destinations: services.map((serviceId) => ({ serviceId, remarks: [] })) };
}

/** A request that waits to be paged on these services. */
export function wanted(change: Partial<AccessRequest> = {}, services: readonly string[] = [SERVICE]): RequestRecord {
  return newRecord(CLUSTER, accessRequest(change), routedTo(...services), NOW);
}

/** A request whose incident is open. */
export function paged(change: Partial<AccessRequest> = {}): RequestRecord {
  return incidentOpened(wanted(change), `${SERVICE}/1`, OPENED, { shown: true, nowMs: NOW });
}

interface EventOptions {
  readonly id?: string;
  readonly atMs?: number;
  readonly agent?: { id: string; type: string } | null;
}

const person = { id: BOB.id, type: "user_reference" };
let eventCount = 0;

function event(type: string, data: unknown, { id, atMs = NOW, agent = person }: EventOptions): Uint8Array {
  eventCount += 1;
  const body = {
    id: id ?? `01EVENT${String(eventCount).padStart(19, "0")}`,
    event_type: type,
    resource_type: "incident",
    occurred_at: new Date(atMs).toISOString(),
    agent,
    client: null,
    data,
  };
  return new TextEncoder().encode(JSON.stringify({ event: body }));
}

/** The bytes of a delivery about a note. */
export function noteEvent(
  incidentId: string,
  content: string,
  { noteId = "PNOTE01", trimmed = false, ...options }: EventOptions & { noteId?: string; trimmed?: boolean } = {},
): Uint8Array {
  const data = {
    incident: { id: incidentId, type: "incident_reference" },
    id: noteId,
    content,
    trimmed,
    type: "incident_note",
  };
  return event("incident.annotated", data, options);
}

/** The bytes of a delivery about a resolution; `mergedInto` makes it a merge. */
export function resolvedEvent(
  incidentId: string,
  { mergedInto = null, ...options }: EventOptions & { mergedInto?: string | null } = {},
): Uint8Array {
  const resolve_reason =
    mergedInto === null
      ? null
      : { type: "merge_resolve_reason", incident: { id: mergedInto, type: "incident_reference" } };
  return event("incident.resolved", { id: incidentId, incident_key: null, resolve_reason }, options);
}

/** The bytes of a delivery about a workflow that was started. */
export function workflowEvent(incidentId: string, triggerId: string, options: EventOptions = {}): Uint8Array {
  const data = {
    incident: { id: incidentId },
    workflow_trigger: { id: triggerId, type: "workflow_trigger_reference" },
  };
  return event("incident.workflow.started", data, options);
}

/** The bytes of a delivery about a custom field that was changed. */
export function fieldEvent(
  incidentId: string,
  { value, before }: { value: string | null; before: string | null },
  options: EventOptions = {},
): Uint8Array {
  const field = { id: "PFIELD1", name: DECISIONS.field };
  const custom_fields = [
    { ...field, value },
    { id: "PFIELD2", name: "impact", value: "approve" },
  ];
  const data = { incident: { id: incidentId }, custom_fields, changed_custom_fields: [{ ...field, value: before }] };
  return event("incident.custom_field_values.updated", data, options);
}

/** The bytes of a delivery of any type about an incident as a whole. */
export function incidentEvent(type: string, incidentId: string, options: EventOptions = {}): Uint8Array {
  return event(
    type,
    { id: incidentId, incident: { id: incidentId }, incident_key: null, resolve_reason: null },
    options,
  );
}

/** The bytes that PagerDuty posts when a button is pressed. */
export function pressPayload(incidentId: string, logEntryId: string): Uint8Array {
  const message = { event: "incident.custom", incident: { id: incidentId }, log_entries: [{ id: logEntryId }] };
  return new TextEncoder().encode(JSON.stringify({ messages: [message] }));
}
