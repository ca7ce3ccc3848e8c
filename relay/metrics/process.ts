/** What this process can tell of itself. */
import type { ProcessReading } from "../metrics.ts";

const MICROSECONDS = 1e6;

/** Read at this moment. */
export function readProcess(): ProcessReading {
  const { user, system } = process.cpuUsage();
  return {
    startedMs: performance.timeOrigin,
    residentBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / MICROSECONDS,
  };
}
