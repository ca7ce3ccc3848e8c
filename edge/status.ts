/**
 * What an operator is shown of a cluster, on the page and as JSON: a view of the ledger and of who is connected. Looking
 * writes nothing and asks nobody. Holds no secret.
 */
import { listingFor, userText, visibleText } from "../shared/listing.ts";
import { refusalNote } from "./incident/refusal-note.ts";
import type { Paging } from "./paging.ts";
import type { Decision, RequestRecord } from "./record.ts";
import { RELEASE } from "./release.ts";
import { type ConditionSources, conditionOf } from "./status/condition.ts";
import { daysOf } from "./status/days.ts";
import { type History, MAX_HISTORY } from "./status/history.ts";
import { stageOf, timelineOf } from "./status/timeline.ts";
import { pagerDutyTasks } from "./todo.ts";

/** Most of each in one answer. */
const MAX_SHOWN_REQUESTS = 100;
const MAX_SHOWN_FINISHED = 50;
const MAX_SHOWN_REFUSALS = 20;
const MAX_SHOWN_FAULTS = 20;

export interface StatusSources extends ConditionSources {
  readonly cluster: string;
  readonly history: History;
  /** Until when PagerDuty asked to be left alone, milliseconds since the epoch. */
  readonly pausedUntilMs: number;
}

/** What {@link clusterStatus} tells. */
export type ClusterStatus = ReturnType<typeof clusterStatus>;
export type RequestStatus = ReturnType<typeof requestStatus>;
export type RefusalStatus = ReturnType<typeof refusalsIn>[number];

/** The answer of `GET /v1/:cluster/status`. Times are ms since the epoch. */
export function clusterStatus(sources: StatusSources) {
  const { cluster, ledger, history, health, subscriptions, pausedUntilMs, nowMs } = sources;
  const { session, active, relays, certificateExpiresMs, waiting, notices } = conditionOf(sources);
  const open = ledger.openRequests();
  const pending = open.slice(0, MAX_SHOWN_REQUESTS).flatMap(([id]) => ledger.load(id) ?? []);
  const { finished } = history;
  return {
    cluster,
    release: RELEASE,
    nowMs,
    notices,
    epoch: session?.epoch ?? 0,
    activeSinceMs: session?.sinceMs ?? null,
    teleportVersion: active?.teleportVersion ?? session?.hello.teleportVersion ?? null,
    certificateExpiresMs,
    relays,
    // `seenMs` is null when PagerDuty was not called since the object woke: then nothing is known of it.
    pagerduty: { ok: health.problem === null, problem: health.problem, seenMs: health.seenMs },
    // Services whose answers will not arrive, and why; and why nothing may be known of that.
    uncovered: subscriptions.uncovered,
    subscriptionsProblem: subscriptions.problem,
    subscriptionsListedMs: subscriptions.listedMs,
    pendingCount: open.length,
    heldDeliveries: ledger.heldCount(),
    pausedUntilMs: pausedUntilMs > nowMs ? pausedUntilMs : null,
    waiting,
    requests: pending.map(requestStatus),
    finished: finished.slice(0, MAX_SHOWN_FINISHED).map(requestStatus),
    refusals: [...pending, ...finished]
      .flatMap(refusalsIn)
      .sort((one, other) => other.atMs - one.atMs)
      .slice(0, MAX_SHOWN_REFUSALS),
    days: daysOf(finished, nowMs, finished.length < MAX_HISTORY),
    faults: ledger.faults(MAX_SHOWN_FAULTS),
  };
}

function requestStatus(record: RequestRecord) {
  const { request, firstSeenMs, digest, end, onCall } = record;
  const { roles, resources } = listingFor(request);
  return {
    id: request.id,
    user: visibleText(request.user),
    roles,
    resources,
    reason: userText(request.reason),
    digest,
    stage: stageOf(record),
    firstSeenMs,
    requestExpiresMs: request.requestExpiresMs,
    end: end && { ...end, who: end.who && visibleText(end.who), why: end.why && userText(end.why) },
    waitingTasks: pagerDutyTasks(record).length,
    unrouted: record.routing?.targets ?? [],
    incidents: record.pagings.map(incidentStatus),
    clicks: record.decisions.map(clickStatus),
    autoApprovalRefusal: onCall?.refusal ?? null,
    timeline: timelineOf(record),
  };
}

function incidentStatus(paging: Paging) {
  const { key, serviceId, incidentId, url, state, covered, bound, openedMs, boundMs, closedMs } = paging;
  return { key, serviceId, incidentId, url, state, covered, bound, openedMs, boundMs, closedMs };
}

function clickStatus(decision: Decision) {
  const { clickId, channel, verdict, email, state, occurredMs, receivedMs, decidedMs, outcome } = decision;
  return { clickId, channel, verdict, email, state, occurredMs, receivedMs, decidedMs, outcome };
}

// What is refused is told with the sentence that its author was told.
function refusalsIn({ request, decisions, onCall, firstSeenMs }: RequestRecord) {
  const clicks = decisions.flatMap(({ outcome, verdict, name, email, personId, decidedMs, receivedMs }) => {
    if (outcome?.result !== "refused") return [];
    const { refusal, detail } = outcome;
    const who = visibleText(name ?? email ?? personId ?? "");
    const text = refusalNote({ refusal, verdict, person: "", detail }) ?? null;
    return [{ atMs: decidedMs ?? receivedMs, requestId: request.id, who, verdict, refusal, text }];
  });
  const refusal = onCall?.refusal ?? null;
  const who = "on-call auto-approval";
  const offered = { atMs: onCall?.offer?.atMs ?? firstSeenMs, requestId: request.id, who, verdict: "approve" as const };
  return refusal === null ? clicks : [...clicks, { ...offered, refusal, text: null }];
}
