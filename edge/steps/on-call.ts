/**
 * Whether the requester is on call, and what the relay made of it. While the first answer is under way nothing is paged, for
 * a moment. Record and input → record. Pure.
 */
import { autoApprovalReason } from "../../shared/auto-approval.ts";
import type { Outcome } from "../../shared/protocol.ts";
import type { OnCallOffer, RequestRecord } from "../record.ts";
import { retryDelayMs } from "./paging.ts";
import { AUTO_APPROVER, requestEnded } from "./request.ts";

/** Longest time for which a request is not paged because it may be approved at once, in ms. */
export const HOLD_MS = 3_000;

/** How often it is asked again while the request is pending, in ms. */
export const ASK_EVERY_MS = 90_000;

/** A new request whose requester may be on call. */
export function asksOnCall(record: RequestRecord, nowMs: number): RequestRecord {
  return {
    ...record,
    onCall: { dueMs: nowMs, attempts: 0, heldUntilMs: nowMs + HOLD_MS, offer: null, refusal: null },
  };
}

/** PagerDuty said for what the requester is on call; null: for nothing that counts, so that the request is paged. */
export function onCallAnswered(record: RequestRecord, offer: OnCallOffer | null, nowMs: number): RequestRecord {
  const { onCall } = record;
  if (onCall === null || record.end !== null) return record;
  const heldUntilMs = offer === null ? nowMs : onCall.heldUntilMs;
  return { ...record, onCall: { ...onCall, dueMs: nowMs + ASK_EVERY_MS, attempts: 0, heldUntilMs, offer } };
}

/** PagerDuty could not be asked; it is asked again, and the request is paged all the same. */
export function onCallFailed(
  record: RequestRecord,
  { nowMs, random, retryAfterMs }: { nowMs: number; random: number; retryAfterMs: number | null },
): RequestRecord {
  const { onCall } = record;
  if (onCall === null) return record;
  const attempts = onCall.attempts + 1;
  const dueMs = nowMs + (retryAfterMs ?? retryDelayMs(attempts, random));
  return { ...record, onCall: { ...onCall, attempts, dueMs, heldUntilMs: nowMs } };
}

/** Nobody asks for it any more. */
export function onCallForgotten(record: RequestRecord): RequestRecord {
  return record.onCall === null ? record : { ...record, onCall: null };
}

/** The relay said what became of the offer. */
export function offerAnswered(
  record: RequestRecord,
  outcome: Outcome,
  { nowMs, retainMs }: { nowMs: number; retainMs: number },
): RequestRecord {
  const { onCall } = record;
  if (onCall === null) return record;
  if (outcome.result === "refused") {
    return { ...record, onCall: { ...onCall, offer: null, heldUntilMs: nowMs, refusal: outcome.refusal } };
  }
  // A review may be one of several that the request needs.
  if (outcome.state !== "APPROVED") return onCallForgotten(record);
  const services = onCall.offer?.services.map(({ name }) => name) ?? [];
  const why = services.length === 0 ? null : autoApprovalReason(record.request.user, services);
  return requestEnded(record, { end: "approved", who: AUTO_APPROVER, why, clickId: null }, nowMs, retainMs);
}
