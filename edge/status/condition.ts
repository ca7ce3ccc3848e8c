/** How a cluster stands at a moment, as far as the status and the metrics tell the same of it. */

import type { Session } from "../ledger/session.ts";
import type { Ledger } from "../ledger.ts";
import type { PagerDutyHealth } from "../pagerduty/health.ts";
import type { Subscriptions } from "../pagerduty/subscriptions.ts";
import type { ConnectedRelay, Relays } from "../relays.ts";
import { type Notice, noticesFor, WAS_DISABLED } from "./notices.ts";
import { type WaitingTask, waitingTasks } from "./waiting.ts";

/** How long it is told that a subscription was disabled, though it is enabled again, in ms: answers were lost. */
const DISABLED_TOLD_FOR_MS = 24 * 60 * 60_000;

/** How many of the last faults are looked at for that. */
const LATE_FAULTS = 50;

export interface ConditionSources {
  readonly ledger: Ledger;
  readonly relays: Pick<Relays, "connected">;
  readonly health: PagerDutyHealth;
  readonly subscriptions: Subscriptions;
  readonly nowMs: number;
}

export interface ClusterCondition {
  /** Of the relay that is or was last active. */
  readonly session: Session | undefined;
  readonly relays: readonly ConnectedRelay[];
  readonly active: ConnectedRelay | undefined;
  readonly certificateExpiresMs: number | null;
  /** What PagerDuty has not done yet, whoever waits longest first. */
  readonly waiting: readonly WaitingTask[];
  readonly notices: readonly Notice[];
}

/** Reads it off. Writes nothing and asks nobody. */
export function conditionOf(sources: ConditionSources): ClusterCondition {
  const { ledger, health, subscriptions, nowMs } = sources;
  const session = ledger.session();
  const relays = sources.relays.connected();
  const active = relays.find(({ role }) => role === "active");
  const certificateExpiresMs = active?.certificateExpiresMs ?? session?.hello.certificateExpiresMs ?? null;
  const waiting = waitingTasks(ledger, nowMs);
  const failed = waiting.filter(({ attempts }) => attempts > 0);
  const notices = noticesFor({
    nowMs,
    relays,
    certificateExpiresMs,
    pagerDutyProblem: health.problem,
    uncovered: subscriptions.uncovered,
    subscriptionsProblem: subscriptions.problem,
    wereDisabled: ledger
      .faults(LATE_FAULTS)
      .filter(({ what, atMs }) => what.startsWith(WAS_DISABLED) && atMs > nowMs - DISABLED_TOLD_FOR_MS),
    failing: { count: failed.length, sinceMs: failed[0]?.sinceMs ?? null },
  });
  return { session, relays, active, certificateExpiresMs, waiting, notices };
}
