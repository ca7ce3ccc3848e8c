// A new access request as the release at hand stores it: checked, named, dated, and without the fields it does not know.

import { randomUUID } from "node:crypto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { TimestampSchema, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type AccessRequest,
  AccessRequestSchema,
  type AccessRequestSpecSchema,
  RequestState,
} from "../../../relay/gen/teleport_pb.ts";
import { badParameter, type Refusal } from "./refusal.ts";
import type { Behaviour } from "./versions.ts";

/** How the cluster treats new requests. */
export interface RequestRules {
  readonly behaviour: Behaviour;
  /** The access that a role gives: `max_session_ttl`, by default 30 h. */
  readonly accessTtlMs: number;
  /** Roles that may be asked for; undefined is any. */
  readonly requestableRoles: readonly string[] | undefined;
  /** Epoch ms. */
  readonly now: () => number;
}

/** What Go sends for a time that is not set and cannot be left out: the year 1. */
export const GO_ZERO_TIME = create(TimestampSchema, { seconds: -62_135_596_800n });

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The record to store for what a caller sent, or why it is refused. */
export function newRequestFor(sent: AccessRequest, rules: RequestRules): AccessRequest | Refusal {
  const spec = sent.spec;
  const sentName = sent.metadata?.name ?? "";
  const id = rules.behaviour.keepsName ? sentName : randomUUID();
  if (!UUID.test(id)) {
    return badParameter(`invalid access request id "${id}": not a UUID`);
  }
  if (spec === undefined || spec.user === "" || (spec.roles.length === 0 && spec.requestedResourceIds.length === 0)) {
    return badParameter("access request is missing its user or its roles");
  }
  const foreign = spec.roles.find((role) => rules.requestableRoles?.includes(role) === false);
  if (foreign !== undefined) {
    return badParameter(`user "${spec.user}" can not request role "${foreign}"`);
  }
  return create(AccessRequestSchema, {
    kind: "access_request",
    version: "v3",
    metadata: { name: id, namespace: "default", labels: sent.metadata?.labels ?? {} },
    spec: { ...knownFieldsOf(spec, rules.behaviour), state: RequestState.PENDING, ...timesFor(sent, rules) },
  });
}

/** Fields of a spec, never a whole message. */
type SpecInit = Extract<MessageInitShape<typeof AccessRequestSpecSchema>, { readonly $typeName?: never }>;

function timesFor(sent: AccessRequest, rules: RequestRules): SpecInit {
  const nowMs = rules.now();
  const asked = sent.spec?.expires;
  const accessMs = asked === undefined || timestampMs(asked) <= 0 ? nowMs + rules.accessTtlMs : timestampMs(asked);
  const times: SpecInit = { created: timestampFromMs(nowMs), expires: timestampFromMs(accessMs) };
  // Fields of 18 that Go cannot leave out; real servers fill the first from the request's own duration.
  return rules.behaviour.sweepGraceMs === undefined
    ? times
    : { ...times, maxDuration: GO_ZERO_TIME, sessionTtl: GO_ZERO_TIME };
}

function knownFieldsOf(spec: NonNullable<AccessRequest["spec"]>, behaviour: Behaviour): SpecInit {
  const { user, roles } = spec;
  const reasons = { requestReason: spec.requestReason, ...optional("systemAnnotations", spec.systemAnnotations) };
  const reviews = {
    thresholds: spec.thresholds,
    roleThresholdMapping: spec.roleThresholdMapping,
    suggestedReviewers: spec.suggestedReviewers,
  };
  const resources = {
    requestedResourceIds: spec.requestedResourceIds,
    requestedResourceAccessIds: spec.requestedResourceAccessIds,
    loginHint: spec.loginHint,
    dryRun: spec.dryRun,
    ...optional("assumeStartTime", spec.assumeStartTime),
  };
  return {
    user,
    roles,
    ...(behaviour.hasReasons ? reasons : {}),
    ...(behaviour.hasReviews ? reviews : {}),
    ...(behaviour.hasResources ? resources : {}),
  };
}

function optional<Name extends string, Value>(name: Name, value: Value | undefined): { [N in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [N in Name]: Value });
}
