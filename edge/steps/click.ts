/**
 * A click on its way from PagerDuty to the relay, and what became of it. Record and input → record. Pure.
 */
import { endOfState } from "../../shared/access-request.ts";
import type { Click } from "../../shared/click.ts";
import type { ActionPointer } from "../../shared/custom-action.ts";
import type { Verdict } from "../../shared/decisions.ts";
import { MAX_USER_TEXT_CHARACTERS } from "../../shared/listing.ts";
import type { Outcome } from "../../shared/protocol.ts";
import { refusalNote } from "../incident/refusal-note.ts";
import { NEAR_MISS_NOTE, reviewGivenNote, waitingNote } from "../incident.ts";
import { withNote } from "../paging.ts";
import { type Decision, MAX_DECISIONS, pagingOf, type RequestRecord, withDecision, withPaging } from "../record.ts";
import { incidentResolved, retryDelayMs } from "./paging.ts";
import { personText, requestEnded } from "./request.ts";
import { withRoom } from "./room.ts";

type Refused = Extract<Outcome, { result: "refused" }>;

/** Most problems of a request that are remembered as told. */
export const MAX_PROBLEMS = 20;

/** What only PagerDuty can tell about who clicked. `onCallLevels` is null when nobody asks for it. */
export interface Identity {
  readonly email: string | null;
  readonly name: string | null;
  readonly onCallLevels: number[] | null;
  /** The user that our own writes act as. */
  readonly botUserId: string | null;
}

/**
 * Somebody clicked; `rereads` when PagerDuty is to be asked for it again first. The same click again changes nothing, and so
 * does the resolving of an incident that we are resolving ourselves.
 */
export function clicked(
  record: RequestRecord,
  click: Click,
  { nowMs, identity, rereads = false }: { nowMs: number; identity: Identity | undefined; rereads?: boolean },
): RequestRecord {
  const resolvedByUs = click.channel === "resolve" && pagingOf(record, click.incidentId)?.closing === true;
  if (resolvedByUs || hasClick(record, click.id)) return record;
  const { id, agent, incidentKey: _, ...shown } = click;
  const waitsFor = rereads ? "rereading" : "identifying";
  const isKnown = identity !== undefined && !rereads;
  const decision: Decision = {
    ...newDecision(id, nowMs),
    ...shown,
    // A row must stay small; the relay reads the whole from the evidence.
    reason: click.reason.slice(0, MAX_USER_TEXT_CHARACTERS),
    personId: agent?.id ?? null,
    // Nobody to look up: the relay will say so.
    state: isKnown || agent?.type !== "user_reference" ? "undecided" : waitsFor,
    ...identity,
  };
  return withClick(record, decision);
}

/** A button was pressed: its log entry is to be read before anything is believed. */
export function actionPressed(
  record: RequestRecord,
  { logEntryId, incidentId }: ActionPointer,
  verdict: Verdict,
  nowMs: number,
): RequestRecord {
  if (hasClick(record, logEntryId)) return record;
  const decision: Decision = { ...newDecision(logEntryId, nowMs), channel: "action", verdict, incidentId };
  return withClick(record, decision);
}

/** The record with one more click, which finds room whoever has given how many others. */
export function withClick(record: RequestRecord, decision: Decision): RequestRecord {
  const roomy = withRoom(record);
  return { ...roomy, decisions: [...roomy.decisions, decision] };
}

/** The log entry of a pressed button as PagerDuty has it; undefined when it shows no such click. */
export function logEntryRead(
  record: RequestRecord,
  logEntryId: string,
  click: Click | undefined,
  nowMs: number,
): RequestRecord {
  return withDecision(record, logEntryId, (decision) => {
    if (decision.state !== "rereading") return decision;
    if (click === undefined || click.incidentId !== decision.incidentId || click.id !== logEntryId) {
      return { ...decision, state: "void", decidedMs: nowMs };
    }
    return {
      ...decision,
      state: click.agent?.type === "user_reference" ? "identifying" : "undecided",
      personId: click.agent?.id ?? null,
      occurredMs: click.occurredMs,
      attempts: 0,
      dueMs: nowMs,
    };
  });
}

/** PagerDuty was asked again for a click of a signed delivery; what it showed is stored, or it showed nothing. */
export function deliveryReread(record: RequestRecord, clickId: string, nowMs: number): RequestRecord {
  return withDecision(record, clickId, (decision) =>
    decision.state === "rereading" ? { ...decision, state: "identifying", attempts: 0, dueMs: nowMs } : decision,
  );
}

/** PagerDuty said who the person is, and on which levels they were on call. */
export function identified(record: RequestRecord, clickId: string, identity: Identity, nowMs: number): RequestRecord {
  return withDecision(record, clickId, (decision) =>
    decision.state === "identifying"
      ? { ...decision, ...identity, state: "undecided", attempts: 0, dueMs: nowMs }
      : decision,
  );
}

/** PagerDuty could not be asked about a click; it is asked again. */
export function lookUpFailed(
  record: RequestRecord,
  clickId: string,
  { nowMs, random, retryAfterMs }: { nowMs: number; random: number; retryAfterMs: number | null },
): RequestRecord {
  return withDecision(record, clickId, (decision) => {
    const attempts = decision.attempts + 1;
    return { ...decision, attempts, dueMs: nowMs + (retryAfterMs ?? retryDelayMs(attempts, random)) };
  });
}

