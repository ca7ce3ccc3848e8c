/**
 * Teleport in virtual time, as real servers behave: no compare-and-set on the state, a denial that nothing lifts, plugin
 * data with its expectations, and empty lists for whoever may not see requests. It writes down what it saw.
 */
import type { LiveRequest } from "../../relay/access-request.ts";
import type { Resolution, ResolutionWords, Review } from "../../relay/teleport/port.ts";
import type { AccessRequest, AccessReview } from "../../shared/access-request.ts";
import type { Call, RequestHistory, Span, State, StateSeen, VerdictTaken } from "../checker/history.ts";
import type { Journal } from "./journal.ts";
import { TRAITS } from "./plan.ts";
import type { Scheduler } from "./scheduler.ts";

/** Who is told of changes, in order. */
export interface Watcher {
  put(live: LiveRequest): void;
  deleted(requestId: string): void;
  cut(): void;
}

/** One access request with all that is known of it. */
export interface Entry {
  live: LiveRequest;
  data: Record<string, string>;
  isGone: boolean;
  /** As they were asked for at first. */
  readonly roles: readonly string[];
  readonly services: readonly string[];
  readonly states: StateSeen[];
  readonly changedMs: number[];
  /** When the requester was on call where that approves it. */
  readonly onCall: () => readonly Span[];
}

/** What callers may do at the moment. `blind`: requests are hidden from them; `refused`: everything is. */
export type Rights = "all" | "blind" | "refused";

export class SimulatedTeleport {
  readonly entries = new Map<string, Entry>();
  readonly watchers = new Set<Watcher>();
  readonly verdicts: VerdictTaken[] = [];
  readonly calls: Call[] = [];
  rights: Rights = "all";
  /** Until when every decision takes long, ms since the epoch. */
  slowUntilMs = 0;
  readonly #scheduler: Scheduler;
  readonly #journal: Journal;

  constructor(scheduler: Scheduler, journal: Journal) {
    this.#scheduler = scheduler;
    this.#journal = journal;
  }

  /** The requests as the checker wants them. */
  get history(): RequestHistory[] {
    return [...this.entries.values()].map(
      ({ live: { request, thresholds }, roles, services, states, changedMs, onCall }) => ({
        id: request.id,
        user: request.user,
        emails: TRAITS[request.user] ?? [],
        roles,
        services,
        approvalsNeeded: Math.max(...thresholds.map(({ approve }) => approve)),
        expiresMs: request.requestExpiresMs,
        states,
        changedMs,
        onCall: onCall(),
      }),
    );
  }

  /** A request that is there and not resolved. */
  isPending(requestId: string): boolean {
    const entry = this.entries.get(requestId);
    return entry !== undefined && !entry.isGone && entry.live.request.state === "PENDING";
  }

  create(live: LiveRequest, services: readonly string[], onCall: () => readonly Span[]): void {
    const { id, user, roles } = live.request;
    const entry: Entry = { live, data: {}, isGone: false, roles, services, states: [], changedMs: [], onCall };
    this.entries.set(id, entry);
    this.#seen(entry, "PENDING", false);
    this.#journal.tell("teleport", `${user} asks for ${roles.join()} (${id}, for ${services.join()})`);
    this.#put(entry);
  }

