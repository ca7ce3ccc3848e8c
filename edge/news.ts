/**
 * What has happened to a request between two of its records: what is logged of it, and what is counted. Pure.
 */
import type { RequestEnd } from "../shared/access-request.ts";
import type { Verdict } from "../shared/decisions.ts";
import type { Refusal } from "../shared/refusal.ts";
import type { Decision, RequestRecord } from "./record.ts";

interface OfClick {
  readonly clickId: string;
  readonly incidentId: string;
  readonly verdict: Verdict;
}

/** One event. Spans are in ms, from one clock to another's, and null where one of the ends is not known. */
export type News =
  | { readonly kind: "seen" }
  | { readonly kind: "paged"; readonly incidentId: string; readonly afterMs: number | null }
  | (OfClick & { readonly kind: "clicked"; readonly channel: Decision["channel"] })
  | (OfClick & { readonly kind: "applied"; readonly afterMs: number })
  | (OfClick & { readonly kind: "refused"; readonly refusal: Refusal })
  | { readonly kind: "not_auto_approved"; readonly refusal: Refusal }
  | { readonly kind: "ended"; readonly end: RequestEnd };

/** What the log calls each. */
export const NEWS: Readonly<Record<News["kind"], string>> = {
  seen: "Request seen",
  paged: "Incident opened",
  clicked: "Answer given",
  applied: "Answer carried out",
  refused: "Answer refused",
  not_auto_approved: "Not approved, though the requester is on call",
  ended: "Request ended",
};

/** Every event, in the order of a request's life; `before` is undefined for a new one. */
export function newsOf(record: RequestRecord, before: RequestRecord | undefined): News[] {
  const { end, onCall } = record;
  const refusal = onCall?.refusal ?? null;
  // An offer that is no more was answered.
  const isAnswered = before?.onCall?.offer != null && onCall?.offer === null;
  return [
    ...(before === undefined ? [{ kind: "seen" } as const] : []),
    ...pagedSince(record, before),
    ...clickedSince(record, before),
    ...(isAnswered && refusal !== null ? [{ kind: "not_auto_approved", refusal } as const] : []),
    ...(end !== null && before?.end == null ? [{ kind: "ended", end: end.end } as const] : []),
  ];
}

function pagedSince({ request, pagings }: RequestRecord, before: RequestRecord | undefined): News[] {
  const known = new Set(before?.pagings.flatMap(({ openedMs, id }) => (openedMs === null ? [] : [id])));
  return pagings.flatMap(({ id, number, incidentId, openedMs, adoption }) => {
    if (incidentId === null || openedMs === null || known.has(id)) return [];
    // Paged again, or taken over, is not what somebody who asked has waited for.
    const isFirst = number === 1 && adoption === null && request.createdMs !== null;
    return [{ kind: "paged", incidentId, afterMs: isFirst ? Math.max(0, openedMs - (request.createdMs ?? 0)) : null }];
  });
}

function clickedSince({ decisions }: RequestRecord, before: RequestRecord | undefined): News[] {
  const known = new Map(before?.decisions.map((decision) => [decision.clickId, decision]));
  return decisions.flatMap((decision): News[] => {
    const { clickId, incidentId, verdict, channel, outcome, receivedMs, decidedMs } = decision;
    const of = { clickId, incidentId, verdict };
    const clicked: News[] = known.has(clickId) ? [] : [{ ...of, kind: "clicked", channel }];
    if (outcome === null || known.get(clickId)?.outcome != null) return clicked;
    return [
      ...clicked,
      outcome.result === "refused"
        ? { ...of, kind: "refused", refusal: outcome.refusal }
        : { ...of, kind: "applied", afterMs: Math.max(0, (decidedMs ?? receivedMs) - receivedMs) },
    ];
  });
}
