/**
 * A Teleport access request as both halves know it, and its digest, which ties what people read in PagerDuty to what
 * Teleport holds. Teleport's words; source: `AccessRequestV3` in types.proto, Teleport 4.2.8 to 18.
 */
import { createHash } from "node:crypto";
import * as z from "zod/mini";

/** `types.RequestState`. `NONE` also stands for a state that a newer Teleport may add: whatever it is, it is not pending. */
export const requestStateSchema = z.enum(["NONE", "PENDING", "APPROVED", "DENIED", "PROMOTED"]);
export type RequestState = z.infer<typeof requestStateSchema>;

/** A point in time, milliseconds since the epoch. */
export const epochMsSchema = z.int();

/** The first and the last millisecond that Teleport can tell: the years 1 to 9999 of protobuf's `Timestamp`. */
export const MIN_TOLD_MS = -62_135_596_800_000;
export const MAX_TOLD_MS = 253_402_300_799_999;

/** A point in time that somebody else tells. It can be written as a date, and so can what is reckoned from it. */
export const toldMsSchema = z.int().check(z.minimum(MIN_TOLD_MS), z.maximum(MAX_TOLD_MS));

/**
 * What Teleport calls a request. It takes nothing but UUIDs; anything like one will do here that can stand in a URL, an
 * incident's key and a database without being another there.
 */
export const requestIdSchema = z.string().check(z.regex(/^[!-.0-~]{1,255}$/));

/** A resource that a request names instead of, or beside, roles: `/<cluster>/<kind>/<name>`. */
export const requestedResourceSchema = z.object({
  cluster: z.string(),
  kind: z.string(),
  name: z.string(),
  subResource: z.string(),
  /** The constraints on the resource as the bytes that Teleport sent, base64; empty when there are none. */
  constraints: z.string(),
  /** The name that people know it by, when `name` is an opaque id and we may look it up. */
  friendlyName: z.optional(z.string()),
});
export type RequestedResource = z.infer<typeof requestedResourceSchema>;

/** One `AccessReview` made in Teleport. */
export const accessReviewSchema = z.object({
  author: z.string(),
  proposedState: requestStateSchema,
  reason: z.string(),
  createdMs: z.nullable(toldMsSchema),
});
export type AccessReview = z.infer<typeof accessReviewSchema>;

/** Times are null when Teleport has not set them (absent, or Go's year 1). */
export const accessRequestSchema = z.object({
  id: requestIdSchema,
  user: z.string(),
  roles: z.array(z.string()),
  state: requestStateSchema,
  resources: z.array(requestedResourceSchema),
  reason: z.string(),
  resolveReason: z.string(),
  suggestedReviewers: z.array(z.string()),
  /** `SystemAnnotations`: what roles' rules attach to a request, such as `pagerduty_notify_service`. */
  annotations: z.catchall(z.object({}), z.array(z.string())),
  reviews: z.array(accessReviewSchema),
  createdMs: z.nullable(toldMsSchema),
  /** When the request itself ends if nobody decides: `ResourceExpiry`, else `Metadata.Expires`, else `Spec.Expires`. */
  requestExpiresMs: z.nullable(toldMsSchema),
  /** When granted access ends: `Spec.Expires`. */
  accessExpiresMs: z.nullable(toldMsSchema),
  maxDurationMs: z.nullable(toldMsSchema),
  sessionTtlMs: z.nullable(toldMsSchema),
  requestKind: z.enum(["UNDEFINED", "SHORT_TERM", "LONG_TERM"]),
});
export type AccessRequest = z.infer<typeof accessRequestSchema>;

/** How a request can end. `deleted` is Teleport's DELETE before its expiry. */
export const REQUEST_ENDS = ["approved", "denied", "expired", "promoted", "deleted"] as const;
export const requestEndSchema = z.enum(REQUEST_ENDS);
export type RequestEnd = (typeof REQUEST_ENDS)[number];

/** The end that a state stands for; undefined while the request is open. */
export function endOfState(state: RequestState): RequestEnd | undefined {
  switch (state) {
    case "APPROVED":
      return "approved";
    case "DENIED":
      return "denied";
    case "PROMOTED":
      return "promoted";
    case "PENDING":
    case "NONE":
      return undefined;
  }
}

/** Hex digits of the digest that people see on the incident. */
export const SHORT_DIGEST_CHARACTERS = 8;

/**
 * SHA-256, in hex, over everything about a request that a person approves: whoever sees the same digest has seen the same
 * request. State, reviews, `ResourceExpiry`, `Metadata.Expires` and `AssumeStartTime` are left out, because Teleport
 * changes them in the ordinary course of a request.
 */
export function digestOf(cluster: string, request: AccessRequest): string {
  const canonical = JSON.stringify([
    "access-request/1",
    cluster,
    request.id,
    request.user,
    request.roles.toSorted(),
    request.resources
      .map(({ cluster, kind, name, subResource, constraints }) =>
        JSON.stringify([cluster, kind, name, subResource, constraints]),
      )
      .toSorted(),
    request.reason,
    request.accessExpiresMs,
    request.maxDurationMs,
    request.sessionTtlMs,
    request.requestKind,
  ]);
  return createHash("sha256").update(canonical).digest("hex");
}

/** The part of a digest that an incident's body shows. */
export function shortDigest(digest: string): string {
  return digest.slice(0, SHORT_DIGEST_CHARACTERS);
}
