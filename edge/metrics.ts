/**
 * A cluster's metrics: what has been counted, how things stand at this moment, and what its relays say of themselves.
 * Looking writes nothing. docs/metrics.md says what each is for.
 */
import { type Family, metricsText } from "../shared/metrics.ts";
import { countersOf } from "./metrics/counters.ts";
import { each, familyOf, gaugeOf, plain } from "./metrics/family.ts";
import { relayFamilies } from "./metrics/relays.ts";
import type { Budget } from "./pagerduty/pace.ts";
import type { Answers } from "./relays/enquiry.ts";
import { RELEASE } from "./release.ts";
import type { Standing } from "./standing.ts";
import { type ClusterCondition, type ConditionSources, conditionOf } from "./status/condition.ts";
import { RANK } from "./todo.ts";

export interface MetricsSources extends ConditionSources {
  /** What PagerDuty last said of its rate limit; null when it has not. */
  readonly budget: Budget | null;
  /** What the relays say of themselves. */
  readonly answers: Answers;
}

const STATES = ["being_paged", "awaiting_relay", "awaiting_decision", "being_decided", "being_closed"] as const;
const KINDS = ["click", "telling", "paging"] as const;
const LEVELS = ["failing", "soon"] as const;

/** All of them, as Prometheus reads them. */
export function metricsOf(sources: MetricsSources): string {
  return metricsText(familiesOf(sources));
}

/** Every family. */
export function familiesOf(sources: MetricsSources): Family[] {
  const condition = conditionOf(sources);
  return [
    familyOf("gauge", "build_info", "The edge's release.", [[[["version", RELEASE]], 1]]),
    ...countersOf(sources.ledger.tally),
    familyOf("counter", "faults_total", "Faults noted for an operator.", plain(sources.ledger.faultCount())),
    ...gauges(sources, condition),
    ...relayFamilies(condition, sources.answers),
  ];
}

function gauges(sources: MetricsSources, { waiting, notices, session, relays }: ClusterCondition): Family[] {
  const { ledger, health, subscriptions, budget, nowMs } = sources;
  const standings = Map.groupBy(ledger.standings, stateOf);
  const requests = each("state", STATES, (state) => standings.get(state)?.length ?? 0);
  const due = each("kind", KINDS, (kind) => ledger.countDueOf(RANK[kind], nowMs));
  const pressing = each("level", LEVELS, (wanted) => notices.filter(({ level }) => level === wanted).length);
  const oldestMs = nowMs - (waiting[0]?.sinceMs ?? nowMs);
  const isBudgetKnown = budget !== null && budget.resetMs > nowMs;
  return [
    familyOf("gauge", "requests", "Live access requests.", requests),
    familyOf("gauge", "outbox_requests", "Requests with calls to PagerDuty that are due.", due),
    gaugeOf("outbox_oldest_seconds", "How long the oldest such call waits.", oldestMs / 1000),
    gaugeOf("held_deliveries", "Deliveries held for incidents not known yet.", ledger.heldCount()),
    gaugeOf("api_up", "Whether PagerDuty does as asked.", health.seenMs === null ? null : health.problem === null),
    gaugeOf("api_rate_limit_remaining", "Calls left to make.", isBudgetKnown ? budget.remaining : null),
    gaugeOf("uncovered_services", "Services whose answers do not arrive.", subscriptions.uncovered.length),
    familyOf("gauge", "notices", "What needs an operator.", pressing),
    gaugeOf("epoch", "Rises when another relay becomes active.", session?.epoch ?? 0),
    gaugeOf("relays_connected", "Relays that are connected.", relays.length),
  ];
}

// As far as it shows without reading the record.
function stateOf({ isPending, isOpening, awaitsRelay, rank }: Standing): (typeof STATES)[number] {
  if (!isPending) return "being_closed";
  if (rank === RANK.click) return "being_decided";
  if (isOpening || rank === RANK.paging) return "being_paged";
  return awaitsRelay ? "awaiting_relay" : "awaiting_decision";
}
