/**
 * What PagerDuty did with an incident of ours: opened it, took a note, resolved it, refused or failed. Record and input →
 * record. Pure.
 */
import { mergedNote, RESOLVED_WHILE_PENDING_NOTE, titleFor } from "../incident.ts";
import { closed, closing, type Paging, withNote, withoutFirstNote } from "../paging.ts";
import { pagingOf, type RequestRecord, withNewPaging, withPaging } from "../record.ts";

/** Shortest and longest wait between two attempts at the same thing, in ms. */
export const RETRY_MIN_MS = 1_000;
export const RETRY_MAX_MS = 60_000;

/** How often, and how long after each other in ms, an incident is looked for that a late call may still open. */
export const LATE_CREATE_LOOKS = 3;
export const LATE_CREATE_LOOK_MS = 20_000;

/** An incident as PagerDuty has it. */
export interface OpenedIncident {
  readonly incidentId: string;
  readonly url: string | null;
  readonly escalationPolicyId: string | null;
  /** Whether answers from its service reach us; null when that cannot be told. */
  readonly covered: boolean | null;
  readonly resolved: boolean;
  /** The incident that it was merged into; null when it was not. */
  readonly mergedInto: string | null;
}

/** PagerDuty has the incident. One that somebody resolved meanwhile counts, and says so. */
export function incidentOpened(
  record: RequestRecord,
  pagingId: string,
  incident: OpenedIncident,
  { shown, nowMs }: { shown: boolean; nowMs: number },
): RequestRecord {
  const opened = withPaging(record, pagingId, (paging) =>
    succeeded(
      {
        ...paging,
        state: "open",
        shown,
        incidentId: incident.incidentId,
        url: incident.url,
        escalationPolicyId: incident.escalationPolicyId,
        covered: incident.covered,
        openedMs: nowMs,
      },
      nowMs,
    ),
  );
  return incident.resolved ? incidentResolved(opened, incident.incidentId, incident.mergedInto, nowMs) : opened;
}

/** The key stands for an incident that is not ours: the next key is used. */
export function keyTaken(record: RequestRecord, pagingId: string, nowMs: number): RequestRecord {
  const taken = record.pagings.find(({ id }) => id === pagingId);
  if (taken === undefined) return record;
  const abandoned = withPaging(record, pagingId, (paging) => closed(paging, nowMs));
  return taken.closing ? abandoned : withNewPaging(abandoned, taken, nowMs);
}

/** What is no longer wanted was never asked of PagerDuty. */
export function neverOpened(record: RequestRecord, pagingId: string, nowMs: number): RequestRecord {
  return withPaging(record, pagingId, (paging) => closed(paging, nowMs));
}

/** What is no longer wanted is not in PagerDuty, though a call whose answer was lost may still put it there. */
export function notOpenedYet(record: RequestRecord, pagingId: string, nowMs: number): RequestRecord {
  return withPaging(record, pagingId, (paging) =>
    paging.missed < LATE_CREATE_LOOKS
      ? { ...paging, missed: paging.missed + 1, attempts: 0, dueMs: nowMs + LATE_CREATE_LOOK_MS }
      : closed(paging, nowMs),
  );
}

/** PagerDuty refused the text as too long: the next attempt is shorter. */
export function textTooLong(record: RequestRecord, pagingId: string, nowMs: number): RequestRecord {
  return withPaging(record, pagingId, (paging) => ({ ...paging, shortened: true, dueMs: nowMs }));
}

/** The first note that was waiting is written, under this id. */
export function noteWritten(record: RequestRecord, pagingId: string, noteId: string, nowMs: number): RequestRecord {
  return withPaging(record, pagingId, (paging) =>
    succeeded({ ...withoutFirstNote(paging, nowMs, true), noteIds: [...paging.noteIds, noteId] }, nowMs),
  );
}

/** PagerDuty will never take the first note that was waiting; it must not hold up what comes behind it. */
export function noteRefused(record: RequestRecord, pagingId: string, nowMs: number): RequestRecord {
  return withPaging(record, pagingId, (paging) => succeeded(withoutFirstNote(paging, nowMs, false), nowMs));
}

/** We resolved the incident, or it is gone for good. */
export function incidentClosed(record: RequestRecord, pagingId: string, nowMs: number): RequestRecord {
  return withPaging(record, pagingId, (paging) => closed(paging, nowMs));
}

/** An attempt failed. `retryAfterMs` is what PagerDuty asked for; else full jitter between the two bounds. */
export function pagingFailed(
  record: RequestRecord,
  pagingId: string,
  { nowMs, random, retryAfterMs }: { nowMs: number; random: number; retryAfterMs: number | null },
): RequestRecord {
  return withPaging(record, pagingId, (paging) => {
    const attempts = paging.attempts + 1;
    return { ...paging, attempts, dueMs: nowMs + (retryAfterMs ?? retryDelayMs(attempts, random)) };
  });
}

/** Full jitter over an exponentially growing span; `random` is in [0, 1). */
export function retryDelayMs(attempts: number, random: number): number {
  const span = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(attempts, 10));
  return Math.round(RETRY_MIN_MS + random * (span - RETRY_MIN_MS));
}

/**
 * Somebody resolved an incident in PagerDuty, or merged it into another. While the request is pending a note says that
 * resolving decided nothing; a merge pages again under the next key, and the survivor is told where.
 */
export function incidentResolved(
  record: RequestRecord,
  incidentId: string,
  mergedInto: string | null,
  nowMs: number,
): RequestRecord {
  const paging = pagingOf(record, incidentId);
  if (paging === undefined || paging.closing || record.end !== null) return record;
  if (paging.resolvedInPagerDuty && mergedInto === null) return record;
  const resolved = withPaging(record, paging.id, (before) => ({ ...before, resolvedInPagerDuty: true }));
  if (mergedInto === null) {
    return withPaging(resolved, paging.id, (before) => withNote(before, RESOLVED_WHILE_PENDING_NOTE, nowMs));
  }
  const paged = withNewPaging(resolved, paging, nowMs);
  const next = paged.pagings.at(-1)?.key ?? "";
  return withPaging(paged, paging.id, (merged) =>
    closing(withNote(merged, mergedNote(titleFor(record.request), next), nowMs, mergedInto), nowMs),
  );
}

function succeeded(paging: Paging, nowMs: number): Paging {
  return { ...paging, attempts: 0, dueMs: nowMs };
}
