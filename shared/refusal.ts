/** Why the relay does not carry out a click: the closed list, in the order in which the guard looks. */
import * as z from "zod/mini";

export const REFUSALS = [
  "bad_evidence",
  "wrong_cluster",
  "gone",
  "not_pending",
  "wrong_incident",
  "no_agent",
  "stale",
  "not_an_approver",
  "not_on_call",
  "unknown_identity",
  "self_approval",
  "role_not_approvable",
  "not_shown",
  "request_changed",
  "needs_more_approvals",
  "audit_unavailable",
] as const;
export const refusalSchema = z.enum(REFUSALS);
export type Refusal = (typeof REFUSALS)[number];
