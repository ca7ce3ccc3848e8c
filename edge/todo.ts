/**
 * What is still to do for a request, read off its record: calls to PagerDuty, and frames for the relay. Everything that is
 * done follows from here, so whatever a crash interrupted is simply still to do. Pure.
 */
import type { BoundIncident } from "../shared/protocol.ts";
import { isLive, type Paging, type PendingNote, showsRequest } from "./paging.ts";
import type { Decision, OnCallOffer, RequestRecord } from "./record.ts";

/**
 * One piece of work with PagerDuty. `id` is unique within the request, so that what is under way is not begun again. `route`
 * finds out which services names mean. `open` finds the incident or makes it; when the paging is closing it only finds it.
 */
export type PagerDutyTask =
  | { readonly task: "route"; readonly id: "route"; readonly dueMs: number; readonly targets: readonly string[] }
  | { readonly task: "on_call"; readonly id: "on-call"; readonly dueMs: number }
  | { readonly task: "open"; readonly id: string; readonly dueMs: number; readonly paging: Paging }
  | {
      readonly task: "note";
      readonly id: string;
      readonly dueMs: number;
      readonly paging: Paging;
      readonly note: PendingNote;
      readonly incidentId: string;
    }
  | {
      readonly task: "resolve";
      readonly id: string;
      readonly dueMs: number;
      readonly paging: Paging;
      readonly incidentId: string;
    }
  | { readonly task: "reread"; readonly id: string; readonly dueMs: number; readonly decision: Decision }
  | { readonly task: "identify"; readonly id: string; readonly dueMs: number; readonly decision: Decision }
  | { readonly task: "put_back"; readonly id: string; readonly dueMs: number; readonly decision: Decision };

/** Every call to PagerDuty that the record asks for, due or not. At most one for each paging: order holds on an incident. */
export function pagerDutyTasks(record: RequestRecord): PagerDutyTask[] {
  const { routing } = record;
  const route: PagerDutyTask[] =
    routing === null ? [] : [{ task: "route", id: "route", dueMs: routing.dueMs, targets: routing.targets }];
  const onCall = nextForOnCall(record);
  const pagings = record.pagings.flatMap((paging) => held(record, nextForPaging(paging)));
  const clicks = record.decisions.flatMap((decision): PagerDutyTask[] => {
    const { clickId: id, dueMs } = decision;
    if (decision.state === "rereading") return [{ task: "reread", id, dueMs, decision }];
    if (decision.putsBack) return [{ task: "put_back", id, dueMs, decision }];
    return decision.state === "identifying" ? [{ task: "identify", id, dueMs, decision }] : [];
  });
  return [...onCall, ...route, ...pagings, ...clicks];
}

/** The incident that a piece of work is about; undefined when there is none yet. */
export function incidentOf(task: PagerDutyTask): string | undefined {
  if ("decision" in task) return task.decision.incidentId;
  return "paging" in task ? (task.paging.incidentId ?? undefined) : undefined;
}

/** What goes first when not everything can: somebody who waits for an answer, then what tells people, beside what pages. */
export const RANK = { click: 0, telling: 1, paging: 2, nothing: 3 } as const;
export type Rank = (typeof RANK)[keyof typeof RANK];

/** The rank of one piece of work. */
export function rankOf({ task }: PagerDutyTask): Rank {
  switch (task) {
    case "reread":
    case "identify":
      return RANK.click;
    case "note":
    case "resolve":
    case "put_back":
    case "on_call":
      return RANK.telling;
    case "route":
    case "open":
      return RANK.paging;
  }
}

/** The rank of the most urgent that a record asks of PagerDuty. */
export function rankOfRecord(record: RequestRecord): Rank {
  return pagerDutyTasks(record).reduce<Rank>((most, task) => (rankOf(task) < most ? rankOf(task) : most), RANK.nothing);
}

function nextForOnCall({ onCall, end }: RequestRecord): PagerDutyTask[] {
  return onCall === null || end !== null ? [] : [{ task: "on_call", id: "on-call", dueMs: onCall.dueMs }];
}

// What may be approved at once is not paged yet.
function held({ onCall, end }: RequestRecord, tasks: PagerDutyTask[]): PagerDutyTask[] {
  const untilMs = end === null ? (onCall?.heldUntilMs ?? 0) : 0;
  return tasks.map((task) => (task.task === "open" ? { ...task, dueMs: Math.max(task.dueMs, untilMs) } : task));
}

function nextForPaging(paging: Paging): PagerDutyTask[] {
  const { id, dueMs, incidentId, state } = paging;
  if (state === "opening") return [{ task: "open", id, dueMs, paging }];
  if (incidentId === null) return [];
  const [note] = paging.notes;
  // A resolved incident takes notes too: who clicks on it is still told what became of the click.
  if (note !== undefined)
    return [{ task: "note", id: note.id, dueMs, paging, note, incidentId: note.onIncidentId ?? incidentId }];
  return state === "open" && paging.closing ? [{ task: "resolve", id, dueMs, paging, incidentId }] : [];
}

/** The incidents that the relay is to write into Teleport, when it has not written all of them; else undefined. */
export function bindingToSend(
  record: RequestRecord,
): { digest: string; incidents: BoundIncident[]; countsFromMs?: number } | undefined {
  if (record.end !== null) return undefined;
  const open = record.pagings.filter(
    (paging) => isLive(paging) && paging.digest === record.digest && showsRequest(paging),
  );
  if (open.every(({ bound, incidentId }) => bound || incidentId === null)) return undefined;
  const incidents = open.flatMap(({ serviceId, incidentId }) =>
    incidentId === null ? [] : [{ service: serviceId, incident: incidentId }],
  );
  const adoptedMs = open.flatMap(({ adoption }) => adoption?.sinceMs ?? []);
  return { digest: record.digest, incidents, ...(adoptedMs.length > 0 && { countsFromMs: Math.max(...adoptedMs) }) };
}

/** The clicks that wait for the relay's word, oldest first. */
export function decisionsToSend(record: RequestRecord): Decision[] {
  return record.decisions.filter(({ state }) => state === "undecided");
}

/** What the relay is to judge of a requester who is on call; undefined when there is nothing. */
export function offerToSend({ onCall, end }: RequestRecord): OnCallOffer | undefined {
  return end === null ? (onCall?.offer ?? undefined) : undefined;
}

/** Whether the relay owes an answer. */
export function awaitsRelay(record: RequestRecord): boolean {
  const owesDecisions = decisionsToSend(record).length > 0;
  return owesDecisions || bindingToSend(record) !== undefined || offerToSend(record) !== undefined;
}

/** Whether the record is more than history: still pending, or with something left to do. */
export function isAlive(record: RequestRecord): boolean {
  return record.end === null || pagerDutyTasks(record).length > 0 || awaitsRelay(record);
}
