/**
 * Everything that the edge knows about one access request, as one value: the request, the incidents that stand for it,
 * the clicks on them, and how it ended. The steps are functions from record to record, and what is still to do follows
 * from the record alone, so that a crash between any two steps loses nothing. Stored as one row of the ledger.
 */
import * as z from "zod/mini";
import { accessRequestSchema, epochMsSchema, requestEndSchema } from "../shared/access-request.ts";
import { verdictSchema } from "../shared/decisions.ts";
import { outcomeSchema, predecessorsIncidentSchema } from "../shared/protocol.ts";
import { refusalSchema } from "../shared/refusal.ts";
import { countSchema } from "../shared/values.ts";
import { newPaging, type Paging, pagingSchema } from "./paging.ts";
import type { Destination } from "./routing.ts";

/** How a click was made; `resolve` where resolving an incident denies. */
export const CLICK_CHANNELS = ["note", "action", "workflow", "field", "resolve"] as const;
const clickChannelSchema = z.enum(CLICK_CHANNELS);

/** Where a click stands: its log entry is to be re-read, its person looked up, its verdict carried out; or it is over. */
const decisionSchema = z.object({
  clickId: z.string(),
  channel: clickChannelSchema,
  verdict: verdictSchema,
  incidentId: z.string(),
  state: z.enum(["rereading", "identifying", "undecided", "decided", "void"]),
  personId: z.nullable(z.string()),
  email: z.nullable(z.string()),
  name: z.nullable(z.string()),
  onCallLevels: z.nullable(z.array(z.int())),
  /** The user that our own writes acted as when the person was looked up. */
  botUserId: z._default(z.nullable(z.string()), null),
  reason: z.string(),
  occurredMs: epochMsSchema,
  receivedMs: epochMsSchema,
  outcome: z.nullable(outcomeSchema),
  /** Whether the field that it set is still to be put back. */
  putsBack: z._default(z.boolean(), false),
  decidedMs: z.nullable(epochMsSchema),
  attempts: countSchema,
  dueMs: epochMsSchema,
});
export type Decision = z.infer<typeof decisionSchema>;

const endSchema = z.object({
  end: requestEndSchema,
  who: z.nullable(z.string()),
  why: z.nullable(z.string()),
  atMs: epochMsSchema,
});
export type RecordedEnd = z.infer<typeof endSchema>;

/** The requester in PagerDuty, and the services of the request's own choosing for which they were on call at a moment. */
const onCallOfferSchema = z.object({
  atMs: epochMsSchema,
  person: z.object({ id: z.string(), email: z.string(), name: z.string() }),
  services: z.array(z.object({ name: z.string(), id: z.string(), levels: z.array(z.int()) })),
});
export type OnCallOffer = z.infer<typeof onCallOfferSchema>;

export const requestRecordSchema = z.object({
  cluster: z.string(),
  request: accessRequestSchema,
  digest: z.string(),
  firstSeenMs: epochMsSchema,
  /** Whether a relay that connected brought it: should the ledger have been lost, PagerDuty may have its incidents. */
  mayBePaged: z._default(z.boolean(), false),
  /** How many of the request's reviews have been told on its incidents. */
  reviewsTold: countSchema,
  /** Names and ids of services that PagerDuty is to be asked about before anything is paged; null once that is settled. */
  routing: z._default(
    z.nullable(
      z.object({
        targets: z.array(z.string()),
        /** An incident to be taken over before any service is looked for. */
        adopt: z._default(z.nullable(predecessorsIncidentSchema), null),
        attempts: countSchema,
        dueMs: epochMsSchema,
      }),
    ),
    null,
  ),
  /** When it is asked next whether the requester is on call, and what was found; null: it is not asked. */
  onCall: z._default(
    z.nullable(
      z.object({
        dueMs: epochMsSchema,
        attempts: countSchema,
        /** Nothing is paged before: the request may be approved at once. */
        heldUntilMs: epochMsSchema,
        /** What the relay is to judge. */
        offer: z.nullable(onCallOfferSchema),
        /** Why the relay did not carry out the last offer. */
        refusal: z.nullable(refusalSchema),
      }),
    ),
    null,
  ),
  pagings: z.array(pagingSchema),
  decisions: z.array(decisionSchema),
  /** Clicks of up to this moment may have been forgotten to make room for others; null: none has. */
  forgottenMs: z._default(z.nullable(epochMsSchema), null),
  /** Authors whose mistyped command has been answered, by PagerDuty user ID. */
  helped: z.array(z.string()),
  /** What the incidents have been told that an admin must mend before answers there can be carried out. */
  problemsTold: z._default(z.array(z.string()), []),
  end: z.nullable(endSchema),
  /** When the record may be deleted; null while the request is open. */
  purgeMs: z.nullable(epochMsSchema),
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
