/** The status as people read it on a terminal: relays, PagerDuty, pending requests, last events. Pure. */
import { columns, fromNow, type Paint, plain, spanFor } from "../print.ts";
import type { Status, StatusRequest } from "./answer.ts";

export interface StatusSubject {
  readonly cluster: string;
  /** The edge's origin. */
  readonly url: string;
  readonly paint: Paint;
}

/** Most events shown. */
const MAX_EVENTS = 10;

/** The whole text, ending with a line break. */
export function statusText(status: Status, { cluster, url, paint }: StatusSubject): string {
  const { pagerduty } = status;
  const sections = [
    [`${paint.strong(plain(cluster))} at ${url}`],
    relayLines(status, paint),
    [`PagerDuty  ${pagerDutyWords(pagerduty, paint)}`],
    requestLines(status, paint),
    eventLines(status, paint),
  ];
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function relayLines({ relays, nowMs, epoch }: Status, paint: Paint): string[] {
  if (relays.length === 0) return [`Relays     ${paint.bad("none is connected: requests wait, and clicks too")}`];
  const rows = relays.map(({ role, release, connectedMs, watching, teleportVersion, certificateExpiresMs }) => [
    `  ${plain(role)}`,
    plain(release),
    connectedMs === null ? "?" : fromNow(connectedMs, nowMs),
    watching === null ? "?" : watching ? "watching" : "not watching",
    teleportVersion === null ? "?" : plain(teleportVersion),
    certificateExpiresMs === null ? "?" : certificateWords(certificateExpiresMs, nowMs),
  ]);
  const [head = "", ...lines] = columns([
    ["  ROLE", "RELEASE", "CONNECTED", "WATCH", "TELEPORT", "CERTIFICATE"],
    ...rows,
  ]);
  const problems = relays.flatMap(({ role, problem }) =>
    problem === null ? [] : [`  ${paint.bad(`${plain(role)}: ${plain(problem)}`)}`],
  );
  return [`Relays     ${relays.length} connected, epoch ${epoch}`, paint.faint(head), ...lines, ...problems];
}

function certificateWords(expiresMs: number, nowMs: number): string {
  return expiresMs > nowMs ? `ends in ${spanFor(expiresMs - nowMs)}` : "expired";
}

function pagerDutyWords(pagerduty: Status["pagerduty"], paint: Paint): string {
  if (pagerduty === null) return "not known";
  return pagerduty.ok ? paint.good("ok") : paint.bad(plain(pagerduty.problem ?? "not ok"));
}

function requestLines({ requests, pendingCount, heldDeliveries, nowMs }: Status, paint: Paint): string[] {
  const held = heldDeliveries === 0 ? "" : `, ${heldDeliveries} deliveries held for incidents not known yet`;
  const title = `Pending    ${pendingCount === 1 ? "1 request" : `${pendingCount} requests`}${held}`;
  if (requests.length === 0) return [title];
  const rows = requests.map((request) => [
    `  ${plain(request.id)}`,
    plain(request.user),
    plain(request.roles.join(", ")),
    request.firstSeenMs === null ? "?" : fromNow(request.firstSeenMs, nowMs),
    request.requestExpiresMs === null ? "?" : fromNow(request.requestExpiresMs, nowMs),
    incidentWords(request),
  ]);
  const [head = "", ...lines] = columns([["  REQUEST", "USER", "ROLES", "SEEN", "ENDS", "INCIDENTS"], ...rows]);
  const more = pendingCount > requests.length ? [`  and ${pendingCount - requests.length} more`] : [];
  return [title, paint.faint(head), ...lines, ...more];
}

function incidentWords({ incidents, waitingTasks }: StatusRequest): string {
  const known = incidents.flatMap((incident) =>
    incident === null ? [] : [`${incident.incidentId ?? "…"} ${incident.state}`],
  );
  const waiting = waitingTasks === 0 ? [] : [`${waitingTasks} ${waitingTasks === 1 ? "call" : "calls"} waiting`];
  return plain([...known, ...waiting].join(", "));
}

interface Event {
  readonly atMs: number;
  readonly what: string;
}

function eventLines(status: Status, paint: Paint): string[] {
  const events = [...status.requests.flatMap(eventsOf), ...status.faults]
    .sort((one, other) => other.atMs - one.atMs)
    .slice(0, MAX_EVENTS);
  if (events.length === 0) return ["Last       nothing has happened yet"];
  const rows = events.map(({ atMs, what }) => [`  ${fromNow(atMs, status.nowMs)}`, plain(what)]);
  return [paint.faint("Last events"), ...columns(rows)];
}

function eventsOf({ id, firstSeenMs, incidents, clicks }: StatusRequest): Event[] {
  const at = (atMs: number | null, what: string): Event[] => (atMs === null ? [] : [{ atMs, what: `${what} (${id})` }]);
  return [
    ...at(firstSeenMs, "request seen"),
    ...incidents.flatMap((incident) =>
      incident === null
        ? []
        : [
            ...at(incident.openedMs, `incident ${incident.incidentId ?? ""} opened`),
            ...at(incident.closedMs, `incident ${incident.incidentId ?? ""} closed`),
          ],
    ),
    ...clicks.flatMap((click) => {
      if (click === null) return [];
      const { verdict, channel, email, receivedMs, decidedMs, outcome } = click;
      const what = `${verdict ?? "click"} by ${channel} from ${email ?? "somebody"}`;
      const result = outcome === null ? "answered" : [outcome.result, outcome.refusal].filter(Boolean).join(" ");
      return [...at(receivedMs, what), ...at(decidedMs, `${what}: ${result}`)];
    }),
  ];
}
