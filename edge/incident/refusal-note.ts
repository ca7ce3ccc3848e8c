/** What a person is told whose click was not carried out: one plain sentence why, and what to do. Pure. */
import type { Verdict } from "../../shared/decisions.ts";
import { userText, visibleText } from "../../shared/listing.ts";
import type { Refusal } from "../../shared/refusal.ts";
import { cutNote } from "../incident.ts";

/** A click that was refused, with what a note about it needs. */
export interface RefusedClick {
  readonly refusal: Refusal;
  readonly verdict: Verdict;
  readonly person: string;
  /** What the relay adds, such as the end of the access; empty when nothing. */
  readonly detail: string;
}

/** The note's text; undefined for refusals that nobody is told of. */
export function refusalNote({ refusal, verdict, person, detail }: RefusedClick): string | undefined {
  const why = (detail === "" ? undefined : WITH_DETAIL[refusal]) ?? sentenceFor(refusal, verdict);
  if (why === undefined) return undefined;
  const who = userText(person);
  const more = detail === "" ? "" : ` ${visibleText(detail)}`;
  return cutNote(
    `${verdict === "approve" ? "Not approved" : "Not denied"}${who === "" ? "" : ` for ${who}`}: ${why}${more}`,
  );
}

/** Sentences that a detail of the relay's takes the place of the usual one's advice in. */
const WITH_DETAIL: Readonly<Partial<Record<Refusal, string>>> = {
  wrong_incident: "at that time this incident did not stand for the access request.",
  unknown_identity: "it cannot be told which Teleport user you are.",
};

function sentenceFor(refusal: Refusal, verdict: Verdict): string | undefined {
  switch (refusal) {
    case "bad_evidence":
    case "wrong_cluster":
      return undefined;
    case "gone":
      return "Teleport no longer has this access request. Ask the requester for a new one.";
    case "not_pending":
      return "the access request had already been decided.";
    case "wrong_incident":
      return "this incident does not stand for the access request. Decide on the incident that was opened for it, or in Teleport.";
    case "no_agent":
      return "PagerDuty does not say which person did this. Decide as a PagerDuty user.";
    case "stale":
      return "this came too long after it was given. If it should still count, give it again.";
    case "not_an_approver":
      return "you are not among those who may decide access requests. Ask one of them, or have the relay's policy changed.";
    case "not_on_call":
      return "you were not on call for this service. Ask whoever is on call.";
    case "unknown_identity":
      return "it cannot be told whether you are the requester. Have your PagerDuty user added to [policy.users] in the relay's configuration, or decide in Teleport.";
    case "self_approval":
      return "nobody may approve their own access request. Ask somebody else.";
    case "role_not_approvable":
      return "a requested role may not be approved from PagerDuty. Decide in Teleport.";
    case "not_shown":
      return "this incident does not show every role and resource that is asked for. Decide in Teleport.";
    case "request_changed":
      return "the access request has changed since it was paged. Decide in Teleport.";
    case "needs_more_approvals":
      return verdict === "approve"
        ? "this access request needs more than one approval. Decide in Teleport."
        : "a review has been given from here already, and Teleport takes no second one. Decide in Teleport.";
    case "audit_unavailable":
      return `the relay cannot write its audit log, and nothing is approved without it. ${verdict === "approve" ? "Try again when it is mended, or decide in Teleport." : "Decide in Teleport."}`;
  }
}
