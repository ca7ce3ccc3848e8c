/**
 * How long to wait before the next attempt: full jitter under a ceiling that doubles, back at its least once a
 * connection has stayed up for a while. Pure but for what it remembers; it never waits itself.
 */

export interface BackoffOptions {
  /** The first ceiling, milliseconds. */
  readonly minMs: number;
  /** The last ceiling, milliseconds. */
  readonly maxMs: number;
  /** Uptime after which the next wait starts over, milliseconds. */
  readonly resetAfterMs: number;
  /** From 0 up to, but not, 1. */
  readonly random: () => number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface Backoff {
  /** Milliseconds to wait before the next attempt: anywhere from 0 to the ceiling, which then doubles. */
  next(): number;
  /** The connection is up. */
  up(): void;
  /** The connection is lost. Without an `up` before it, nothing. */
  down(): void;
}

/**
 * A backoff that starts at its least. Full jitter spreads many clients that lost the same server over the whole span
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export function createBackoff({ minMs, maxMs, resetAfterMs, random, now }: BackoffOptions): Backoff {
  let ceilingMs = minMs;
  let upSinceMs: number | undefined;
  return {
    next() {
      const waitMs = Math.floor(random() * ceilingMs);
      ceilingMs = Math.min(ceilingMs * 2, maxMs);
      return waitMs;
    },
    up() {
      upSinceMs ??= now();
    },
    down() {
      if (upSinceMs !== undefined && now() - upSinceMs >= resetAfterMs) ceilingMs = minMs;
      upSinceMs = undefined;
    },
  };
}
