/**
 * A Teleport access request: message off the wire → what the relay works with. The only place that knows how the many
 * releases spell an unset time, an unknown state or a requested resource. Pure, and total: whatever a message holds, it
 * translates or is no request at all.
 */
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type AccessRequest,
  type AccessReview,
  MAX_TOLD_MS,
  type RequestedResource,
  type RequestState,
  requestIdSchema,
} from "../shared/access-request.ts";
import { toBase64 } from "../shared/bytes.ts";
import {
  type AccessRequest as AccessRequestMessage,
  type AccessRequestSpec,
  type AccessReview as AccessReviewMessage,
  type ResourceID,
  RequestKind as WireKind,
  RequestState as WireState,
} from "./gen/teleport_pb.ts";

/** A condition on reviews (`AccessReviewThreshold`): how many approvals, and from whom when `filter` is not empty. */
export interface ReviewThreshold {
  readonly approve: number;
  /** In Teleport's predicate language; empty when any reviewer counts. */
  readonly filter: string;
}

/** A request as Teleport holds it now, with what only the relay needs to know of it. */
export interface LiveRequest {
  readonly request: AccessRequest;
  /** Those that apply to the request's roles. Empty before 6.1. */
  readonly thresholds: readonly ReviewThreshold[];
  /** When the requester wants the access to begin (`AssumeStartTime`), milliseconds since the epoch; null for at once. */
  readonly assumeStartMs: number | null;
  /** When Teleport drops the record (`Metadata.Expires`), milliseconds since the epoch; null in 18. */
  readonly metadataExpiresMs: number | null;
}

/** The live request that a message is; undefined when it names none. */
export function liveRequestFor(message: AccessRequestMessage): LiveRequest | undefined {
  const request = accessRequestFor(message);
  if (request === undefined) return undefined;
  return {
    request,
    thresholds: thresholdsFor(message.spec),
    assumeStartMs: timeFor(message.spec?.assumeStartTime),
    metadataExpiresMs: timeFor(message.metadata?.expires),
  };
}

/**
 * The access request that a message is (`AccessRequestV3`, 4.2.8 to 18); undefined when it has no name to know it by.
 * A state that a newer Teleport may add reads as `NONE`.
 */
export function accessRequestFor({ metadata, spec }: AccessRequestMessage): AccessRequest | undefined {
  const id = requestIdSchema.safeParse(metadata?.name).data;
  if (id === undefined) return undefined;
  return {
    id,
    user: spec?.user ?? "",
    roles: spec?.roles ?? [],
    state: stateFor(spec?.state ?? WireState.NONE),
    resources: resourcesFor(spec),
    reason: spec?.requestReason ?? "",
    resolveReason: spec?.resolveReason ?? "",
    suggestedReviewers: spec?.suggestedReviewers ?? [],
    annotations: annotationsFor(spec),
    reviews: (spec?.reviews ?? []).map(reviewFor),
    createdMs: timeFor(spec?.created),
    requestExpiresMs: timeFor(spec?.resourceExpiry) ?? timeFor(metadata?.expires) ?? timeFor(spec?.expires),
    accessExpiresMs: timeFor(spec?.expires),
    maxDurationMs: timeFor(spec?.maxDuration),
    sessionTtlMs: timeFor(spec?.sessionTtl),
    requestKind: kindFor(spec?.requestKind ?? WireKind.UNDEFINED),
  };
}

function stateFor(state: WireState): RequestState {
  switch (state) {
    case WireState.PENDING:
      return "PENDING";
    case WireState.APPROVED:
      return "APPROVED";
    case WireState.DENIED:
      return "DENIED";
    case WireState.PROMOTED:
      return "PROMOTED";
    default:
      return "NONE";
  }
}

function kindFor(kind: WireKind): AccessRequest["requestKind"] {
  switch (kind) {
    case WireKind.SHORT_TERM:
      return "SHORT_TERM";
    case WireKind.LONG_TERM:
      return "LONG_TERM";
    default:
      return "UNDEFINED";
  }
}

function reviewFor({ author, proposedState, reason, created }: AccessReviewMessage): AccessReview {
  return { author, proposedState: stateFor(proposedState), reason, createdMs: timeFor(created) };
}

function annotationsFor(spec: AccessRequestSpec | undefined): Record<string, string[]> {
  const entries = Object.entries(spec?.systemAnnotations?.values ?? {});
  return Object.fromEntries(entries.map(([name, { values }]) => [name, values]));
}

/** Seconds since the epoch at which the year 2 begins. Go's zero time is the year 1. */
const YEAR_2_SECONDS = -62104060800n;

function timeFor(timestamp: Timestamp | undefined): number | null {
  if (timestamp === undefined || timestamp.seconds < YEAR_2_SECONDS) return null;
  const ms = Math.trunc(timestampMs(timestamp));
  return ms <= MAX_TOLD_MS ? ms : null;
}

function thresholdsFor(spec: AccessRequestSpec | undefined): ReviewThreshold[] {
  const all = (spec?.thresholds ?? []).map(({ approve, filter }) => ({ approve, filter }));
  const mapping = spec?.roleThresholdMapping ?? {};
  if (spec === undefined || Object.keys(mapping).length === 0) return all;
  const indexes = new Set<number>();
  for (const role of spec.roles) {
    // A role that the mapping does not know could be under any of them.
    if (!Object.hasOwn(mapping, role)) return all;
    for (const { indexes: set } of mapping[role]?.sets ?? []) for (const index of set) indexes.add(index);
  }
  return all.filter((_, index) => indexes.has(index));
}

function resourcesFor(spec: AccessRequestSpec | undefined): RequestedResource[] {
  const constrained = spec?.requestedResourceAccessIds ?? [];
  if (constrained.length === 0) return (spec?.requestedResourceIds ?? []).map((id) => resourceFor(id, ""));
  return constrained.map(({ id, constraints }) => resourceFor(id, toBase64(Buffer.concat(constraints))));
}

function resourceFor(id: ResourceID | undefined, constraints: string): RequestedResource {
  const { clusterName: cluster = "", kind = "", name = "", subResourceName: subResource = "" } = id ?? {};
  return { cluster, kind, name, subResource, constraints };
}