/** The relay said what became of a click. */
export function decided(
  record: RequestRecord,
  clickId: string,
  outcome: Outcome,
  { nowMs, retainMs }: { nowMs: number; retainMs: number },
): RequestRecord {
  const decision = record.decisions.find((candidate) => candidate.clickId === clickId);
  const end = outcome.result === "applied" ? endOfState(outcome.state) : undefined;
  const ended = (current: RequestRecord): RequestRecord =>
    end === undefined ? current : requestEnded(current, { end, who: null, why: null, clickId }, nowMs, retainMs);
  // It made room for others, or was lost with what was stored, after the relay had been asked: what came of it holds all
  // the same, and nobody will say so again.
  if (decision === undefined) return ended(record);
  if (decision.state === "decided") return record;
  const settled = withDecision(record, clickId, (before) => ({
    ...before,
    state: "decided",
    outcome,
    decidedMs: nowMs,
    ...(leavesField(before, outcome) && { putsBack: true, attempts: 0, dueMs: nowMs }),
  }));
  if (outcome.result === "refused") {
    const told = toldOfRefusal(settled, record, decision, outcome, nowMs);
    const isInVain = decision.channel === "resolve" && outcome.state === "PENDING";
    return isInVain ? incidentResolved(told, decision.incidentId, null, nowMs) : told;
  }
  return outcome.state === "PENDING" ? toldOfReview(settled, decision, nowMs) : ended(settled);
}

function toldOfReview(record: RequestRecord, decision: Decision, nowMs: number): RequestRecord {
  const paging = pagingOf(record, decision.incidentId);
  if (paging === undefined) return record;
  const note = reviewGivenNote(decision.verdict, personText(decision.name, decision.email) ?? "");
  return withPaging(record, paging.id, (told) => withNote(told, note, nowMs));
}

/** The relay cannot carry out the clicks before somebody mends something: their incidents are told, once for each problem. */
export function decisionsWait(record: RequestRecord, problem: string, nowMs: number): RequestRecord {
  const waiting = record.decisions.filter(({ state }) => state === "undecided");
  if (waiting.length === 0 || record.end !== null || record.problemsTold.includes(problem)) return record;
  const incidents = new Set(waiting.map(({ incidentId }) => incidentId));
  const pagings = record.pagings.map((paging) =>
    paging.incidentId !== null && incidents.has(paging.incidentId)
      ? withNote(paging, waitingNote(problem), nowMs)
      : paging,
  );
  return { ...record, pagings, problemsTold: [...record.problemsTold, problem].slice(-MAX_PROBLEMS) };
}

/** The field that a refused click had set is as it was before, or will stay as it is. */
export function fieldPutBack(record: RequestRecord, clickId: string): RequestRecord {
  return withDecision(record, clickId, (decision) => ({ ...decision, putsBack: false }));
}

// A forged delivery must have no effect, and a verdict that Teleport has too may stand.
function leavesField(decision: Decision, outcome: Outcome): boolean {
  if (decision.channel !== "field" || outcome.result !== "refused") return false;
  const { refusal } = outcome;
  return refusal !== "bad_evidence" && refusal !== "wrong_cluster" && isToldOf(decision, outcome);
}

function stateWanted(verdict: Verdict): "APPROVED" | "DENIED" {
  return verdict === "approve" ? "APPROVED" : "DENIED";
}

function toldOfRefusal(
  record: RequestRecord,
  before: RequestRecord,
  decision: Decision,
  { refusal, state, detail }: Refused,
  nowMs: number,
): RequestRecord {
  if (!isToldOf(decision, { refusal, state })) return record;
  const alreadyTold = before.decisions.some(
    (other) =>
      other.clickId !== decision.clickId &&
      other.personId === decision.personId &&
      other.outcome?.result === "refused" &&
      other.outcome.refusal === refusal &&
      isToldOf(other, other.outcome),
  );
  const person = personText(decision.name, decision.email) ?? "";
  const text = refusalNote({ refusal, verdict: decision.verdict, person, detail });
  const paging = pagingOf(record, decision.incidentId);
  if (alreadyTold || text === undefined || paging === undefined) return record;
  return withPaging(record, paging.id, (told) => withNote(told, text, nowMs));
}

// Who finds that Teleport has what they wanted need not be told.
function isToldOf({ verdict }: Decision, { refusal, state }: Pick<Refused, "refusal" | "state">): boolean {
  return refusal !== "not_pending" || state !== stateWanted(verdict);
}

/** Somebody mistyped a command: they are helped once. */
export function nearMissed(record: RequestRecord, incidentId: string, personId: string, nowMs: number): RequestRecord {
  const paging = pagingOf(record, incidentId);
  if (paging === undefined || record.helped.includes(personId) || record.end !== null) return record;
  const helped = { ...record, helped: [...record.helped, personId].slice(-MAX_DECISIONS) };
  return withPaging(helped, paging.id, (told) => withNote(told, NEAR_MISS_NOTE, nowMs));
}

function hasClick(record: RequestRecord, clickId: string): boolean {
  return record.decisions.some((known) => known.clickId === clickId);
}

/** A click that has just become known. */
export function newDecision(clickId: string, nowMs: number): Omit<Decision, "channel" | "verdict" | "incidentId"> {
  return {
    clickId,
    state: "rereading",
    personId: null,
    email: null,
    name: null,
    onCallLevels: null,
    botUserId: null,
    reason: "",
    occurredMs: nowMs,
    receivedMs: nowMs,
    outcome: null,
    putsBack: false,
    decidedMs: null,
    attempts: 0,
    dueMs: nowMs,
  };
}
