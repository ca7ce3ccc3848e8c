/** An incident is open for as long as its request is, and no longer. */
import { endOf, isMerged, isOrphaned, isPendingAt, requestOf } from "../facts.ts";
import type { History } from "../history.ts";

/** How early by the world's clock a relay whose clock runs ahead may call a request expired, in ms: the edge lets it pass. */
const EARLY_MS = 60_000;

/** In good weather, how long the end of a request may take to reach PagerDuty, in ms: a minute, and the calls for it. */
const CLOSED_WITHIN_MS = 75_000;

/** Whatever was opened is resolved once its request is over, and in good weather soon. */
export function closedInTheEnd(history: History): string[] {
  const { incidents, calmFromMs, quietFromMs, setting } = history;
  return incidents.flatMap((incident) => {
    const { id, key, byUs, statuses } = incident;
    if (!byUs || isOrphaned(history, incident)) return [];
    if (statuses.at(-1)?.status !== "resolved") return [`${id} (${key}) is still open`];
    const request = requestOf(history, incident);
    const end = request && endOf(request);
    const settledMs = calmFromMs + setting.settledWithinMs / 2;
    if (typeof end !== "number" || end < settledMs || end > quietFromMs) return [];
    const closedMs = statuses.find(({ status }) => status === "resolved")?.atMs ?? end;
    const mostMs = CLOSED_WITHIN_MS + setting.clockOffsetMs;
    return closedMs - end <= mostMs ? [] : [`${id} (${key}) was closed ${closedMs - end} ms after its request ended`];
  });
}

/** What is pending is not closed by us, unless it is shown on another incident. */
export function notClosedWhilePending(history: History): string[] {
  return history.incidents.flatMap((incident) => {
    const request = requestOf(history, incident);
    if (!incident.byUs || request === undefined || isMerged(incident)) return [];
    const earlyMs = Math.min(EARLY_MS, history.setting.clockOffsetMs);
    return incident.statuses.flatMap(({ atMs, status, byUs }) => {
      const isOver = !isPendingAt(request, atMs) || !isPendingAt(request, atMs + earlyMs);
      if (status !== "resolved" || !byUs || isOver) return [];
      if (request.changedMs.some((changed) => changed <= atMs)) return [];
      return [`${incident.id} was closed while ${request.id} was pending`];
    });
  });
}
