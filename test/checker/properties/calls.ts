/** Nobody is called more than there is reason to. */
import type { History } from "../history.ts";

/** Most calls of PagerDuty for each request and minute, and for each click and note beside them. */
const PER_REQUEST_MINUTE = 8;
const PER_EVENT = 15;

/** How long nothing has happened when nothing may go on any more, in ms. */
const STILL_MS = 30_000;

/** Calls that one relay makes in {@link STILL_MS} to see whether anything is there: a list of requests, one of rules. */
const PER_RELAY = 4;

/** Calls grow with what there is to do, and with nothing else. */
export function callsAreBounded({ calls, requests, clicks, incidents, endedMs }: History): string[] {
  const startedMs = Math.min(endedMs, ...requests.flatMap(({ states }) => states[0]?.atMs ?? []));
  const minutes = Math.ceil((endedMs - startedMs) / 60_000);
  const events =
    clicks.length + incidents.reduce((count, { notes, statuses }) => count + notes.length + statuses.length + 1, 0);
  const most = 20 + PER_REQUEST_MINUTE * minutes * (requests.length + incidents.length) + PER_EVENT * events;
  const made = calls.filter(({ at }) => at === "pagerduty").length;
  return made <= most
    ? []
    : [`PagerDuty was called ${made} times, for ${requests.length} requests in ${minutes} minutes`];
}

/** When everything is over, nobody is called but to see whether there is anything. */
export function nothingGoesOnForEver({ calls, endedMs, setting }: History): string[] {
  const last = calls.filter(({ atMs }) => atMs > endedMs - STILL_MS);
  const pagerDuty = last.filter(({ at }) => at === "pagerduty");
  const teleport = last.filter(({ at }) => at === "teleport");
  const namesOf = (some: typeof last): string =>
    [...new Set(some.map(({ name, subject }) => `${name} ${subject}`))].join();
  return [
    ...(pagerDuty.length === 0 ? [] : [`PagerDuty is still called: ${namesOf(pagerDuty)}`]),
    ...(teleport.length <= PER_RELAY * setting.relays ? [] : [`Teleport is still called: ${namesOf(teleport)}`]),
  ];
}
