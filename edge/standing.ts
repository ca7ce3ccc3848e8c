/**
 * How a request that is alive stands: what has to be known of all of them at once, without reading a record. Stored beside
 * the record, in the same row. Pure.
 */
import * as z from "zod/mini";
import { epochMsSchema } from "../shared/access-request.ts";
import { countSchema } from "../shared/values.ts";
import type { RequestRecord } from "./record.ts";
import { EXPIRY_GRACE_MS } from "./steps/request.ts";
import { awaitsRelay, isAlive, pagerDutyTasks, RANK, rankOfRecord } from "./todo.ts";

export const standingSchema = z.object({
  digest: z.string(),
  reviewsTold: countSchema,
  isPending: z.boolean(),
  awaitsRelay: z.boolean(),
  /** Whether an incident may exist in PagerDuty whose id has not been heard of yet. */
  isOpening: z.boolean(),
  /** How urgent what it asks of PagerDuty is, and when the first of that is due; null when it asks nothing. */
  rank: z.enum(RANK),
  dueMs: z.nullable(epochMsSchema),
  /** When the edge ends it by itself; null: never. */
  expiresMs: z.nullable(epochMsSchema),
});
export type Standing = z.infer<typeof standingSchema>;

/** How a request stands; undefined once it is no more than history. */
export function standingOf(record: RequestRecord): Standing | undefined {
  if (!isAlive(record)) return undefined;
  const { digest, reviewsTold, end, pagings, request, mayBePaged, routing } = record;
  const isPending = end === null;
  const due = pagerDutyTasks(record).map(({ dueMs }) => dueMs);
  const expiresMs = isPending && request.requestExpiresMs !== null ? request.requestExpiresMs + EXPIRY_GRACE_MS : null;
  return {
    digest,
    reviewsTold,
    isPending,
    awaitsRelay: awaitsRelay(record),
    isOpening: pagings.some(({ state }) => state === "opening") || (mayBePaged && routing !== null),
    rank: rankOfRecord(record),
    dueMs: due.length === 0 ? null : Math.min(...due),
    expiresMs,
  };
}
