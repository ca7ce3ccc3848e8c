/** Waiting until everything has settled: until the checker, were time up, would miss nothing. */
import type { Clock } from "../../relay/time/clock.ts";
import { PROPERTIES } from "../checker/check.ts";
import type { History } from "../checker/history.ts";
import { SETTLED_WITHIN_MS } from "./witness.ts";

/** How often it is looked, in ms. */
const LOOK_EVERY_MS = 1_000;

/** What must be so before people stop: whatever is pending is shown, and whoever has answered has been heard. */
export const SHOWN_AND_HEARD = ["no request is lost", "no click is lost", "good clicks are carried out"] as const;

interface Waiting {
  readonly clock: Clock;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/** Resolves, with the time it then is, once these properties hold, or when there is no hope any more. */
export async function settled(
  properties: readonly string[],
  historyAt: (nowMs: number) => History,
  { clock, signal }: Waiting,
): Promise<number> {
  const untilMs = clock.now() + SETTLED_WITHIN_MS;
  for (;;) {
    const nowMs = clock.now();
    const history = historyAt(nowMs);
    const asOver = { ...history, setting: { ...history.setting, settledWithinMs: 0 } };
    const isComplete = properties.every((property) => PROPERTIES[property]?.(asOver).length === 0);
    if (isComplete || signal.aborted || nowMs >= untilMs) return nowMs;
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}
