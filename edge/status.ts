/** What an operator is shown of a cluster: a view of the ledger and of who is connected. Holds no secret. */
import type { Ledger } from "./ledger.ts";
import type { PagerDutyHealth } from "./pagerduty/health.ts";
import type { Subscriptions } from "./pagerduty/subscriptions.ts";
import type { Paging } from "./paging.ts";
import type { RequestRecord } from "./record.ts";
import type { Relays } from "./relays.ts";
import { pagerDutyTasks } from "./todo.ts";

/** Most open requests and faults in one answer. */
const MAX_SHOWN_REQUESTS = 100;
const MAX_SHOWN_FAULTS = 20;

export interface StatusSources {
  readonly ledger: Ledger;
  readonly relays: Relays;
  readonly health: PagerDutyHealth;
  readonly subscriptions: Subscriptions;
  readonly now: number;
}

/** The answer of `GET /v1/:cluster/status`. Times are ms since the epoch. */
export function clusterStatus({ ledger, relays, health, subscriptions, now }: StatusSources): unknown {
  const open = ledger.openRequests();
  const session = ledger.session();
  const connected = relays.connected();
  const active = connected.find(({ role }) => role === "active");
  const shown = open.slice(0, MAX_SHOWN_REQUESTS).flatMap(([id]) => ledger.load(id) ?? []);
  return {
    nowMs: now,
    epoch: session?.epoch ?? 0,
    activeSinceMs: session?.sinceMs ?? null,
    teleportVersion: active?.teleportVersion ?? session?.hello.teleportVersion ?? null,
    certificateExpiresMs: active?.certificateExpiresMs ?? session?.hello.certificateExpiresMs ?? null,
    relays: connected,
    pagerduty: { ok: health.problem === null, problem: health.problem },
    // Services whose answers will not arrive, and why; and why nothing may be known of that.
    uncovered: subscriptions.uncovered,
    subscriptionsProblem: subscriptions.problem,
    pendingCount: open.length,
    heldDeliveries: ledger.heldCount(),
    requests: shown.map(requestStatus),
    faults: ledger.faults(MAX_SHOWN_FAULTS),
  };
}

function requestStatus(record: RequestRecord): unknown {
  const { request, firstSeenMs, digest, end } = record;
  return {
    id: request.id,
    user: request.user,
    roles: request.roles,
    digest,
    firstSeenMs,
    requestExpiresMs: request.requestExpiresMs,
    end,
    waitingTasks: pagerDutyTasks(record).length,
    unrouted: record.routing?.targets ?? [],
    incidents: record.pagings.map(incidentStatus),
    clicks: record.decisions.map(
      ({ clickId, channel, verdict, email, state, occurredMs, receivedMs, decidedMs, outcome }) => ({
        clickId,
        channel,
        verdict,
        email,
        state,
        occurredMs,
        receivedMs,
        decidedMs,
        outcome,
      }),
    ),
  };
}

function incidentStatus(paging: Paging): unknown {
  const { key, serviceId, incidentId, url, state, covered, bound, openedMs, boundMs, closedMs } = paging;
  return { key, serviceId, incidentId, url, state, covered, bound, openedMs, boundMs, closedMs };
}
