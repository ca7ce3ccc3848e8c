/** What follows from a history, for several of its properties. */
import type {
  ClickHistory,
  History,
  IncidentHistory,
  Person,
  RequestHistory,
  Setting,
  VerdictTaken,
} from "./history.ts";

/** How long what is on its way to Teleport may take, judged and then carried out, in ms: a call has 10 s, and 3 s to begin. */
export const INSTANT_MS = 15_000;

/** The same, counted from when what it was judged by was as it was read: the answer to a read has 10 s too. */
export const READ_AND_DONE_MS = INSTANT_MS + 10_000;

/** What is looked for again and again in a history. */
interface Index {
  readonly requests: ReadonlyMap<string, RequestHistory>;
  /** The product's own, by request. */
  readonly incidents: ReadonlyMap<string | undefined, IncidentHistory[]>;
}

const indexes = new WeakMap<History, Index>();

/** The request that an incident of ours is for, by its key; undefined when it is for none. */
export function requestOf(history: History, { key }: IncidentHistory): RequestHistory | undefined {
  return indexOf(history).requests.get(requestIdIn(history, key) ?? "");
}

/** The how many-th paging of its request an incident is, by its key. */
export function pagingOf({ key }: IncidentHistory): number {
  return Number(key?.split("/")[3] ?? 1);
}

/** The incidents that the product opened for a request, in their order. */
export function incidentsFor(history: History, { id }: RequestHistory): IncidentHistory[] {
  return indexOf(history).incidents.get(id) ?? [];
}

function indexOf(history: History): Index {
  const known = indexes.get(history);
  if (known !== undefined) return known;
  const ours = history.incidents.filter(({ byUs }) => byUs);
  const index = {
    requests: new Map(history.requests.map((request) => [request.id, request])),
    incidents: Map.groupBy(ours, ({ key }) => requestIdIn(history, key)),
  };
  indexes.set(history, index);
  return index;
}

function requestIdIn({ setting }: History, key: string | null): string | undefined {
  const [prefix, cluster, id] = (key ?? "").split("/");
  return prefix === "teleport-access-request" && cluster === setting.cluster ? id : undefined;
}

/** The click that a verdict says it comes from. */
export function clickIdOf({ reason }: VerdictTaken): string | undefined {
  return /\[pd:([^\]]+)\]$/.exec(reason)?.[1];
}

/** Whether a request was there and undecided at a moment. What has expired is over, however long Teleport shows it. */
export function isPendingAt(request: RequestHistory, atMs: number): boolean {
  const end = endOf(request);
  return (request.states[0]?.atMs ?? atMs) <= atMs && (end === null || end > atMs);
}

/** When a request stopped being pending; null while it is. */
export function endOf({ states, expiresMs }: RequestHistory): number | null {
  const changed = states.find(({ state }) => state !== "PENDING")?.atMs ?? null;
  if (changed === null || expiresMs === null) return changed ?? expiresMs;
  return Math.min(changed, expiresMs);
}

/** Whether a person is the one who asks. */
export function isRequester({ teleportUsers, email }: Person, { user, emails }: RequestHistory): boolean {
  const names = new Set([...teleportUsers, ...(email === null ? [] : [email])].map((name) => name.toLowerCase()));
  return names.has(user.toLowerCase()) || emails.some((address) => names.has(address.toLowerCase()));
}

/** Whether somebody may decide anything at all. */
export function mayDecide({ person, onCall }: ClickHistory, { approvers, botUserId }: Setting): boolean {
  if (person.kind !== "user" || person.id === null || person.id === botUserId) return false;
  return approvers.some((approver) => {
    if (approver === "*" || approver === person.id) return true;
    if (approver === "on-call") return onCall;
    return approver.toLowerCase() === person.email?.toLowerCase();
  });
}

/** Why a click does not approve or deny a request, whenever it arrives; undefined when it does. */
export function whyNot(history: History, click: ClickHistory, request: RequestHistory): string | undefined {
  const { setting } = history;
  if (!click.isAuthentic) return "it is not PagerDuty's";
  const incident = history.incidents.find(({ id }) => id === click.incidentId);
  if (incident === undefined || !incident.byUs) return "its incident is not ours";
  if (requestOf(history, incident)?.id !== request.id) return "its incident is for another request";
  if (!mayDecide(click, setting)) return `${click.person.id} may not decide`;
  if (click.verdict === "deny") return undefined;
  if (!setting.allowsSelfApproval && isRequester(click.person, request)) return "it is the requester's own";
  if (!areRolesApprovable(setting, request)) return "a role may not be approved";
  return undefined;
}

/** Whether every role of a request may be approved in PagerDuty. */
export function areRolesApprovable({ approvableRoles }: Setting, { roles }: RequestHistory): boolean {
  return approvableRoles === null || roles.every((role) => approvableRoles.includes(role));
}

/** Whether what was taken at a moment was lost with the edge's storage. */
export function isLost({ losses }: History, atMs: number): boolean {
  return losses.some(({ fromMs, untilMs }) => atMs >= fromMs && atMs <= untilMs);
}

/** Whether an incident was merged into another. */
export function isMerged({ statuses }: IncidentHistory): boolean {
  return statuses.some(({ mergedInto }) => mergedInto !== null);
}

/**
 * Whether nobody at the edge may know an incident any more: its storage was put back to what it was before. Then it looks for
 * the first paging of each request that it is told of, and is told of none that has gone. Until its relays have begun anew
 * it may also not be told of an end that they believe it knows.
 */
export function isOrphaned(history: History, incident: IncidentHistory): boolean {
  if (history.losses.length === 0) return false;
  const request = requestOf(history, incident);
  const end = request && endOf(request);
  if (typeof end === "number" && end < history.calmFromMs + INSTANT_MS) return true;
  const isUnknown = isLost(history, incident.openedMs);
  return isUnknown && (pagingOf(incident) > 1 || (request !== undefined && request.changedMs.length > 0));
}
