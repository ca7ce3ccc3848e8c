/**
 * What the relay says of a request: it is there, it has changed, it has ended. Record and input → record. Pure.
 */
import { type AccessRequest, digestOf, type RequestEnd } from "../../shared/access-request.ts";
import { AUTO_CLICK_ID } from "../../shared/auto-approval.ts";
import type { PredecessorsIncident } from "../../shared/protocol.ts";
import { changedNote, endNote, reviewNote } from "../incident.ts";
import { closing, isLive, type Paging, withNote } from "../paging.ts";
import { type RequestRecord, withNewPaging, withPaging } from "../record.ts";
import type { Destination, Routing } from "../routing.ts";
import { retryDelayMs } from "./paging.ts";

/** How long past its expiry a request is left to the relay to report, in ms, before the edge ends it by itself. */
export const EXPIRY_GRACE_MS = 30_000;

/** Who approved what nobody had to. */
export const AUTO_APPROVER = "on-call auto-approval";

/** A request that is seen for the first time, paged at once when it is known where. */
export function newRecord(
  cluster: string,
  request: AccessRequest,
  routing: Routing,
  nowMs: number,
  adopt: PredecessorsIncident | null = null,
): RequestRecord {
  const record: RequestRecord = {
    cluster,
    request,
    digest: digestOf(cluster, request),
    firstSeenMs: nowMs,
    mayBePaged: false,
    reviewsTold: 0,
    routing: { targets: routing.kind === "unrouted" ? [...routing.targets] : [], adopt, attempts: 0, dueMs: nowMs },
    onCall: null,
    pagings: [],
    decisions: [],
    forgottenMs: null,
    helped: [],
    problemsTold: [],
    end: null,
    purgeMs: null,
  };
  return routing.kind === "unrouted" ? record : routed(record, routing.destinations, nowMs);
}

/** It is known where a request goes. Where it went before, or is over, nothing changes. */
export function routed(record: RequestRecord, destinations: readonly Destination[], nowMs: number): RequestRecord {
  if (record.routing === null || record.end !== null) return record;
  const settled: RequestRecord = { ...record, routing: null };
  return withReviewsTold(
    destinations.reduce((paged, destination) => withNewPaging(paged, destination, nowMs), settled),
    nowMs,
  );
}

/** PagerDuty could not be asked where a request goes; it is asked again. */
export function routingFailed(
  record: RequestRecord,
  { nowMs, random, retryAfterMs }: { nowMs: number; random: number; retryAfterMs: number | null },
): RequestRecord {
  const { routing } = record;
  if (routing === null) return record;
  const attempts = routing.attempts + 1;
  const dueMs = nowMs + (retryAfterMs ?? retryDelayMs(attempts, random));
  return { ...record, routing: { ...routing, attempts, dueMs } };
}

/** The request as the relay sees it now. Reviews are told once each; another digest pages again under the next key. */
export function requestSeen(record: RequestRecord, request: AccessRequest, nowMs: number): RequestRecord {
  if (record.end !== null) return record;
  const digest = digestOf(record.cluster, request);
  const seen: RequestRecord = { ...record, request, digest };
  if (digest === record.digest) return withReviewsTold(seen, nowMs);
  return withReviewsTold(
    seen.pagings.filter(isLive).reduce((paged, outdated) => pageAgain(paged, outdated, nowMs), seen),
    nowMs,
  );
}

function pageAgain(record: RequestRecord, outdated: Paging, nowMs: number): RequestRecord {
  const paged = withNewPaging(record, outdated, nowMs);
  const nextKey = paged.pagings.at(-1)?.key ?? "";
  return withPaging(paged, outdated.id, (paging) => closing(withNote(paging, changedNote(nextKey), nowMs), nowMs));
}

function withReviewsTold(record: RequestRecord, nowMs: number): RequestRecord {
  const untold = record.request.reviews.slice(record.reviewsTold);
  // Before it is paged there is nobody to tell.
  if (untold.length === 0 || record.routing !== null) return record;
  const pagings = record.pagings.map((paging) =>
    isLive(paging) ? untold.reduce((told, review) => withNote(told, reviewNote(review), nowMs), paging) : paging,
  );
  return { ...record, pagings, reviewsTold: record.request.reviews.length };
}

/** How a request ended, by whose act and why; `clickId` names the click when it was one of ours. */
export interface Ending {
  readonly end: RequestEnd;
  readonly who: string | null;
  readonly why: string | null;
  readonly clickId: string | null;
}

/** How far a relay's clock may be off before its word that a request has expired is not taken, in ms. */
export const MAX_CLOCK_OFFSET_MS = 60_000;

/** Whether a request is said to have expired long before it does by our clock: whoever says so has another. */
export function expiresTooEarly(record: RequestRecord, { end }: Ending, nowMs: number): boolean {
  const expiresMs = record.request.requestExpiresMs;
  return end === "expired" && expiresMs !== null && nowMs < expiresMs - MAX_CLOCK_OFFSET_MS;
}

/** The request is over: its incidents get their last note and are resolved. A second end changes nothing. */
export function requestEnded(record: RequestRecord, ending: Ending, nowMs: number, retainMs: number): RequestRecord {
  if (record.end !== null) return record;
  const click = record.decisions.find(({ clickId }) => clickId === ending.clickId);
  const unclicked = ending.clickId === AUTO_CLICK_ID ? AUTO_APPROVER : ending.who;
  const who = click === undefined ? unclicked : personText(click.name, click.email);
  const why = click === undefined ? ending.why : click.reason || ending.why;
  const note = endNote(ending.end, who, why);
  const pagings = record.pagings.map((paging) =>
    isLive(paging) ? closing(withNote(paging, note, nowMs), nowMs) : paging,
  );
  const accessEndsMs = ending.end === "approved" ? (record.request.accessExpiresMs ?? nowMs) : nowMs;
  return {
    ...record,
    pagings,
    // An incident that is there already has to be closed all the same.
    routing: record.routing?.adopt ? record.routing : null,
    end: { end: ending.end, who, why, atMs: nowMs },
    purgeMs: Math.max(nowMs, accessEndsMs) + retainMs,
  };
}

/** A person as notes name them. */
export function personText(name: string | null, email: string | null): string | null {
  if (name === null || name === "") return email;
  return email === null || email === "" ? name : `${name} (${email})`;
}
