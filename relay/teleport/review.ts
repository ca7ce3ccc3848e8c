/** A review on its way to Teleport, and what Teleport's refusals of one mean. Pure. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type AccessReviewSchema, RequestState } from "../gen/teleport_pb.ts";
import { TeleportError } from "./error.ts";
import type { Resolution, Review } from "./port.ts";
import { cutReason } from "./reason.ts";

/**
 * The message for a review. It names no roles, which stands for all of them, and no annotations: Teleport refuses either as
 * unimplemented.
 */
export function reviewMessageFor({
  author,
  proposedState,
  reason,
  createdMs,
  assumeStartMs,
}: Review): MessageInitShape<typeof AccessReviewSchema> {
  return {
    ...(author === null ? {} : { author, isSubmittedByPlugin: true }),
    proposedState: RequestState[proposedState],
    reason: cutReason(reason),
    created: timestampFromMs(createdMs),
    ...startTimeOf(proposedState, assumeStartMs),
  };
}

/** The field that keeps the start that a requester suggested; Teleport has a use for it with an approval only. */
export function startTimeOf(
  state: Resolution,
  assumeStartMs: number | null,
): { assumeStartTime?: ReturnType<typeof timestampFromMs> } {
  return state === "DENIED" || assumeStartMs === null ? {} : { assumeStartTime: timestampFromMs(assumeStartMs) };
}

/**
 * The refusals that reading the request explains; undefined for any other fault. Up to 13 Teleport answers both with
 * PERMISSION_DENIED, which by itself would be a right to grant.
 */
export function reviewRefusal(error: unknown): "reviewed_before" | "resolved_before" | undefined {
  if (!(error instanceof TeleportError)) return undefined;
  if (error.code === "already_exists") return "reviewed_before";
  if (error.code !== "permission_denied") return undefined;
  if (/has been already (approved|denied|promoted)/i.test(error.details)) return "resolved_before";
  return /already reviewed/i.test(error.details) ? "reviewed_before" : undefined;
}
