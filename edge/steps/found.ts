/** A click that only reconciliation found: it never decides, and whoever gave it is asked to repeat it, once. Pure. */
import type { Verdict } from "../../shared/decisions.ts";
import { undeliveredNote } from "../incident.ts";
import { withNote } from "../paging.ts";
import { type Decision, pagingOf, type RequestRecord, withPaging } from "../record.ts";
import { newDecision, withClick } from "./click.ts";
import { personText } from "./request.ts";

/** A note with a command, or a pressed button, as PagerDuty shows it. */
export interface FoundClick {
  /** Of the note or the log entry. */
  readonly id: string;
  readonly channel: "note" | "action";
  readonly verdict: Verdict;
  readonly incidentId: string;
  readonly personId: string | null;
  readonly person: { readonly name: string; readonly email: string } | null;
  /** Ms since the epoch. */
  readonly occurredMs: number;
}

/** The id under which a found click is kept: another than its delivery's, which may yet come and then counts. */
export function foundId(id: string): string {
  return `found:${id}`;
}

/** Nobody told us of a click. The same one again changes nothing. */
export function clickFound(record: RequestRecord, found: FoundClick, nowMs: number): RequestRecord {
  const { id, channel, verdict, incidentId, personId, person, occurredMs } = found;
  const clickId = foundId(id);
  const paging = pagingOf(record, incidentId);
  const isKnown = record.decisions.some((decision) => decision.clickId === clickId || decision.clickId === id);
  if (paging === undefined || isKnown || record.end !== null) return record;
  // What made room for others may have been this very click.
  if (record.forgottenMs !== null && occurredMs <= record.forgottenMs) return record;
  const { name = null, email = null } = person ?? {};
  const decision: Decision = {
    ...newDecision(clickId, nowMs),
    channel,
    verdict,
    incidentId,
    state: "void",
    personId,
    name,
    email,
    occurredMs,
    decidedMs: nowMs,
  };
  const text = undeliveredNote({ channel, verdict, who: personText(name, email), atMs: occurredMs });
  return withPaging(withClick(record, decision), paging.id, (told) => withNote(told, text, nowMs));
}
