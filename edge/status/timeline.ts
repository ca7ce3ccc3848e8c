/**
 * A request's way from ask to outcome as a list of hops, each with its time: by Teleport's clock when it was asked for, by
 * PagerDuty's when somebody clicked, by ours whatever else, and never out of their order. Read off the record alone. Pure.
 */
import type { RequestEnd } from "../../shared/access-request.ts";
import type { Verdict } from "../../shared/decisions.ts";
import { type Decision, pagingOf, type RequestRecord } from "../record.ts";
import { isAlive } from "../todo.ts";

/** One hop. A click is followed by what became of it: `refused`, `reviewed`, or the request's end. */
export interface Hop {
  readonly kind: "asked" | "seen" | "paged" | "bound" | "clicked" | "refused" | "reviewed" | "resolved" | RequestEnd;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** Whose act it was; null where nobody's, or nobody knows. */
  readonly who: string | null;
  /** Of a click. */
  readonly verdict: Verdict | null;
  /** Of what happened in PagerDuty. */
  readonly incidentId: string | null;
}

/** Every hop so far, in the order of time. */
export function timelineOf(record: RequestRecord): Hop[] {
  const { request, firstSeenMs, pagings, decisions, end } = record;
  const opened = pagings.filter(({ incidentId }) => incidentId !== null);
  const hops = [
    // Teleport's clock may be ahead of ours.
    ...hop("asked", request.createdMs && Math.min(request.createdMs, firstSeenMs), { who: request.user }),
    ...hop("seen", firstSeenMs),
    ...opened.flatMap(({ incidentId, openedMs }) => hop("paged", openedMs, { incidentId })),
    ...opened.flatMap(({ incidentId, boundMs }) => hop("bound", boundMs, { incidentId })),
    ...decisions.flatMap((decision) => hop("clicked", clickedMs(record, decision), actOf(decision))),
    ...decisions.flatMap(answerTo),
    ...(end === null ? [] : hop(end.end, end.atMs, { who: end.who })),
    ...opened.flatMap(({ incidentId, closedMs }) => hop("resolved", closedMs, { incidentId })),
  ];
  return hops.sort((one, other) => one.atMs - other.atMs);
}

/** What a request waits for; or how it ended, once nothing is left to do for it. */
export type Stage =
  | "being_paged"
  | "awaiting_relay"
  | "awaiting_decision"
  | "being_decided"
  | "being_closed"
  | RequestEnd;

/** Where a request stands. */
export function stageOf(record: RequestRecord): Stage {
  const { end, pagings, decisions } = record;
  if (end !== null) return isAlive(record) ? "being_closed" : end.end;
  if (decisions.some(({ state }) => state !== "decided" && state !== "void")) return "being_decided";
  const open = pagings.filter(({ state }) => state === "open");
  if (open.length === 0) return "being_paged";
  return open.some(({ bound }) => bound) ? "awaiting_decision" : "awaiting_relay";
}

/** Whether a click ended its request in Teleport. */
export function isDecisive({ outcome }: Decision): boolean {
  return outcome?.result === "applied" && outcome.state !== "PENDING";
}

// After the incident was opened and before we heard of it, whatever PagerDuty's clock says; of a button it says no more than
// the second.
function clickedMs(record: RequestRecord, { channel, incidentId, occurredMs, receivedMs }: Decision): number {
  const openedMs = pagingOf(record, incidentId)?.openedMs ?? 0;
  return channel === "action" ? receivedMs : Math.min(Math.max(occurredMs, openedMs), receivedMs);
}

// That a request ended is told by its end.
function answerTo(decision: Decision): Hop[] {
  const { outcome, decidedMs } = decision;
  if (outcome === null || isDecisive(decision)) return [];
  return hop(outcome.result === "refused" ? "refused" : "reviewed", decidedMs, actOf(decision));
}

function actOf({ verdict, name, email, personId, incidentId }: Decision): Partial<Hop> {
  return { verdict, who: name ?? email ?? personId, incidentId };
}

function hop(kind: Hop["kind"], atMs: number | null, of: Partial<Hop> = {}): Hop[] {
  return atMs === null ? [] : [{ kind, atMs, who: null, verdict: null, incidentId: null, ...of }];
}
