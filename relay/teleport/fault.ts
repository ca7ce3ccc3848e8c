/**
 * The one map from what gRPC reports to what it means, whether trying again can help, and what a person should mend.
 * Nothing else in the relay reads a gRPC status. Pure.
 */
import { status } from "@grpc/grpc-js";
import { connectionFaultFor, type Dialled } from "./connection-fault.ts";
import { type CallStatus, TeleportError, type TeleportErrorCode, type TeleportFault } from "./error.ts";
import { CHECK_ADDRESS, RENEW, RETRIED } from "./mend.ts";

/** What a call knows of itself when it fails. */
export interface CallContext extends Dialled {
  /** The RPC's name, such as `SetAccessRequestState`. */
  readonly rpc: string;
}

/** The error for a call that ended with another status than OK. */
export function teleportErrorFor(failed: CallStatus, context: CallContext): TeleportError {
  return new TeleportError(faultFor(failed, context), failed);
}

/** What each status means when its words do not matter. */
const CODES: Readonly<Partial<Record<number, TeleportErrorCode>>> = {
  [status.DEADLINE_EXCEEDED]: "timeout",
  [status.RESOURCE_EXHAUSTED]: "overloaded",
  [status.ALREADY_EXISTS]: "already_exists",
  [status.FAILED_PRECONDITION]: "conflict",
  [status.ABORTED]: "conflict",
  [status.CANCELLED]: "cancelled",
};

function faultFor({ code, details }: CallStatus, context: CallContext): TeleportFault {
  const problem = `Teleport answered ${context.rpc} with "${details}".`;
  switch (code) {
    case status.UNAVAILABLE:
      return connectionFaultFor(details, context);
    case status.PERMISSION_DENIED:
      return { code: "permission_denied", problem, mend: permissionMendFor(details) };
    case status.UNAUTHENTICATED:
      return { code: "unauthenticated_certificate", problem, mend: RENEW };
    case status.NOT_FOUND:
      return notFoundFor(details, problem);
    case status.UNIMPLEMENTED:
      return { code: "unimplemented", problem, mend: unimplementedMendFor(details, context) };
    case status.INVALID_ARGUMENT:
      // A watch whose queue ran over ends with this code too.
      if (/overflow/i.test(details)) return { code: "overloaded", problem, mend: RETRIED };
      return { code: "invalid", problem, mend: "Teleport's log may say more." };
    default:
      return { code: CODES[code] ?? "unknown", problem: problemFor(code, context) ?? problem, mend: RETRIED };
  }
}

// Words that are ours, not Teleport's.
function problemFor(code: number, { rpc, address }: CallContext): string | undefined {
  if (code === status.DEADLINE_EXCEEDED) return `Teleport at ${address} did not answer ${rpc} in time.`;
  return code === status.CANCELLED ? `The call of ${rpc} was cancelled.` : undefined;
}

/** Teleport 7 and before answer a caller whom they do not know with NOT_FOUND, for every call. */
function notFoundFor(details: string, problem: string): TeleportFault {
  if (/user "Nop" is not found/.test(details)) {
    return { code: "unauthenticated_certificate", problem: "Teleport has seen no client certificate.", mend: RENEW };
  }
  if (/access denied|user ".*" is not found/.test(details)) {
    const mend = "Create the Teleport user again, or use credentials of one that exists.";
    return { code: "permission_denied", problem, mend };
  }
  return { code: "not_found", problem, mend: "Nothing to mend, if it was just removed or has expired." };
}

/** What Teleport says of a review that it does not take, and what then is missing. */
const REVIEW_MENDS: readonly { readonly when: RegExp; readonly mend: string }[] = [
  {
    when: /cannot submit reviews on behalf of/,
    mend:
      "Give the relay's role allow.review_requests: {roles: ['*'], submit_for_users: ['*']} (Teleport 18.11 or later), " +
      'or set decide_by = "review" in the relay\'s configuration.',
  },
  {
    when: /cannot submit reviews/,
    mend:
      "Give the relay's role allow.review_requests: {roles: ['*']} (Teleport Enterprise), or set decide_by = \"state\" in " +
      "the relay's configuration.",
  },
  {
    when: /cannot review request/,
    mend:
      "Give a role of that user allow.review_requests for the roles that are asked for; nobody may review a request of " +
      "their own.",
  },
];

function permissionMendFor(details: string): string {
  if (/MFA/.test(details)) {
    return "This cluster asks for MFA on such calls: use credentials that Machine ID (tbot) issues.";
  }
  const review = REVIEW_MENDS.find(({ when }) => when.test(details));
  if (review !== undefined) return review.mend;
  if (/\block(ed|ing|s)?\b/i.test(details)) {
    return "Teleport has locked the relay's user or role: see `tctl get locks`, and remove the lock if it is a mistake.";
  }
  const [, verb, resource] = /perform action "([^"]*)" on "([^"]*)"/.exec(details) ?? [];
  if (verb !== undefined && resource !== undefined) {
    // Whoever may list and read requests may do so with what plugins keep, too: that is the right that is missing.
    const isOfRequests = resource === "access_plugin_data" && verb !== "update";
    return `Give the relay's role a rule with the verb "${verb}" on "${isOfRequests ? "access_request" : resource}".`;
  }
  return "Give the relay's role list, read and update on access_request, and update on access_plugin_data.";
}

// grpc-js reports HTTP 404 as UNIMPLEMENTED: a web server is no Auth Service.
function unimplementedMendFor(details: string, { rpc }: CallContext): string {
  if (/HTTP/.test(details)) return CHECK_ADDRESS;
  return rpc === "SubmitAccessReview"
    ? 'Reviews need Teleport 6.1 or later: set decide_by = "state" in the relay\'s configuration.'
    : "This Teleport is too old for it.";
}
