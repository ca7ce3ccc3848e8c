/**
 * What the relay's logic asks of Teleport. `Teleport` answers it over gRPC, a simulator from memory. Nothing here knows
 * of the wire.
 */
import type { LiveRequest } from "../access-request.ts";
import type { MonitoringRule } from "../rules.ts";

/** What Ping tells. It needs no permission, so it proves none. */
export interface TeleportServer {
  /** Such as `18.2.1`; a pre-release keeps its suffix. */
  readonly version: string;
  /** The cluster's name. */
  readonly cluster: string;
  /** Host and port of the Proxy for people's browsers; null before 6.1 or when none is set. */
  readonly proxyAddress: string | null;
}

/** The states that the relay sets. */
export type Resolution = "APPROVED" | "DENIED";

/** What became of writing plugin data: written; another value was there; no such request. */
export type PluginDataUpdate = "updated" | "conflict" | "gone";

/**
 * What became of setting a state: Teleport took it; no such request; denied before, which nothing lifts. `set` does not
 * say that the request was pending: Teleport also takes a second resolution over an approval.
 */
export type StateSetting = "set" | "gone" | "already_denied";

/** Who resolves a request, and why, as Teleport's audit log will have it. */
export interface ResolutionWords {
  /** Such as `pagerduty:alice@example.com`. */
  readonly delegator: string;
  /** Cut to Teleport's limit; a tail such as `[pd:<event id>]` survives the cut. */
  readonly reason: string;
  /** When the access is to begin, as the requester suggested, in ms since the epoch; at once when null or absent. */
  readonly assumeStartMs?: number | null;
}

/** A review to submit, of all the roles of a request. */
export interface Review {
  /** The Teleport user whose review it is, submitted in their name (18.11 and later); null for our own user. */
  readonly author: string | null;
  readonly proposedState: Resolution;
  /** Cut to Teleport's limit as a resolution's. */
  readonly reason: string;
  /** When it was given, in ms since the epoch. */
  readonly createdMs: number;
  /** As in {@link ResolutionWords}. */
  readonly assumeStartMs: number | null;
}

/**
 * What became of a review: the request as it is with it, which thresholds may leave pending; that author has reviewed it
 * before; it is no longer pending; no such request.
 */
export type ReviewSubmission = LiveRequest | "reviewed_before" | "resolved_before" | "gone";

/** What a watch of access requests hands over, in Teleport's order, as soon as it arrives. None of these may throw. */
export interface WatchHandlers {
  /**
   * The watch stands: from here on nothing is missed. What was before must be listed. Comes again when the watch has moved
   * to another connection.
   */
  init(): void;
  /** A request was made or has changed; may come again unchanged. */
  put(request: LiveRequest): void;
  /** A request, in any state, is no longer in Teleport. */
  deleted(requestId: string): void;
  /** Who is told of Access Monitoring Rules. Without it they are not watched. */
  readonly rules?: RuleHandlers;
}

/**
 * What a watch hands over of Access Monitoring Rules, if Teleport has any and we may see them; a watch that may not
 * watches requests alone and says nothing of it here. None of these may throw.
 */
export interface RuleHandlers {
  /** The watch stands: rules may have changed unseen before, and must be listed. */
  init(): void;
  put(rule: MonitoringRule): void;
  deleted(name: string): void;
}

/** A user's traits by name, such as `email`. */
export type Traits = Readonly<Record<string, readonly string[]>>;

/** Teleport, as the relay uses it. Every method rejects with a `TeleportError` and with nothing else. */
export interface TeleportPort {
  ping(): Promise<TeleportServer>;
  /** Every pending request. Some releases answer a caller without rights with an empty list. */
  listPending(): Promise<LiveRequest[]>;
  /** One request in any state; undefined when Teleport has none. */
  read(requestId: string): Promise<LiveRequest | undefined>;
  /** What this plugin has stored with a request; empty when nothing. Readable for an hour after the access has ended. */
  pluginData(requestId: string): Promise<Readonly<Record<string, string>>>;
  /** The same of every request that this plugin has stored anything with, by request. */
  allPluginData(): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>>;
  /**
   * Writes plugin data if every key in `expect` has that value; `""` there demands that the key is absent, and `""` in
   * `set` deletes it. The only compare-and-set that Teleport has.
   */
  updatePluginData(
    requestId: string,
    set: Readonly<Record<string, string>>,
    expect: Readonly<Record<string, string>>,
  ): Promise<PluginDataUpdate>;
  /** Resolves a request past every threshold. Not compare-and-set: read the state, and claim, before. Never sent twice. */
  setState(requestId: string, state: Resolution, words: ResolutionWords): Promise<StateSetting>;
  /**
   * Submits a review (6.1 and later). Teleport takes one of each author and request. Up to 13 it also takes one of a request
   * that is resolved, to no effect. Never sent twice.
   */
  submitReview(requestId: string, review: Review): Promise<ReviewSubmission>;
  /** Every Access Monitoring Rule that notifies PagerDuty of access requests; empty before 15, which has none. */
  listRules(): Promise<MonitoringRule[]>;
  /** The traits of a user; undefined when Teleport has no such user. */
  userTraits(user: string): Promise<Traits | undefined>;
  /**
   * The names that people know resources of our own cluster by, by the name in a request (`ResourceID`). What has none,
   * or cannot be asked for safely, is left out.
   */
  resourceNames(kind: string, names: readonly string[], withinMs: number): Promise<ReadonlyMap<string, string>>;
  /**
   * Watches access requests of every state, and rules if asked to; resolves when the server ends the stream as OK, or when
   * the signal aborts.
   */
  watch(handlers: WatchHandlers, signal: AbortSignal): Promise<void>;
  /** Ends every call and watch; nothing may be called after. */
  close(): void;
}
