/**
 * Everything that the edge knows about one access request, as one value: the request, the incidents that stand for it,
 * the clicks on them, and how it ended. The steps are functions from record to record, and what is still to do follows
 * from the record alone, so that a crash between any two steps loses nothing. Stored as one row of the ledger.
 */
import * as z from "zod";
import { accessRequestSchema, epochMsSchema, requestEndSchema } from "../shared/access-request.ts";
import { verdictSchema } from "../shared/decisions.ts";
import { outcomeSchema, predecessorsIncidentSchema } from "../shared/protocol.ts";
import { newPaging, type Paging, pagingSchema } from "./paging.ts";
import type { Destination } from "./routing.ts";

/** Where a click stands: its log entry is to be re-read, its person looked up, its verdict carried out; or it is over. */
const decisionSchema = z.object({
  clickId: z.string(),
  channel: z.enum(["note", "action", "workflow", "field", "resolve"]),
  verdict: verdictSchema,
  incidentId: z.string(),
  state: z.enum(["rereading", "identifying", "undecided", "decided", "void"]),
  personId: z.string().nullable(),
  email: z.string().nullable(),
  name: z.string().nullable(),
  onCallLevels: z.array(z.int()).nullable(),
  /** The user that our own writes acted as when the person was looked up. */
  botUserId: z.string().nullable().default(null),
  reason: z.string(),
  occurredMs: epochMsSchema,
  receivedMs: epochMsSchema,
  outcome: outcomeSchema.nullable(),
  /** Whether the field that it set is still to be put back. */
  putsBack: z.boolean().default(false),
  decidedMs: epochMsSchema.nullable(),
  attempts: z.int().nonnegative(),
  dueMs: epochMsSchema,
});
export type Decision = z.infer<typeof decisionSchema>;

const endSchema = z.object({
  end: requestEndSchema,
  who: z.string().nullable(),
  why: z.string().nullable(),
  atMs: epochMsSchema,
});
export type RecordedEnd = z.infer<typeof endSchema>;

export const requestRecordSchema = z.object({
  cluster: z.string(),
  request: accessRequestSchema,
  digest: z.string(),
  firstSeenMs: epochMsSchema,
  /** How many of the request's reviews have been told on its incidents. */
  reviewsTold: z.int().nonnegative(),
  /** Names and ids of services that PagerDuty is to be asked about before anything is paged; null once that is settled. */
  routing: z
    .object({
      targets: z.array(z.string()),
      /** An incident to be taken over before any service is looked for. */
      adopt: predecessorsIncidentSchema.nullable().default(null),
      attempts: z.int().nonnegative(),
      dueMs: epochMsSchema,
    })
    .nullable()
    .default(null),
  pagings: z.array(pagingSchema),
  decisions: z.array(decisionSchema),
  /** Authors whose mistyped command has been answered, by PagerDuty user ID. */
  helped: z.array(z.string()),
  /** What the incidents have been told that an admin must mend before answers there can be carried out. */
  problemsTold: z.array(z.string()).default([]),
  end: endSchema.nullable(),
  /** When the record may be deleted; null while the request is open. */
  purgeMs: epochMsSchema.nullable(),
});
export type RequestRecord = z.infer<typeof requestRecordSchema>;

/** Most clicks kept for one request; a person cannot need more, and a row must stay small. */
export const MAX_DECISIONS = 200;

/** The paging that an incident belongs to. */
export function pagingOf(record: RequestRecord, incidentId: string): Paging | undefined {
  return record.pagings.find((paging) => paging.incidentId === incidentId);
}

/** The record with one of its pagings changed. */
export function withPaging(record: RequestRecord, pagingId: string, change: (paging: Paging) => Paging): RequestRecord {
  return { ...record, pagings: record.pagings.map((paging) => (paging.id === pagingId ? change(paging) : paging)) };
}

/** The record with one of its decisions changed. */
export function withDecision(
  record: RequestRecord,
  clickId: string,
  change: (decision: Decision) => Decision,
): RequestRecord {
  return {
    ...record,
    decisions: record.decisions.map((decision) => (decision.clickId === clickId ? change(decision) : decision)),
  };
}

/** The record with one more incident wished for on a service, under the next key. */
export function withNewPaging(
  record: RequestRecord,
  { serviceId, remarks }: Destination,
  nowMs: number,
): RequestRecord {
  const number = 1 + Math.max(0, ...record.pagings.filter((p) => p.serviceId === serviceId).map((p) => p.number));
  const { cluster, request, digest } = record;
  const paging = newPaging({ cluster, requestId: request.id, serviceId, remarks, number, digest, nowMs });
  return { ...record, pagings: [...record.pagings, paging] };
}
