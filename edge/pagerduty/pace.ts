/**
 * How fast PagerDuty may be called: what is left of the account's calls, by what its answers say and by our own count, and
 * when to go on after it refused. A value and steps from value to value; it never waits and never calls. Pure.
 * Source: https://developer.pagerduty.com/docs/rest-api-rate-limits.
 */

/** What PagerDuty's `ratelimit-*` headers said, and when. */
export interface Budget {
  /** Requests a minute. */
  readonly limit: number;
  readonly remaining: number;
  /** When the count begins anew, ms since the epoch. */
  readonly resetMs: number;
}

/** Calls a minute that PagerDuty documents for a key, where its answers do not say. */
export const DOCUMENTED_LIMIT = 960;

/** How long PagerDuty counts before it begins anew, in ms. */
const SPAN_MS = 60_000;

/** Shortest and longest pause after a refusal that does not say how long, in ms. */
const PAUSE_MIN_MS = 1_000;
const PAUSE_MAX_MS = 60_000;

/** Two answers that name the end of one count differ by less, in ms: the header is in whole seconds. */
const SAME_COUNT_MS = 2_000;

export interface Pace {
  readonly limit: number;
  /** Calls that were made, or that PagerDuty counts, since the count last began anew. */
  readonly spent: number;
  /** When the count begins anew, ms since the epoch. */
  readonly endsMs: number;
  /** Nothing is sent before, ms since the epoch. */
  readonly pausedUntilMs: number;
  /** Pauses in a row, until a call is taken again. */
  readonly pauses: number;
}

/** Nothing has been sent. */
export const FRESH_PACE: Pace = { limit: DOCUMENTED_LIMIT, spent: 0, endsMs: 0, pausedUntilMs: 0, pauses: 0 };

/** A call is being made. */
export function paceAfterCall(pace: Pace, nowMs: number): Pace {
  if (nowMs >= pace.endsMs) return { ...pace, spent: 1, endsMs: nowMs + SPAN_MS };
  return { ...pace, spent: pace.spent + 1 };
}

/** A call was answered and not refused for its rate; `budget` is null where the answer says nothing of it. */
export function paceAfterAnswer(pace: Pace, budget: Budget | null, nowMs: number): Pace {
  const taken = nowMs >= pace.pausedUntilMs ? { ...pace, pauses: 0 } : pace;
  return budget === null ? taken : withBudget(taken, budget);
}

/**
 * PagerDuty refused a call for its rate. All wait until the count begins anew, or, where it does not say when that is, longer
 * each time. What was under way when the pause began makes it no longer.
 */
export function paceAfterRefusal(pace: Pace, budget: Budget | null, nowMs: number): Pace {
  const told = budget === null ? pace : withBudget(pace, budget);
  const isKnown = nowMs < pace.pausedUntilMs;
  const pauses = isKnown ? pace.pauses : pace.pauses + 1;
  const silentMs = isKnown ? 0 : nowMs + Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** Math.min(pauses - 1, 10));
  const untilMs = budget === null ? silentMs : Math.max(budget.resetMs, nowMs + PAUSE_MIN_MS);
  return { ...told, pauses, pausedUntilMs: Math.max(pace.pausedUntilMs, untilMs) };
}

/** How many calls may be made now. After a pause it is one, until that is taken: whoever waited must not come all at once. */
export function roomIn(pace: Pace, nowMs: number): number {
  if (nowMs < pace.pausedUntilMs) return 0;
  const left = nowMs >= pace.endsMs ? pace.limit : Math.max(0, pace.limit - pace.spent);
  return pace.pauses > 0 ? Math.min(1, left) : left;
}

/** When there is room again, ms since the epoch; `keep` is how many calls the one who asks leaves to others. */
export function roomFromMs(pace: Pace, keep: number, nowMs: number): number {
  const isSpent = nowMs < pace.endsMs && pace.spent >= pace.limit - keep;
  return Math.max(nowMs, pace.pausedUntilMs, isSpent ? pace.endsMs : nowMs);
}

// Others may share the account, so what PagerDuty counts can be more than ours; never less, but for answers on their way.
function withBudget(pace: Pace, { limit, remaining, resetMs }: Budget): Pace {
  const used = Math.max(0, limit - remaining);
  if (limit < 1 || resetMs < pace.endsMs - SAME_COUNT_MS) return pace;
  if (resetMs > pace.endsMs + SAME_COUNT_MS) return { ...pace, limit, spent: used, endsMs: resetMs };
  return { ...pace, limit, spent: Math.max(pace.spent, used), endsMs: Math.min(pace.endsMs, resetMs) };
}
