/** The machine's monotonic clock: the same for every process on it, so that moments seen by two of them can be compared. */

const NANOSECONDS_PER_MS = 1e6;

/** Now, in ms with fractions, since a moment of the machine's own. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / NANOSECONDS_PER_MS;
}

/** Resolves at a moment of that clock, or up to a millisecond later. */
export async function until(atMs: number): Promise<void> {
  const leftMs = atMs - monotonicMs();
  if (leftMs > 0) await pause(leftMs);
}

/** Resolves after so many milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
