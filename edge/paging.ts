/**
 * One paging of a request: an incident on one service, from the wish to open it, through the notes on it, to its end. What
 * is to be done next follows from its state. Pure.
 */
import * as z from "zod/mini";
import { epochMsSchema } from "../shared/access-request.ts";
import { incidentKeyFor } from "../shared/incident-key.ts";
import { countSchema, ordinalSchema } from "../shared/values.ts";

/** A note that is to be written on an incident. */
const noteSchema = z.object({
  /** `<paging id>#<n>`: unique within the request. */
  id: z.string(),
  text: z.string(),
  /** The incident that it goes on, where that is not the paging's own: the survivor of a merge. */
  onIncidentId: z.nullable(z.string()),
});
export type PendingNote = z.infer<typeof noteSchema>;

/** One incident that stands for the request on one service, from the wish to open it to its end. */
export const pagingSchema = z.object({
  /** `<service id>/<number>`: unique within the request. */
  id: z.string(),
  /** The incident key: what makes opening it idempotent. */
  key: z.string(),
  /** 1, then 2, 3 … each time the request is paged again. */
  number: ordinalSchema,
  serviceId: z.string(),
  /** Sentences about this paging that its readers need, such as a service that was not found. */
  remarks: z.array(z.string()),
  /** The request's digest when its body was written. */
  digest: z.string(),
  /** `opening` until PagerDuty has it; `closed` once it is resolved or will never be opened. */
  state: z.enum(["opening", "open", "closed"]),
  /** Whether PagerDuty refused the full text as too long; the shortened body does not show everything. */
  shortened: z.boolean(),
  /** Whether the body shows every role and resource. */
  shown: z.boolean(),
  incidentId: z.nullable(z.string()),
  url: z.nullable(z.string()),
  /** The service's escalation policy when the incident was made: who may be on call for it. */
  escalationPolicyId: z.nullable(z.string()),
  /** Whether answers from the service reached us when the incident was made; null when that could not be told. */
  covered: z.nullable(z.boolean()),
  /**
   * For an incident that was taken over: the note that shows the request on it, and since when that stands there, which is
   * when answers begin to count; null for an incident of our own.
   */
  adoption: z._default(z.nullable(z.object({ noteId: z.string(), sinceMs: z.nullable(epochMsSchema) })), null),
  /** Whether the relay has written into Teleport that this incident stands for the request. */
  bound: z.boolean(),
  /** Whether somebody resolved or merged it in PagerDuty before its end. */
  resolvedInPagerDuty: z.boolean(),
  /** Whether it is to be resolved once its notes are written. */
  closing: z.boolean(),
  notes: z.array(noteSchema),
  /** How many notes were ever asked for. */
  noteCount: countSchema,
  /** Ids of the notes that we wrote: they never decide. */
  noteIds: z.array(z.string()),
  /** How often PagerDuty was asked in vain for what is no longer wanted and may have been opened. */
  missed: countSchema,
  /** Failed attempts at whatever comes next, and when the next may be made. */
  attempts: countSchema,
  dueMs: epochMsSchema,
  openedMs: z.nullable(epochMsSchema),
  boundMs: z.nullable(epochMsSchema),
  closedMs: z.nullable(epochMsSchema),
});
export type Paging = z.infer<typeof pagingSchema>;

/** A wish to page a request on a service. */
export function newPaging(of: {
  readonly cluster: string;
  readonly requestId: string;
  readonly serviceId: string;
  readonly remarks: readonly string[];
  readonly number: number;
  readonly digest: string;
  readonly nowMs: number;
}): Paging {
  return {
    id: `${of.serviceId}/${of.number}`,
    key: incidentKeyFor(of.cluster, of.requestId, of.number),
    number: of.number,
    serviceId: of.serviceId,
    remarks: [...of.remarks],
    digest: of.digest,
    state: "opening",
    shortened: false,
    shown: true,
    incidentId: null,
    url: null,
    escalationPolicyId: null,
    covered: null,
    adoption: null,
    bound: false,
    resolvedInPagerDuty: false,
    closing: false,
    notes: [],
    noteCount: 0,
    noteIds: [],
    missed: 0,
    attempts: 0,
    dueMs: of.nowMs,
    openedMs: null,
    boundMs: null,
    closedMs: null,
  };
}

/** Whether people can still answer on it. */
export function isLive(paging: Paging): boolean {
  return paging.state !== "closed" && !paging.closing;
}

/** Whether its incident shows the request: one that was taken over does so once it has been told. */
export function showsRequest({ incidentId, adoption }: Paging): boolean {
  return incidentId !== null && adoption?.sinceMs !== null;
}

/** The paging without the first note that was waiting, written or refused for good. */
export function withoutFirstNote(paging: Paging, nowMs: number, isWritten: boolean): Paging {
  const [note, ...notes] = paging.notes;
  const { adoption } = paging;
  if (adoption === null || note?.id !== adoption.noteId) return { ...paging, notes };
  return { ...paging, notes, shown: paging.shown && isWritten, adoption: { ...adoption, sinceMs: nowMs } };
}

/** The paging with one more note to write, on its own incident unless another is named. */
export function withNote(paging: Paging, text: string, nowMs: number, onIncidentId: string | null = null): Paging {
  const noteCount = paging.noteCount + 1;
  const note = { id: `${paging.id}#${noteCount}`, text, onIncidentId };
  // Behind other work its turn comes by itself; a retry that is waiting keeps its time.
  const atRest = paging.state === "closed" || (paging.state === "open" && !paging.closing);
  const idle = atRest && paging.notes.length === 0;
  return { ...paging, notes: [...paging.notes, note], noteCount, ...(idle ? { attempts: 0, dueMs: nowMs } : {}) };
}

/** The paging about to end: its notes are written, then it is resolved. One that is still opening is found first. */
export function closing(paging: Paging, nowMs: number): Paging {
  return { ...paging, closing: true, dueMs: Math.min(paging.dueMs, nowMs) };
}

/** The paging over for good. A note that was asked for meanwhile is still to be written. */
export function closed(paging: Paging, nowMs: number): Paging {
  return { ...paging, state: "closed", closing: true, attempts: 0, dueMs: nowMs, closedMs: nowMs };
}
