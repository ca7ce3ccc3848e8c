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

/** Longest title after PagerDuty refused the full text as too long, in characters. */
const SHORTENED_TITLE_CHARACTERS = 100;

/** `Access request from <user>: <roles>`, cut at {@link MAX_TITLE_CHARACTERS}, or shorter. */
export function titleFor(request: AccessRequest, shortened = false): string {
  const roles = userText(request.roles.join(", "));
  const asked = roles === "" ? "resources" : roles;
  const title = `Access request from ${userText(request.user)}: ${asked}`;
  return cut(title, shortened ? SHORTENED_TITLE_CHARACTERS : MAX_TITLE_CHARACTERS);
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

/** Roles and resources that a shortened body still lists, and each of its people's own words, in characters. */
const SHORTENED_LISTING_CHARACTERS = 300;
const SHORTENED_WORDS_CHARACTERS = 100;

/** Plain text: who, what, where, until when, how to decide, where to look, which digest, and last the requester's words. */
export function bodyFor(request: AccessRequest, context: BodyContext): Body {
  const { lines: asked, complete } = askedFor(request, context);
  const lines = [
    ...asked,
    ...timeLine("Request ends", request.requestExpiresMs),
    ...timeLine("Access ends", request.accessExpiresMs),
    ...(request.suggestedReviewers.length === 0
      ? []
      : [`Suggested reviewers: ${words(request.suggestedReviewers.join(", "), context)}`]),
    "",
    ...howToDecide(context.decisions),
    ...context.remarks,
    ...(context.proxyAddress === null
      ? []
      : [`In Teleport: https://${visibleText(context.proxyAddress)}/web/requests/${encodeURIComponent(request.id)}`]),
    ...signedOff(request, context),
  ];
  return { text: lines.join("\n"), shown: complete };
}

type Identified = Pick<BodyContext, "cluster" | "digest" | "shortened">;

// How a body begins: who asks for what.
function askedFor(request: AccessRequest, context: Identified): { lines: string[]; complete: boolean } {
  const { roles, resources, complete } = context.shortened ? shortListing(request) : listingFor(request);
  const lines = [
    `User: ${words(request.user, context)}`,
    `Cluster: ${visibleText(context.cluster)}`,
    ...block("Roles", roles),
    ...block("Resources", resources),
    ...(complete ? [] : [NOT_EVERYTHING]),
  ];
  return { lines, complete };
}

const NOT_EVERYTHING =
  "NOT EVERYTHING IS SHOWN: some roles or resources do not fit here. It cannot be approved in PagerDuty; decide in Teleport.";

// How it ends.
function signedOff(request: AccessRequest, context: Identified): string[] {
  const reason = request.reason === "" ? "(none)" : words(request.reason, context);
  return [`Digest: ${shortDigest(context.digest)}`, `Reason, in the requester's words: ${reason}`];
}

function words(text: string, { shortened }: Identified): string {
  const inert = userText(text);
  return shortened ? cut(inert, SHORTENED_WORDS_CHARACTERS) : inert;
}

/** On an incident whose service no enabled subscription covers. */
export const UNCOVERED_REMARK =
  "Answers from this service will not arrive: no enabled webhook subscription brings them. Decide in Teleport.";

/** Whether a body found in PagerDuty carries this digest: what it says may be another's. */
export function carriesDigest(body: string, digest: string): boolean {
  return body.split("\n").some((line) => line.trim() === `Digest: ${shortDigest(digest)}`);
}

/**
 * Whether a body found in PagerDuty is one that we wrote for this request: few hex digits are soon copied, and so it must
 * say the same of who asks for what and why. What stands between may have changed since: times, links, how to decide.
 */
export function isBodyFor(body: string, request: AccessRequest, context: Identified): boolean {
  const lines = body.trim().split("\n");
  // A name that people know a resource by may have become known, or another.
  const resources = request.resources.map(({ friendlyName: _, ...resource }) => ({ ...resource, constraints: "" }));
  const begins = [request, { ...request, resources }].map((each) => askedFor(each, context).lines);
  const ends = signedOff(request, context);
  return (
    begins.some((begin) => begin.every((line, index) => isLine(lines[index], line))) &&
    ends.every((line, index) => isLine(lines[lines.length - ends.length + index], line))
  );
}

function isLine(found: string | undefined, line: string): boolean {
  const [text, wanted] = [(found ?? "").trim(), line.trim()];
  return text === wanted || (RESOURCE_LINE.test(wanted) && text.startsWith(`${wanted} (`));
}

const RESOURCE_LINE = /^(?:Resources: |- )\//;

function shortListing(request: AccessRequest): ReturnType<typeof listingFor> {
  const full = listingFor(request);
  let room = SHORTENED_LISTING_CHARACTERS;
  const fits = (name: string): boolean => {
    room -= name.length;
    return room >= 0;
  };
  const [roles, resources] = [full.roles.filter(fits), full.resources.filter(fits)];
  return { roles, resources, complete: full.complete && room >= 0 };
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
  return cutNote(
    unlikeACommand(
      `${userText(review.author)} reviewed the request at ${at}.\nResolution: ${review.proposedState}.${reason}`,
    ),
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

/** No relay has been there for a while. */
export function relayAwayNote(sinceMs: number): string {
  return `Teleport cannot be reached from here since ${timeText(sinceMs)}. Answers are kept and carried out when it can, if they are not too old by then. What is urgent is to be decided in Teleport.`;
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
  return cutNote(unlikeACommand(said));
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

/** A note that is no longer than a note may be. */
export function cutNote(text: string): string {
  return cut(text, MAX_NOTE_CHARACTERS);
}

// Whatever a character is to PagerDuty, it is no more than a UTF-16 unit; half a pair is none.
function cut(text: string, characters: number): string {
  if (text.length <= characters) return text;
  return `${text.slice(0, characters - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
