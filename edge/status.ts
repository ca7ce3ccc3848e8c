/**
 * What an operator is shown of a cluster, on the page and as JSON: a view of the ledger and of who is connected. Looking
 * writes nothing and asks nobody. Holds no secret.
 */
import { listingFor, userText, visibleText } from "../shared/listing.ts";
import { refusalNote } from "./incident/refusal-note.ts";
import type { Ledger } from "./ledger.ts";
import type { PagerDutyHealth } from "./pagerduty/health.ts";
import type { Subscriptions } from "./pagerduty/subscriptions.ts";
import type { Paging } from "./paging.ts";
import type { Decision, RequestRecord } from "./record.ts";
import type { Relays } from "./relays.ts";
import { RELEASE } from "./release.ts";
import { daysOf } from "./status/days.ts";
import type { History } from "./status/history.ts";
import { noticesFor } from "./status/notices.ts";
import { stageOf, timelineOf } from "./status/timeline.ts";
import { type PagerDutyTask, pagerDutyTasks, RANK } from "./todo.ts";

/** Most of each in one answer. */
const MAX_SHOWN_REQUESTS = 100;
const MAX_SHOWN_FINISHED = 50;
const MAX_SHOWN_TASKS = 50;
const MAX_SHOWN_REFUSALS = 20;
const MAX_SHOWN_FAULTS = 20;

export interface StatusSources {
  readonly cluster: string;
  readonly ledger: Ledger;
  readonly history: History;
  readonly relays: Relays;
  readonly health: PagerDutyHealth;
  readonly subscriptions: Subscriptions;
  /** Until when PagerDuty asked to be left alone, milliseconds since the epoch. */
  readonly pausedUntilMs: number;
  readonly nowMs: number;
}

/** What {@link clusterStatus} tells. */
export type ClusterStatus = ReturnType<typeof clusterStatus>;
export type RequestStatus = ReturnType<typeof requestStatus>;
export type WaitingTask = ReturnType<typeof waitingTasks>[number];
export type RefusalStatus = ReturnType<typeof refusalsIn>[number];

/** The answer of `GET /v1/:cluster/status`. Times are ms since the epoch. */
export function clusterStatus(sources: StatusSources) {
  const { cluster, ledger, history, relays, health, subscriptions, pausedUntilMs, nowMs } = sources;
  const open = ledger.openRequests();
  const session = ledger.session();
  const connected = relays.connected();
  const active = connected.find(({ role }) => role === "active");
  const pending = open.slice(0, MAX_SHOWN_REQUESTS).flatMap(([id]) => ledger.load(id) ?? []);
  const { finished } = history;
  const waiting = waitingTasks(ledger, nowMs);
  const failed = waiting.filter(({ attempts }) => attempts > 0);
  const certificateExpiresMs = active?.certificateExpiresMs ?? session?.hello.certificateExpiresMs ?? null;
  const { problem: pagerDutyProblem, seenMs } = health;
  const { uncovered, problem: subscriptionsProblem, listedMs } = subscriptions;
  const condition = {
    nowMs,
    relays: connected,
    certificateExpiresMs,
    pagerDutyProblem,
    uncovered,
    subscriptionsProblem,
  };
  return {
    cluster,
    release: RELEASE,
    nowMs,
    notices: noticesFor({ ...condition, failing: { count: failed.length, sinceMs: failed[0]?.sinceMs ?? null } }),
    epoch: session?.epoch ?? 0,
    activeSinceMs: session?.sinceMs ?? null,
    teleportVersion: active?.teleportVersion ?? session?.hello.teleportVersion ?? null,
    certificateExpiresMs,
    relays: connected,
    // `seenMs` is null when PagerDuty was not called since the object woke: then nothing is known of it.
    pagerduty: { ok: pagerDutyProblem === null, problem: pagerDutyProblem, seenMs },
    // Services whose answers will not arrive, and why; and why nothing may be known of that.
    uncovered,
    subscriptionsProblem,
    subscriptionsListedMs: listedMs,
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
    days: daysOf(finished, nowMs),
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

// What is asked of PagerDuty and not done yet, whoever waits longest first.
function waitingTasks(ledger: Ledger, nowMs: number) {
  const ids = [RANK.click, RANK.telling, RANK.paging].flatMap((rank) =>
    ledger.dueOf(rank, Number.MAX_SAFE_INTEGER, MAX_SHOWN_TASKS),
  );
  return (
    [...new Set(ids)]
      .flatMap((id) => ledger.load(id) ?? [])
      .flatMap((record) => pagerDutyTasks(record).map((task) => taskStatus(record, task)))
      // What is merely due some day waits for nothing.
      .filter(({ attempts, dueMs }) => attempts > 0 || dueMs <= nowMs)
      .sort((one, other) => one.sinceMs - other.sinceMs)
      .slice(0, MAX_SHOWN_TASKS)
  );
}

function taskStatus(record: RequestRecord, task: PagerDutyTask) {
  const { dueMs } = task;
  return {
    requestId: record.request.id,
    task: task.task,
    attempts: attemptsAt(record, task),
    dueMs,
    sinceMs: waitsSince(record, task),
  };
}

function attemptsAt({ onCall, routing }: RequestRecord, task: PagerDutyTask): number {
  if ("paging" in task) return task.paging.attempts;
  if ("decision" in task) return task.decision.attempts;
  return (task.task === "on_call" ? onCall : routing)?.attempts ?? 0;
}

function waitsSince({ firstSeenMs, end }: RequestRecord, task: PagerDutyTask): number {
  if ("decision" in task) return task.decision.receivedMs;
  if (task.task === "note" || task.task === "resolve") return end?.atMs ?? task.paging.openedMs ?? firstSeenMs;
  return firstSeenMs;
}
