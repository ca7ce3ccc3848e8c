/**
 * Whether a click may reach Teleport. Verdict, person, incident and time come from the evidence's raw bytes and from
 * nowhere else; the live request and its plugin data from Teleport; e-mail, name and on-call levels are the edge's word.
 * The checks stand in one list, in the order in which they are made: the first that fails is the refusal. Pure: no I/O, no
 * clock, no memory.
 */
import { digestOf, type RequestState } from "../shared/access-request.ts";
import type { Click } from "../shared/click.ts";
import type { EdgeWord } from "../shared/edge-frames.ts";
import { parseIncidentKey } from "../shared/incident-key.ts";
import { listingFor } from "../shared/listing.ts";
import type { Refusal } from "../shared/refusal.ts";
import type { LiveRequest } from "./access-request.ts";
import { personRelation } from "./guard/same-person.ts";
import { boundIncidents, countsFromMs, type PluginData } from "./plugin-data.ts";

/** The `[policy]` of the configuration. */
export interface Policy {
  /** Exact names, or `*`; empty refuses every approval. */
  readonly approvableRoles: readonly string[];
  /** E-mail addresses or user IDs of PagerDuty, `on-call`, or `*`. One match is enough. */
  readonly approvers: readonly string[];
  /** For `on-call`: 0 for any level, N for levels 1 to N. */
  readonly onCallLevels: number;
  /** `email`: two different addresses are two people. `mapped`: only `users` can tell. */
  readonly identity: "email" | "mapped";
  readonly allowSelfApproval: boolean;
  readonly autoApproveOnCall: boolean;
  /** An older approval is refused; a denial never is. */
  readonly approveWithinMs: number;
  readonly confirm: "action" | "all";
  /** PagerDuty user ID → Teleport users. */
  readonly users: Readonly<Record<string, readonly string[]>>;
}

/** How far ahead of our clock a click may be, in ms: two clocks never agree. */
export const MAX_AHEAD_MS = 60_000;

/** What the configured way of deciding has to do with whether a click may be carried out. */
export interface WayOfClick {
  /** Whether it passes every threshold by, as setting the state does. */
  readonly passesThresholds: boolean;
  /** Whether Teleport has a review by whoever's name this one would bear: it takes one of each. */
  readonly hasReviewed: boolean;
  /** Why it cannot be told whose name that is, and what to mend, as a sentence; null when it can or does not matter. */
  readonly namelessBecause: string | null;
}

/** Everything that a judgement rests on. */
export interface Case {
  /** The click as its verified evidence shows it; undefined when it shows none. */
  readonly click: Click | undefined;
  /** The cluster that the frame names, and the one that we serve. */
  readonly framedCluster: string;
  readonly cluster: string;
  /** The request as Teleport has it now; undefined when it has none. */
  readonly live: LiveRequest | undefined;
  readonly pluginData: PluginData;
  readonly word: EdgeWord;
  /** E-mail traits of the requester's Teleport user; empty when they may not be read. */
  readonly requesterEmails: readonly string[];
  readonly policy: Policy;
  readonly way: WayOfClick;
  readonly auditIsWritable: boolean;
  /** Our own clock, ms since the epoch. */
  readonly nowMs: number;
}

/** `wait`: no incident is bound to the request yet, so it cannot be told whether this one is. */
export type Judgement =
  | { readonly kind: "submit"; readonly click: Click }
  | { readonly kind: "wait" }
  | {
      readonly kind: "refuse";
      readonly refusal: Refusal;
      readonly state: RequestState | null;
      readonly detail: string;
    };

interface Facts extends Case {
  readonly click: Click;
  readonly live: LiveRequest;
  readonly personId: string;
}

interface Check {
  readonly refusal: Refusal;
  /** Whether denials must pass it too. */
  readonly forDenials: boolean;
  readonly fails: (facts: Facts) => boolean;
  /** What helps the person beside the refusal's own sentence. */
  readonly detail?: (facts: Facts) => string;
}

/** What is looked at once there are a click, a request and a person, in this order. */
const CHECKS: readonly Check[] = [
  { refusal: "stale", forDenials: false, fails: isStale },
  { refusal: "not_an_approver", forDenials: true, fails: (facts) => !isApprover(facts) && !onCallCounts(facts) },
  { refusal: "not_on_call", forDenials: true, fails: (facts) => !isApprover(facts) && !isOnCall(facts) },
  { refusal: "unknown_identity", forDenials: false, fails: (facts) => relation(facts) === "unknown" },
  {
    refusal: "unknown_identity",
    // A review needs an author; a denial is given as the relay's own user where nobody can be named.
    forDenials: false,
    fails: ({ way }) => way.namelessBecause !== null,
    detail: ({ way }) => way.namelessBecause ?? "",
  },
  {
    refusal: "self_approval",
    forDenials: false,
    fails: (facts) => relation(facts) === "same" && !facts.policy.allowSelfApproval,
  },
  { refusal: "role_not_approvable", forDenials: false, fails: (facts) => !areRolesApprovable(facts) },
  {
    refusal: "not_shown",
    forDenials: false,
    fails: ({ live, word }) => !word.shown || !listingFor(live.request).complete,
  },
  {
    refusal: "request_changed",
    forDenials: false,
    fails: ({ cluster, live, pluginData }) => digestOf(cluster, live.request) !== pluginData.digest,
  },
  {
    refusal: "needs_more_approvals",
    forDenials: false,
    fails: ({ way, live }) => way.passesThresholds && asksForMore(live),
  },
  { refusal: "needs_more_approvals", forDenials: true, fails: ({ way }) => way.hasReviewed },
  { refusal: "audit_unavailable", forDenials: false, fails: ({ auditIsWritable }) => !auditIsWritable },
];

