/**
 * The words that a decision leaves in Teleport, and the mark in them, `[pd:<click id>]`, by which it is found there again
 * after a crash or a lost answer. Pure.
 */
import type { AccessRequest } from "../../shared/access-request.ts";
import type { Click } from "../../shared/click.ts";
import type { EdgeWord } from "../../shared/edge-frames.ts";
import type { Resolution } from "../teleport/port.ts";

/** What is decided of a click: by whom, what, and in which words. */
export type DecidedClick = Pick<Click, "id" | "verdict" | "agent" | "reason">;

/** The state that a click asks for. */
export function resolutionOf({ verdict }: Pick<Click, "verdict">): Resolution {
  return verdict === "approve" ? "APPROVED" : "DENIED";
}

/** Who decided: `pagerduty:<e-mail>`, with the user's ID where no address is known. */
export function delegatorFor({ email }: Pick<EdgeWord, "email">, { agent }: Pick<Click, "agent">): string {
  return `pagerduty:${email ?? agent?.id ?? ""}`;
}

/** The person's words with the mark behind them. */
export function reasonFor(word: Pick<EdgeWord, "reason">, { id, reason }: Pick<Click, "id" | "reason">): string {
  // What the signed bytes hold trimmed, the edge has whole.
  const words = word.reason.length > reason.length ? word.reason : reason;
  return `${words === "" ? "" : `${words} `}${markOf(id)}`;
}

/** Whether a reason is that of a click. */
export function isMarked(reason: string, clickId: string): boolean {
  return clickId !== "" && reason.endsWith(markOf(clickId));
}

/** A reason as its author gave it, without the mark of a click. */
export function withoutMark(reason: string, clickId: string): string {
  return isMarked(reason, clickId) ? reason.slice(0, -markOf(clickId).length).trimEnd() : reason;
}

function markOf(clickId: string): string {
  return `[pd:${clickId}]`;
}

/** Whether a request shows the review that a click asks for. */
export function showsReviewOf(request: AccessRequest, { id, verdict }: Pick<Click, "id" | "verdict">): boolean {
  const state = resolutionOf({ verdict });
  return request.reviews.some(({ reason, proposedState }) => proposedState === state && isMarked(reason, id));
}
