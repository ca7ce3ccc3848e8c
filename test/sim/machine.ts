/**
 * A machine of the simulated world: its clock, which may be off, and its lives. What a process was doing when it was killed
 * is never gone on with: its timers do not ring, and nothing that arrives finds anybody.
 */
import type { Clock } from "../../relay/time/clock.ts";
import type { Scheduler } from "./scheduler.ts";

/** One run of a process, from its start to its end. */
export interface Life {
  isOver: boolean;
}

/** The clock of a life: the world's and what it is off, in ms. */
export function clockOf(scheduler: Scheduler, offsetMs: number, life: Life): Clock {
  const after = (ms: number, run: () => void): (() => void) =>
    scheduler.after(ms, () => {
      if (!life.isOver) run();
    });
  return {
    now: () => scheduler.nowMs + offsetMs,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const end = (): void => {
          cancel();
          signal?.removeEventListener("abort", end);
          resolve();
        };
        const cancel = after(ms, end);
        signal?.addEventListener("abort", end, { once: true });
      }),
  };
}