/** Whether a threshold asks for more than any one approval: it must not be passed by. */
export function asksForMore({ thresholds }: LiveRequest): boolean {
  return thresholds.some(({ approve, filter }) => approve > 1 || filter !== "");
}

/** Judges one click. */
export function judge(judged: Case): Judgement {
  const { click, live } = judged;
  if (click === undefined) return refuse("bad_evidence");
  if (judged.framedCluster !== judged.cluster || !isOurKey(judged.cluster, click)) return refuse("wrong_cluster");
  if (live === undefined) return refuse("gone");
  const { state } = live.request;
  if (state !== "PENDING") return refuse("not_pending", state, lateDetail(click, live));
  const incidents = boundIncidents(judged.pluginData);
  if (incidents.length === 0) return { kind: "wait" };
  if (!incidents.some(({ incident }) => incident === click.incidentId)) return refuse("wrong_incident", state);
  if (click.occurredMs < countsFromMs(judged.pluginData)) return refuse("wrong_incident", state, BEFORE_ADOPTION);
  const personId = click.agent?.type === "user_reference" ? click.agent.id : undefined;
  if (personId === undefined || personId === judged.word.botUserId) return refuse("no_agent", state);
  const facts: Facts = { ...judged, click, live, personId };
  const failed = CHECKS.find(({ forDenials, fails }) => (forDenials || click.verdict === "approve") && fails(facts));
  return failed === undefined ? { kind: "submit", click } : refuse(failed.refusal, state, failed.detail?.(facts));
}

/** At the time, the incident stood for nothing that we know of, and did not show what its readers were to decide. */
const BEFORE_ADOPTION = "It was given before this incident was taken over for the access request: give it again.";

function refuse(refusal: Refusal, state: RequestState | null = null, detail = ""): Judgement {
  return { kind: "refuse", refusal, state, detail };
}

function isOurKey(cluster: string, { incidentKey }: Click): boolean {
  const named = incidentKey === null ? null : (parseIncidentKey(incidentKey)?.cluster ?? null);
  return named === null || named === cluster;
}

// Somebody who denies what is granted already wants the access to end.
function lateDetail(click: Click, { request }: LiveRequest): string {
  if (click.verdict !== "deny" || request.state !== "APPROVED") return "";
  const ends =
    request.accessExpiresMs === null ? "" : `The access ends at ${new Date(request.accessExpiresMs).toISOString()}. `;
  // People copy this into a shell.
  const user = /^[\w.@+-]+$/.test(request.user) ? request.user : "'the name of the user'";
  return `${ends}To end it now, run: tctl lock --user=${user}`;
}

function isStale({ click, nowMs, policy }: Facts): boolean {
  const ageMs = nowMs - click.occurredMs;
  return ageMs > policy.approveWithinMs || ageMs < -MAX_AHEAD_MS;
}

function isApprover({ personId, word, policy }: Facts): boolean {
  const email = word.email?.toLowerCase();
  return policy.approvers.some((approver) => {
    // The address is the edge's word: it must not pass for a user ID, or for "on-call".
    if (approver.includes("@")) return approver.toLowerCase() === email;
    return approver === "*" || approver === personId;
  });
}

function onCallCounts({ policy }: Facts): boolean {
  return policy.approvers.includes("on-call");
}

function isOnCall({ word, policy }: Facts): boolean {
  const levels = word.onCallLevels ?? [];
  return levels.some((level) => level >= 1 && (policy.onCallLevels === 0 || level <= policy.onCallLevels));
}

function relation({ personId, word, live, requesterEmails, policy }: Facts): ReturnType<typeof personRelation> {
  const requester = { user: live.request.user, emails: requesterEmails };
  return personRelation({ personId, email: word.email }, requester, policy);
}

/** Whether every role of a request may be approved; one that names none may be only where all may. */
export function areRolesApprovable({ live, policy: { approvableRoles } }: Pick<Facts, "live" | "policy">): boolean {
  if (approvableRoles.includes("*")) return true;
  const { roles } = live.request;
  return roles.length > 0 && roles.every((role) => approvableRoles.includes(role));
}
