/**
 * What an operator should see to, worst first, each with what to do: the headline of the status. Pure.
 */
import type { Uncovered } from "../pagerduty/subscriptions.ts";
import type { ConnectedRelay } from "../relays.ts";

/** How a fault begins that tells of a subscription that was disabled. */
export const WAS_DISABLED = "PagerDuty had disabled webhook subscription";

/** `failing`: something does not work now. `soon`: it will not, unless somebody acts. */
export interface Notice {
  readonly level: "failing" | "soon";
  /** A sentence or two. */
  readonly what: string;
  /** The moment that it is about, milliseconds since the epoch; null: now. */
  readonly atMs: number | null;
}

/** What the notices are read off. */
export interface Condition {
  readonly nowMs: number;
  readonly relays: readonly ConnectedRelay[];
  readonly certificateExpiresMs: number | null;
  readonly pagerDutyProblem: string | null;
  readonly uncovered: readonly Uncovered[];
  readonly subscriptionsProblem: string | null;
  /** What was noted lately of subscriptions that PagerDuty had disabled. */
  readonly wereDisabled: readonly { readonly what: string; readonly atMs: number }[];
  /** Calls to PagerDuty that failed and are made again, and since when the oldest waits. */
  readonly failing: { readonly count: number; readonly sinceMs: number | null };
}

/** Everything that needs somebody. */
export function noticesFor(condition: Condition): Notice[] {
  const { pagerDutyProblem, uncovered, subscriptionsProblem, wereDisabled, failing } = condition;
  const notices = [
    ...relayNotices(condition.relays),
    ...certificateNotices(condition),
    ...(pagerDutyProblem === null ? [] : [notice("failing", `PagerDuty: ${pagerDutyProblem}`)]),
    ...uncovered.map(({ serviceId, problem }) =>
      notice("failing", `Answers from service ${serviceId} will not arrive. ${problem}`),
    ),
    ...(subscriptionsProblem === null
      ? []
      : [notice("soon", `Whether answers arrive is not known. ${subscriptionsProblem}`)]),
    ...wereDisabled.map(({ what, atMs }) => notice("soon", what, atMs)),
    ...(failing.count === 0
      ? []
      : [
          notice(
            "soon",
            `${calls(failing.count)} PagerDuty did not go through and will be made again.`,
            failing.sinceMs,
          ),
        ]),
  ];
  return notices.sort((one, other) => one.level.localeCompare(other.level));
}

function relayNotices(relays: readonly ConnectedRelay[]): Notice[] {
  if (relays.length === 0) {
    const advice = "Look at it on the Teleport host: systemctl status teleport-pagerduty";
    return [notice("failing", `No relay is connected: new requests are not seen, and answers wait. ${advice}`)];
  }
  return relays.flatMap(({ role, watching, problem }) => {
    if (problem !== null) return [notice(watching === false ? "failing" : "soon", `The ${role} relay: ${problem}`)];
    return watching === false ? [notice("failing", `The ${role} relay does not watch Teleport's requests.`)] : [];
  });
}

// That it is about to end the relay says itself: it knows for how long it was made.
function certificateNotices({ certificateExpiresMs: atMs, nowMs }: Condition): Notice[] {
  if (atMs === null || atMs > nowMs) return [];
  return [notice("failing", "The relay's Teleport certificate has ended: renew it.", atMs)];
}

function notice(level: Notice["level"], what: string, atMs: number | null = null): Notice {
  return { level, what, atMs };
}

function calls(count: number): string {
  return count === 1 ? "A call to" : `${count} calls to`;
}
