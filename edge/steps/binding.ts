/** What the relay says of a binding: whether Teleport now holds which incidents stand for a request. Pure. */
import type { BoundIncident } from "../../shared/protocol.ts";
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
