/**
 * What people read in PagerDuty: an access request → the title and body of its incident, and the notes on it. Pure. User
 * text is shown as inert, short and marked; what is asked for is never hidden.
 */
import { type AccessRequest, type AccessReview, type RequestEnd, shortDigest } from "../shared/access-request.ts";
import { commandIn, isNearMiss } from "../shared/click.ts";
import { ACTION_LABELS } from "../shared/custom-action.ts";
import type { Decisions, Verdict } from "../shared/decisions.ts";
import { listingFor, userText, visibleText } from "../shared/listing.ts";

/** Longest title, in characters: what PagerDuty's own integrations keep to. */
export const MAX_TITLE_CHARACTERS = 250;

/** Longest note, in characters; PagerDuty names no limit, and webhooks trim longer ones. */
export const MAX_NOTE_CHARACTERS = 2000;

/** `Access request from <user>: <roles>`, cut at {@link MAX_TITLE_CHARACTERS}. */
export function titleFor(request: AccessRequest): string {
  const roles = request.roles.map(visibleText).join(", ");
  const asked = roles === "" ? "resources" : roles;
  return cut(`Access request from ${userText(request.user)}: ${asked}`, MAX_TITLE_CHARACTERS);
}

/** What a body is written from, beside the request. */
export interface BodyContext {
  readonly cluster: string;
  readonly digest: string;
  readonly decisions: Decisions;
  /** The Teleport Proxy's public address, `host` or `host:port`, when the relay knows it. */
  readonly proxyAddress: string | null;
  /** Sentences about this paging that its readers need, such as a service that was not found. */
  readonly remarks: readonly string[];
  /** Write only what fits after PagerDuty refused the full text as too long. */
  readonly shortened: boolean;
}

/** An incident's body and whether it shows every role and resource. */
export interface Body {
  readonly text: string;
  readonly shown: boolean;
}

/** Roles and resources that a shortened body still lists, in characters. */
const SHORTENED_LISTING_CHARACTERS = 500;

/** Plain text: who, what, where, until when, how to decide, where to look, which digest, and last the requester's words. */
export function bodyFor(request: AccessRequest, context: BodyContext): Body {
  const listing = context.shortened ? shortListing(request) : listingFor(request);
  const lines = [
    `User: ${userText(request.user)}`,
    `Cluster: ${visibleText(context.cluster)}`,
    ...block("Roles", listing.roles),
    ...block("Resources", listing.resources),
    ...(listing.complete
      ? []
      : [
          "NOT EVERYTHING IS SHOWN: some roles or resources do not fit here. It cannot be approved in PagerDuty; decide in Teleport.",
        ]),
    ...timeLine("Request ends", request.requestExpiresMs),
    ...timeLine("Access ends", request.accessExpiresMs),
    ...(request.suggestedReviewers.length === 0
      ? []
      : [`Suggested reviewers: ${userText(request.suggestedReviewers.join(", "))}`]),
    "",
    ...howToDecide(context.decisions),
    ...context.remarks,
    ...(context.proxyAddress === null
      ? []
      : [`In Teleport: https://${visibleText(context.proxyAddress)}/web/requests/${encodeURIComponent(request.id)}`]),
    `Digest: ${shortDigest(context.digest)}`,
    `Reason, in the requester's words: ${request.reason === "" ? "(none)" : userText(request.reason)}`,
  ];
  return { text: lines.join("\n"), shown: listing.complete };
}

/** On an incident whose service no enabled subscription covers. */
export const UNCOVERED_REMARK =
  "Answers from this service will not arrive: no enabled webhook subscription brings them. Decide in Teleport.";

/** Whether a body found in PagerDuty is one that was written for this digest. */
export function carriesDigest(body: string, digest: string): boolean {
  return body.split("\n").some((line) => line.trim() === `Digest: ${shortDigest(digest)}`);
}

function shortListing(request: AccessRequest): ReturnType<typeof listingFor> {
  const full = listingFor(request);
  const fits = [...full.roles, ...full.resources].join("").length <= SHORTENED_LISTING_CHARACTERS;
  return fits ? full : { roles: full.roles.slice(0, 10), resources: [], complete: false };
}

function block(heading: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return names.length === 1 ? [`${heading}: ${names[0]}`] : [`${heading}:`, ...names.map((name) => `  - ${name}`)];
}

function timeLine(heading: string, atMs: number | null): string[] {
  return atMs === null ? [] : [`${heading}: ${timeText(atMs)}`];
}

