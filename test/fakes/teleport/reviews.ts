// Access reviews: what a request becomes when one more review is added. Pure. The thresholds' filters are not
// evaluated: every review counts for every threshold.

import { create } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import {
  type AccessRequestSpec,
  type AccessReview,
  AccessReviewSchema,
  RequestState,
} from "../../../relay/gen/teleport_pb.ts";
import { GO_ZERO_TIME } from "./new-request.ts";
import { accessDenied, badParameter, Refusal } from "./refusal.ts";
import type { Behaviour } from "./versions.ts";

/** A review as stored, with its author filled in; or why it is refused. */
export function reviewFor(
  sent: AccessReview | undefined,
  spec: AccessRequestSpec,
  caller: string,
  behaviour: Behaviour,
): AccessReview | Refusal {
  const author = sent?.author || caller;
  if (sent === undefined || !isVerdict(sent.proposedState)) {
    return badParameter(`invalid proposed state: ${stateName(sent?.proposedState ?? RequestState.NONE)}`);
  }
  if (author !== caller) {
    return accessDenied(`user "${caller}" cannot submit reviews on behalf of "${author}"`);
  }
  if (author === spec.user) {
    return accessDenied(`user "${author}" cannot review request`);
  }
  const foreign = sent.roles.find((role) => !spec.roles.includes(role));
  if (foreign !== undefined) {
    return badParameter(`role "${foreign}" is not in the request`);
  }
  if (Object.keys(sent.annotations?.values ?? {}).length > 0 || isPartial(sent.roles, spec.roles)) {
    return new Refusal(status.UNIMPLEMENTED, "annotations and partial roles of reviews are not supported");
  }
  if (spec.reviews.some((review) => review.author === author)) {
    return new Refusal(behaviour.secondReviewCode, `user "${author}" has already reviewed this request`);
  }
  if (behaviour.refusesLateReviews && spec.state !== RequestState.PENDING) {
    return accessDenied(`the access request has been already ${stateName(spec.state).toLowerCase()}`);
  }
  return create(AccessReviewSchema, {
    ...sent,
    author,
    created: sent.created ?? GO_ZERO_TIME,
    thresholdIndexes: thresholdsOf(spec).map((_, index) => index),
  });
}

/** The state that the reviews give a pending request: any denied threshold denies, every role must be approved. */
export function stateAfterReviews(spec: AccessRequestSpec): RequestState {
  const count = (state: RequestState) => spec.reviews.filter((review) => review.proposedState === state).length;
  const approvals = count(RequestState.APPROVED);
  const denials = count(RequestState.DENIED);
  const thresholds = thresholdsOf(spec);
  if (thresholds.some(({ deny }) => deny > 0 && denials >= deny)) {
    return RequestState.DENIED;
  }
  const isMet = (index: number) => approvals >= Math.max(1, thresholds[index]?.approve ?? 1);
  const everyThreshold = [{ indexes: thresholds.map((_, index) => index) }];
  const approved = (spec.roles.length > 0 ? spec.roles : [""]).every((role) => {
    const sets = spec.roleThresholdMapping[role]?.sets ?? everyThreshold;
    return sets.some(({ indexes }) => indexes.every(isMet));
  });
  return approved ? RequestState.APPROVED : RequestState.PENDING;
}

/** A state's name as Teleport writes it. */
export function stateName(state: RequestState): string {
  return Object.entries(RequestState).find(([, value]) => value === state)?.[0] ?? String(state);
}

function thresholdsOf(spec: AccessRequestSpec): readonly { readonly approve: number; readonly deny: number }[] {
  return spec.thresholds.length > 0 ? spec.thresholds : [{ approve: 1, deny: 1 }];
}

function isVerdict(state: RequestState): boolean {
  return state === RequestState.APPROVED || state === RequestState.DENIED;
}

function isPartial(roles: readonly string[], all: readonly string[]): boolean {
  return roles.length > 0 && all.some((role) => !roles.includes(role));
}
