/**
 * Whether a request may be approved because its requester is on call: a path of its own, with fewer checks than a click has
 * to pass and none that it has not. That somebody is on call, and who they are in PagerDuty, is the edge's word; the services
 * are those that the live request itself names. Pure.
 */
import { digestOf, type RequestState } from "../../shared/access-request.ts";
import { isOnCallWithin, ON_CALL_ANNOTATION } from "../../shared/auto-approval.ts";
import type { EdgeFrame } from "../../shared/edge-frames.ts";
import type { FrameOf } from "../../shared/protocol.ts";
import type { Refusal } from "../../shared/refusal.ts";
import type { LiveRequest } from "../access-request.ts";
import { isRequester, sameName } from "../guard/same-person.ts";
import { areRolesApprovable, asksForMore, type Policy } from "../guard.ts";

export type AutoApproveFrame = FrameOf<EdgeFrame, "auto_approve">;

/** Everything that a judgement rests on. */
export interface AutoCase {
  readonly frame: AutoApproveFrame;
  readonly cluster: string;
  /** The request as Teleport has it now; undefined when it has none. */
  readonly live: LiveRequest | undefined;
  /** E-mail traits of the requester's Teleport user; empty when they may not be read. */
  readonly requesterEmails: readonly string[];
  readonly policy: Policy;
  /** Whether the way of deciding passes every threshold by, and whether the one review that it has was given. */
  readonly passesThresholds: boolean;
  readonly hasReviewed: boolean;
}

/** `submit` names the services that count. `ignore`: there is nothing that could be judged. */
export type AutoJudgement =
  | { readonly kind: "submit"; readonly live: LiveRequest; readonly services: readonly string[] }
  | { readonly kind: "refuse"; readonly refusal: Refusal; readonly state: RequestState | null }
  | { readonly kind: "ignore"; readonly because: string };

/** Judges one offer; the first check that fails is the refusal. */
export function judgeAutoApproval(judged: AutoCase): AutoJudgement {
  const { frame, cluster, live, policy, requesterEmails, passesThresholds, hasReviewed } = judged;
  if (!policy.autoApproveOnCall) return { kind: "ignore", because: "auto_approve_on_call is off" };
  const counting = frame.services.filter(({ levels }) => isOnCallWithin(levels, policy.onCallLevels));
  if (counting.length === 0) return { kind: "ignore", because: "nobody is on call at a level that counts" };
  if (live === undefined) return { kind: "refuse", refusal: "gone", state: null };
  const { request } = live;
  const refuse = (refusal: Refusal): AutoJudgement => ({ kind: "refuse", refusal, state: request.state });
  if (request.state !== "PENDING") return refuse("not_pending");
  const { id: personId, email } = frame.person;
  const isThem = isRequester({ personId, email }, { user: request.user, emails: requesterEmails }, policy);
  if (!isThem) return refuse("unknown_identity");
  if (!areRolesApprovable({ live, policy })) return refuse("role_not_approvable");
  const annotated = request.annotations[ON_CALL_ANNOTATION] ?? [];
  const services = counting.map(({ name }) => name).filter((name) => annotated.some((own) => sameName(own, name)));
  if (digestOf(cluster, request) !== frame.digest || services.length === 0) return refuse("request_changed");
  if ((passesThresholds && asksForMore(live)) || hasReviewed) return refuse("needs_more_approvals");
  return { kind: "submit", live, services };
}
