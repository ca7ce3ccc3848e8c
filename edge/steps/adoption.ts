/**
 * The incident that Teleport's own plugin opened for a request, taken over instead of opening another. It counts once its
 * readers have been shown the request as we show it. Record and input → record. Pure.
 */
import { type Body, endNote, takenOverNote } from "../incident.ts";
import { closing, type Paging, withNote } from "../paging.ts";
import { type RequestRecord, withNewPaging, withPaging } from "../record.ts";

/** That incident as PagerDuty has it. */
export interface AdoptedIncident {
  readonly incidentId: string;
  /** In the form of that plugin. */
  readonly key: string;
  readonly serviceId: string;
  readonly url: string | null;
  readonly escalationPolicyId: string | null;
  /** As a paging has it. */
  readonly covered: boolean | null;
}

/** The incident is there and open: it stands for the request, and is told the whole body. Its plugin told earlier reviews. */
export function adopted(record: RequestRecord, incident: AdoptedIncident, body: Body, nowMs: number): RequestRecord {
  if (!record.routing?.adopt) return record;
  const { serviceId, ...known } = incident;
  const reviewsTold = record.request.reviews.length;
  const paged = withNewPaging({ ...record, routing: null, reviewsTold }, { serviceId, remarks: [] }, nowMs);
  return withPaging(paged, paged.pagings.at(-1)?.id ?? "", (wanted) => {
    const open: Paging = { ...wanted, ...known, state: "open", shown: body.shown, openedMs: nowMs };
    const told = withNote(open, takenOverNote(body.text), nowMs);
    const paging = { ...told, adoption: { noteId: told.notes.at(-1)?.id ?? "", sinceMs: null } };
    if (record.end === null) return paging;
    // The request went while PagerDuty could not be asked: nobody else would close the incident.
    const { end, who, why } = record.end;
    return closing(withNote(paging, endNote(end, who, why), nowMs), nowMs);
  });
}

/** There is no such incident to take over: the request is paged like any other, unless it is over. */
export function notAdopted(record: RequestRecord): RequestRecord {
  if (!record.routing?.adopt) return record;
  return { ...record, routing: record.end === null ? { ...record.routing, adopt: null } : null };
}
