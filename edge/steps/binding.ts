/** What the relay says of a binding: whether Teleport now holds which incidents stand for a request. Pure. */
import type { BoundIncident } from "../../shared/protocol.ts";
import { isLive } from "../paging.ts";
import type { RequestRecord } from "../record.ts";

/** The relay wrote these incidents into Teleport for this digest. */
export function bound(
  record: RequestRecord,
  { digest, incidents }: { digest: string; incidents: readonly BoundIncident[] },
  nowMs: number,
): RequestRecord {
  const ids = new Set(incidents.map(({ incident }) => incident));
  return {
    ...record,
    pagings: record.pagings.map((paging) =>
      paging.incidentId !== null && paging.digest === digest && ids.has(paging.incidentId) && !paging.bound
        ? { ...paging, bound: true, boundMs: nowMs }
        : paging,
    ),
  };
}

/** A relay that is no longer asked wrote these incidents all the same: whatever else is bound has to be bound again. */
export function boundLate(
  record: RequestRecord,
  { incidents }: { incidents: readonly BoundIncident[] },
): RequestRecord {
  const ids = new Set(incidents.map(({ incident }) => incident));
  const isOverwritten = record.pagings.some(
    (paging) => isLive(paging) && paging.bound && paging.incidentId !== null && !ids.has(paging.incidentId),
  );
  if (!isOverwritten) return record;
  return {
    ...record,
    pagings: record.pagings.map((paging) => ({ ...paging, bound: paging.bound && !isLive(paging) })),
  };
}