  /** Somebody resolves a request in Teleport itself. */
  resolve(requestId: string, state: "APPROVED" | "DENIED" | "PROMOTED", who: string): void {
    const entry = this.entries.get(requestId);
    if (entry === undefined || !this.isPending(requestId)) return;
    this.#journal.count(`${state.toLowerCase()} in Teleport`);
    this.#journal.tell("teleport", `${who} sets ${requestId} to ${state}`);
    const review = { author: who, proposedState: state, reason: "", createdMs: this.#scheduler.nowMs };
    this.#change(entry, { state, reviews: withReview(entry, review) });
    this.#seen(entry, state, false);
    this.#put(entry);
  }

  /** Somebody gives a review that decides nothing yet. */
  review(requestId: string, author: string): void {
    const entry = this.entries.get(requestId);
    if (entry === undefined || !this.isPending(requestId)) return;
    this.#journal.tell("teleport", `${author} reviews ${requestId}`);
    const review = {
      author,
      proposedState: "APPROVED",
      reason: "looks fine",
      createdMs: this.#scheduler.nowMs,
    } as const;
    this.#change(entry, { reviews: withReview(entry, review) });
    this.#put(entry);
  }

  /** What a request asks for becomes something else. */
  alter(requestId: string): void {
    const entry = this.entries.get(requestId);
    if (entry === undefined || !this.isPending(requestId)) return;
    this.#journal.count("requests changed");
    this.#journal.tell("teleport", `${requestId} asks for something else now`);
    const { roles } = entry.live.request;
    this.#change(entry, { roles: [...roles, `more${entry.changedMs.length}`] });
    entry.changedMs.push(this.#scheduler.nowMs);
    this.#put(entry);
  }

  /** Teleport drops a request: somebody deleted it, or its time has come; at times without a word. */
  drop(requestId: string, why: string, isTold = true): void {
    const entry = this.entries.get(requestId);
    if (entry === undefined || entry.isGone) return;
    this.#journal.count(`requests ${why}`);
    this.#journal.tell("teleport", `${requestId} is gone (${why})`);
    entry.isGone = true;
    this.#seen(entry, "GONE", false);
    if (isTold) for (const watcher of this.watchers) watcher.deleted(requestId);
  }

  /** Ends every watch, as a restart does. */
  cutWatches(): void {
    for (const watcher of [...this.watchers]) watcher.cut();
  }

  setState(requestId: string, state: Resolution, { delegator, reason }: ResolutionWords) {
    const entry = this.#present(requestId);
    if (entry === undefined) return "gone";
    if (entry.live.request.state === "DENIED") return "already_denied";
    this.#journal.count(state === "APPROVED" ? "approvals" : "denials");
    this.#journal.tell("teleport", `${requestId} is set to ${state} by ${delegator}: ${reason}`);
    this.#verdict(requestId, state, reason, delegator);
    this.#change(entry, { state, resolveReason: reason });
    this.#seen(entry, state, true);
    this.#put(entry);
    return "set";
  }

  submitReview(requestId: string, { proposedState, reason, createdMs }: Review, author: string) {
    const entry = this.#present(requestId);
    if (entry === undefined) return "gone";
    const { state, reviews } = entry.live.request;
    if (state !== "PENDING") return "resolved_before";
    if (reviews.some((given) => given.author === author)) return "reviewed_before";
    this.#journal.count(proposedState === "APPROVED" ? "approving reviews" : "denying reviews");
    this.#journal.tell("teleport", `${requestId} gets a review by ${author}: ${proposedState} ${reason}`);
    this.#verdict(requestId, proposedState, reason, null);
    const all = [...reviews, { author, proposedState, reason, createdMs }];
    const given = all.filter((review) => review.proposedState === "APPROVED").length;
    const isEnough = entry.live.thresholds.every(({ approve }) => given >= approve);
    const isOver = proposedState === "DENIED" || isEnough;
    this.#change(entry, { reviews: all, ...(isOver && { state: proposedState, resolveReason: reason }) });
    if (isOver) this.#seen(entry, proposedState, true);
    this.#put(entry);
    return entry.live;
  }

  updatePluginData(
    requestId: string,
    set: Readonly<Record<string, string>>,
    expect: Readonly<Record<string, string>>,
  ): "updated" | "conflict" | "gone" {
    const entry = this.#present(requestId);
    if (entry === undefined) return "gone";
    if (Object.entries(expect).some(([key, value]) => (entry.data[key] ?? "") !== value)) return "conflict";
    const data = { ...entry.data, ...set };
    for (const [key, value] of Object.entries(set)) if (value === "") delete data[key];
    entry.data = data;
    return "updated";
  }

  #present(requestId: string): Entry | undefined {
    const entry = this.entries.get(requestId);
    return entry?.isGone === false ? entry : undefined;
  }

  #verdict(requestId: string, state: Resolution, reason: string, delegator: string | null): void {
    const verdict = state === "APPROVED" ? "approve" : "deny";
    this.verdicts.push({ requestId, verdict, atMs: this.#scheduler.nowMs, reason, delegator });
  }

  #change(entry: Entry, change: Partial<AccessRequest>): void {
    entry.live = { ...entry.live, request: { ...entry.live.request, ...change } };
  }

  #seen(entry: Entry, state: State, byUs: boolean): void {
    entry.states.push({ atMs: this.#scheduler.nowMs, state, byUs });
  }

  #put({ live }: Entry): void {
    for (const watcher of this.watchers) watcher.put(live);
  }
}

// Teleport takes one review of each author.
function withReview({ live }: Entry, review: AccessReview): AccessReview[] {
  const { reviews } = live.request;
  return reviews.some(({ author }) => author === review.author) ? reviews : [...reviews, review];
}
