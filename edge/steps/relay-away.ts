/** No relay is there to carry out answers: the incidents of a pending request say so, once each time. Pure. */
import { relayAwayNote } from "../incident.ts";
import { isLive, withNote } from "../paging.ts";
import type { RequestRecord } from "../record.ts";
import { MAX_PROBLEMS } from "./click.ts";

/** No relay has been connected since a moment. */
export function relayAway(record: RequestRecord, sinceMs: number, nowMs: number): RequestRecord {
  const note = relayAwayNote(sinceMs);
  if (record.end !== null || record.problemsTold.includes(note)) return record;
  const pagings = record.pagings.map((paging) =>
    isLive(paging) && paging.incidentId !== null ? withNote(paging, note, nowMs) : paging,
  );
  return { ...record, pagings, problemsTold: [...record.problemsTold, note].slice(-MAX_PROBLEMS) };
}
