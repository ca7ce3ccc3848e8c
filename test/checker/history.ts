/**
 * What the world outside the product saw of a run: Teleport, PagerDuty, and the people. Plain data, so that whatever runs
 * the product, in virtual time or with real processes, can be judged by the same checker. Nothing of it is the product's
 * own word.
 *
 * All times are milliseconds since the epoch by one clock, the world's, which PagerDuty's and Teleport's are.
 */

export interface History {
  readonly setting: Setting;
  readonly requests: readonly RequestHistory[];
  readonly verdicts: readonly VerdictTaken[];
  readonly incidents: readonly IncidentHistory[];
  readonly clicks: readonly ClickHistory[];
  /** Notes of people that were meant for a command and are none. */
  readonly mistypes: readonly Mistype[];
  /** Every call that reached either of them, refused ones included. */
  readonly calls: readonly Call[];
  /** Authentic deliveries that were answered with a 4xx, which PagerDuty does not send again. */
  readonly refused?: readonly Refused[];
  /** What the audit logs hold on disk of what was about to be sent; absent where nobody looked. */
  readonly intents?: readonly Intent[];
  /** When the edge's storage was put back to an earlier state: what it had taken meanwhile is lost. */
  readonly losses: readonly Span[];
  /** From when on nothing was made to fail any more. */
  readonly calmFromMs: number;
  /** From when on no people did anything any more: whatever was open in Teleport had been ended there before. */
  readonly quietFromMs: number;
  readonly endedMs: number;
}

/** What was configured, as far as right and wrong depend on it. */
export interface Setting {
  readonly cluster: string;
  /** As `policy.approvers`: e-mail addresses, user IDs of PagerDuty, `on-call`, or `*`. */
  readonly approvers: readonly string[];
  /** Roles that may be approved in PagerDuty; null: all. */
  readonly approvableRoles: readonly string[] | null;
  readonly allowsSelfApproval: boolean;
  /** Whether requesters who are on call are approved by that. */
  readonly autoApproves: boolean;
  /** Whether decisions are reviews, of which a request may need several, rather than states. */
  readonly decidesByReview: boolean;
  /** How old an approval may be when it reaches Teleport, by the relay's own clock. */
  readonly approveWithinMs: number;
  /** How far a clock of the product's may be off the world's in this run. */
  readonly clockOffsetMs: number;
  /** The user that the product's own writes act as. */
  readonly botUserId: string;
  /** Longest time from calm until a request must have its incidents and a click its answer. */
  readonly settledWithinMs: number;
  /** Whether the edge did as it was programmed. One that lies may lose clicks; it must not gain any. */
  readonly edgeIsHonest: boolean;
  /** How many relays ran. */
  readonly relays: number;
  /** How often a relay was started: what each has sent may arrive after its end. */
  readonly relayStarts: number;
}

/** From when until when. */
export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface RequestHistory {
  readonly id: string;
  /** Who asks, in Teleport. */
  readonly user: string;
  /** E-mail addresses that Teleport knows them by. */
  readonly emails: readonly string[];
  /** What was asked for at first. */
  readonly roles: readonly string[];
  /** Ids of the services where it is due. */
  readonly services: readonly string[];
  /** How many approvals its thresholds ask for. */
  readonly approvalsNeeded: number;
  /** When it ends if nobody decides; null: never. */
  readonly expiresMs: number | null;
  /** In their order; the first is when it was made. */
  readonly states: readonly StateSeen[];
  /** When what it asks for was changed in Teleport, if it was: another text than was paged before. */
  readonly changedMs: readonly number[];
  /** When the requester was on call for a service that the request itself names for auto-approval. */
  readonly onCall: readonly Span[];
}

/** `GONE`: Teleport has it no longer, deleted or expired. */
export type State = "PENDING" | "APPROVED" | "DENIED" | "PROMOTED" | "GONE";

export interface StateSeen {
  readonly atMs: number;
  readonly state: State;
  /** Whether the product did it. */
  readonly byUs: boolean;
}

/** A state that the product set, or a review that it gave, and Teleport took. */
export interface VerdictTaken {
  readonly requestId: string;
  readonly verdict: Verdict;
  readonly atMs: number;
  /** The whole reason; it ends in `[pd:<click id>]`. */
  readonly reason: string;
  /** `pagerduty:<email>`; null where Teleport was given none. */
  readonly delegator: string | null;
}

export type Verdict = "approve" | "deny";

export interface IncidentHistory {
  readonly id: string;
  readonly serviceId: string;
  /** Null where it has none. */
  readonly key: string | null;
  readonly openedMs: number;
  /** Whether the product opened it. */
  readonly byUs: boolean;
  readonly body: string;
  readonly notes: readonly NoteSeen[];
  /** After `triggered`, in their order. */
  readonly statuses: readonly StatusSeen[];
}

export interface NoteSeen {
  readonly atMs: number;
  readonly byUs: boolean;
  readonly content: string;
}

export interface StatusSeen {
  readonly atMs: number;
  readonly status: "triggered" | "acknowledged" | "resolved";
  readonly byUs: boolean;
  /** The incident that it was merged into; null when it was not. */
  readonly mergedInto: string | null;
}

/** Something that looks like a decision: what a person did in PagerDuty, or what somebody else made it look like. */
export interface ClickHistory {
  /** Of the event, or of the log entry. */
  readonly id: string;
  readonly incidentId: string;
  readonly verdict: Verdict;
  /** When the person did it, which the delivery tells as `occurred_at`. */
  readonly atMs: number;
  readonly person: Person;
  /** Whether the person was on call for the service of that incident then. */
  readonly onCall: boolean;
  /** Whether PagerDuty made it: forged, altered and replayed-elsewhere ones are not authentic. */
  readonly isAuthentic: boolean;
  /** When a delivery of it was first answered with a 2xx; null when none was. */
  readonly acceptedMs: number | null;
  /** Who finds it in PagerDuty when no delivery of it arrives. */
  readonly foundBy: "reconciliation" | "nobody";
}

export interface Person {
  /** Null where PagerDuty names nobody. */
  readonly id: string | null;
  /** Only a user can decide. */
  readonly kind: "user" | "service" | "nobody";
  readonly name: string;
  readonly email: string | null;
  /** Names in Teleport that are this person. */
  readonly teleportUsers: readonly string[];
}

export interface Refused {
  readonly eventId: string;
  readonly atMs: number;
  readonly status: number;
}

export interface Intent {
  readonly requestId: string;
  readonly clickId: string;
  /** When the line was on disk. */
  readonly atMs: number;
}

export interface Mistype {
  readonly incidentId: string;
  readonly personId: string;
}

export interface Call {
  readonly at: "teleport" | "pagerduty";
  readonly atMs: number;
  /** As `POST /incidents`, or as `setState`. */
  readonly name: string;
  /** What it was about, where that shows. */
  readonly subject: string | null;
}