/** `2026-03-11 09:14:02 UTC` */
export function timeText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function howToDecide({ channels, field, onResolve }: Decisions): string[] {
  const ways = channels.map((channel) => {
    switch (channel) {
      case "note":
        return "add a note that starts with /approve or /deny, with a reason behind it if you like";
      case "action":
        return `run the incident action "${ACTION_LABELS.approve}" or "${ACTION_LABELS.deny}"`;
      case "workflow":
        return "run the incident workflow that approves, or the one that denies";
      case "field":
        return `set the incident's field "${visibleText(field)}" to approve or deny`;
    }
  });
  return [
    ...ways.map((way, index) => `${index === 0 ? "To decide" : "Or"}: ${way}.`),
    onResolve === "deny"
      ? "Resolving this incident denies the request."
      : "Acknowledging or resolving this incident decides nothing.",
  ];
}

/** A review made in Teleport, in the predecessor's words. */
export function reviewNote(review: AccessReview): string {
  const at = review.createdMs === null ? "an unknown time" : timeText(review.createdMs);
  const reason = review.reason === "" ? "" : `\nReason: ${sentence(userText(review.reason))}`;
  return unlikeACommand(
    cutNote(`${userText(review.author)} reviewed the request at ${at}.\nResolution: ${review.proposedState}.${reason}`),
  );
}

/** The end of a request: `Access request has been approved`, with who and why. */
export function endNote(end: RequestEnd, who: string | null, why: string | null): string {
  const by = who === null || who === "" ? "" : ` by ${userText(who)}`;
  const reason = why === null || why === "" ? "" : `\nReason: ${userText(why)}`;
  return cutNote(`Access request has been ${end}${by}.${reason}`);
}

/** On an incident that Teleport's own plugin had opened: the whole body, from which on answers count. */
export function takenOverNote(body: string): string {
  return `This incident now stands for the access request as it is shown here. Answers count from this note on.\n${body}`;
}

/** A review was given that does not decide the request by itself. */
export function reviewGivenNote(verdict: Verdict, person: string): string {
  const whose = person === "" ? "" : ` of ${userText(person)}`;
  const what = verdict === "approve" ? "approval" : "denial";
  return cutNote(
    `The ${what}${whose} was given to Teleport as a review. The access request asks for more than one and is still pending: the others are to be given in Teleport.`,
  );
}

/** Somebody has answered, and an admin must mend something before the answer can be carried out. */
export function waitingNote(problem: string): string {
  return cutNote(
    `The answer that was given here cannot be carried out yet. An admin of Teleport has to mend this: ${visibleText(problem)} The answer is tried again until it is too old; it need not be repeated before.`,
  );
}

/** Somebody resolved the incident while the request is still pending. */
export const RESOLVED_WHILE_PENDING_NOTE =
  "This incident was resolved, but the access request is still pending: that decided nothing. Commands in notes here still work.";

/** On the incident that another was merged into: where the request is paged now. */
export function mergedNote(title: string, key: string): string {
  return cutNote(
    `An incident for a Teleport access request was merged into this one. A merge decides nothing, and answers here do not count for it. The request ("${title}") is paged again under the key ${key}.`,
  );
}

/** The request changed after it was paged. */
export function changedNote(key: string): string {
  return `The access request has changed since this incident was opened, so it can no longer be decided here. It is paged again under the key ${key}.`;
}

/** An answer that PagerDuty shows and did not deliver. */
export function undeliveredNote(click: {
  readonly channel: "note" | "action";
  readonly verdict: Verdict;
  readonly who: string | null;
  readonly atMs: number;
}): string {
  const { channel, verdict, who, atMs } = click;
  const what = channel === "note" ? `/${verdict}` : `"${ACTION_LABELS[verdict]}"`;
  const whom = who === null || who === "" ? "To whoever answered" : userText(who);
  const said = `${whom}: your ${what} of ${timeText(atMs)} was not delivered to us, and so it decided nothing. Please repeat it.`;
  return unlikeACommand(cutNote(said));
}

/** Somebody's mistyped command. */
export const NEAR_MISS_NOTE =
  "That was not read as a decision. To approve, add a note that starts with /approve; to deny, one that starts with /deny. A reason may follow.";

// Our own notes come back as webhooks; whatever a person in Teleport is called, none of them may read as a command.
function unlikeACommand(note: string): string {
  return commandIn(note) !== undefined || isNearMiss(note) ? `User ${note}` : note;
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

function cutNote(text: string): string {
  return cut(text, MAX_NOTE_CHARACTERS);
}

function cut(text: string, characters: number): string {
  const all = Array.from(text);
  return all.length <= characters ? text : `${all.slice(0, characters - 1).join("")}…`;
}
