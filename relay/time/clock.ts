/**
 * Time as the relay has it, from outside, so that the same logic runs under virtual time. Nothing else in the relay may
 * read the time or set a timer.
 */

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after that many milliseconds, or as soon as the signal aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Runs something after that many milliseconds, once; what it returns cancels it. */
  after(ms: number, run: () => void): () => void;
}

/** The longest that one Node timer can wait: 2^31 - 1 ms. A longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** This machine's clock and timers. A pending timer keeps the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep(ms, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const end = (): void => {
        cancel();
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const cancel = systemClock.after(ms, end);
      signal?.addEventListener("abort", end, { once: true });
    });
  },
  after(ms, run) {
    let leftMs = Math.max(0, ms);
    let timer = setTimeout(wait, Math.min(leftMs, LONGEST_TIMER_MS));
    function wait(): void {
      leftMs -= LONGEST_TIMER_MS;
      if (leftMs > 0) timer = setTimeout(wait, Math.min(leftMs, LONGEST_TIMER_MS));
      else run();
    }
    return () => clearTimeout(timer);
  },
};
