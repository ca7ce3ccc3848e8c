/**
 * Teleport's Auth Service, as the relay uses it, from 4.2.8 to 18. With `teleport/` the only place that speaks gRPC. Both
 * journeys pass here: what people ask for is read, and what was decided is set. It decides nothing itself, and sends
 * nothing twice.
 */

import { MAX_LABEL_LENGTH } from "../shared/values.ts";
import { type LiveRequest, liveRequestFor } from "./access-request.ts";
import { type ChannelSettings, channelFor, type Way } from "./channel.ts";
import { type Event, Operation, RequestState } from "./gen/teleport_pb.ts";
import type { Identity } from "./identity.ts";
import type { PluginData } from "./plugin-data.ts";
import type { MonitoringRule } from "./rules.ts";
import { Connection } from "./teleport/connection.ts";
import { TeleportError } from "./teleport/error.ts";
import { isUnimplemented, LIST_WITHIN_MS, Listing } from "./teleport/listing.ts";
import type {
  PluginDataUpdate,
  Resolution,
  ResolutionWords,
  Review,
  ReviewSubmission,
  StateSetting,
  TeleportPort,
  TeleportServer,
  Traits,
  WatchHandlers,
} from "./teleport/port.ts";
import { cutReason } from "./teleport/reason.ts";
import { listFriendlyNames } from "./teleport/resource-listing.ts";
import { reviewMessageFor, reviewRefusal, startTimeOf } from "./teleport/review.ts";
import { listRules, monitoringRuleFor } from "./teleport/rules-listing.ts";

export interface TeleportOptions {
  readonly way: Way;
  readonly identity: Identity;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Made from the two above unless given. */
  readonly channel?: ChannelSettings;
}

/** How long any call but a list may take. */
const CALL_WITHIN_MS = 10_000;

const KIND = "access_request";
const RULE_KIND = "access_monitoring_rule";

/** The name under which plugin data is kept: the predecessor's, whose incidents are taken over. */
const PLUGIN = "pagerduty";

/** One Auth Service under one identity. A renewed identity asks for another one of these. */
export class Teleport implements TeleportPort {
  readonly #connection: Connection;
  readonly #listing: Listing;
  /** What Ping told since the last watch was opened: a new watch may have another server. */
  #server: TeleportServer | undefined;
  /** False once a watch that names rules has been refused; they are listed all the same. */
  #watchesRules = true;

  constructor({ way, identity, now, channel = channelFor(way, identity) }: TeleportOptions) {
    this.#connection = new Connection({
      channel,
      address: way.address,
      certificateExpiresMs: identity.expiresMs,
      now,
    });
    this.#listing = new Listing(this.#connection);
  }

  async ping(withinMs = CALL_WITHIN_MS): Promise<TeleportServer> {
    const answer = await this.#connection.unary("ping", {}, withinMs);
    const { clusterName: cluster, proxyPublicAddr } = answer;
    // The edge reads no longer ones, and a link is worth more than either.
    const version = answer.serverVersion.slice(0, MAX_LABEL_LENGTH);
    const isAddress = proxyPublicAddr !== "" && proxyPublicAddr.length <= MAX_LABEL_LENGTH;
    this.#listing.serverIs(version);
    this.#server = { version, cluster, proxyAddress: isAddress ? proxyPublicAddr : null };
    return this.#server;
  }

  async listPending(): Promise<LiveRequest[]> {
    if (this.#server === undefined) await this.ping();
    const requests = await this.#listing.read({ state: RequestState.PENDING });
    return requests.filter(({ request }) => request.state === "PENDING");
  }

  async read(requestId: string): Promise<LiveRequest | undefined> {
    if (this.#server === undefined) await this.ping();
    const found = await orGone(this.#listing.read({ id: requestId }));
    return found === "gone" ? undefined : found.find(({ request }) => request.id === requestId);
  }

  async pluginData(requestId: string): Promise<Readonly<Record<string, string>>> {
    const filter = { kind: KIND, resource: requestId, plugin: PLUGIN };
    const answer = await orGone(this.#connection.unary("getPluginData", filter, CALL_WITHIN_MS));
    if (answer === "gone") return {};
    const found = answer.pluginData.find(({ metadata }) => metadata?.name === requestId);
    return found?.spec?.entries[PLUGIN]?.data ?? {};
  }

  async allPluginData(): Promise<ReadonlyMap<string, PluginData>> {
    // A filter that names no request matches all.
    const answer = await this.#connection.unary("getPluginData", { kind: KIND, plugin: PLUGIN }, LIST_WITHIN_MS);
    const found = answer.pluginData.map(
      ({ metadata, spec }) => [metadata?.name ?? "", spec?.entries[PLUGIN]?.data ?? {}] as const,
    );
    return new Map(found);
  }

  async updatePluginData(
    requestId: string,
    set: Readonly<Record<string, string>>,
    expect: Readonly<Record<string, string>>,
  ): Promise<PluginDataUpdate> {
    const update = { kind: KIND, resource: requestId, plugin: PLUGIN, set: { ...set }, expect: { ...expect } };
    try {
      const call = this.#connection.unary("updatePluginData", update, CALL_WITHIN_MS);
      return (await orGone(call)) === "gone" ? "gone" : "updated";
    } catch (error) {
      if (isMismatch(error)) return "conflict";
      throw error;
    }
  }

  async setState(
    requestId: string,
    state: Resolution,
    { delegator, reason, assumeStartMs = null }: ResolutionWords,
  ): Promise<StateSetting> {
    const setter = {
      id: requestId,
      state: RequestState[state],
      delegator,
      reason: cutReason(reason),
      // A denied access never begins; Teleport takes the field with an approval only.
      ...startTimeOf(state, assumeStartMs),
    };
    try {
      const call = this.#connection.unary("setAccessRequestState", setter, CALL_WITHIN_MS);
      return (await orGone(call)) === "gone" ? "gone" : "set";
    } catch (error) {
      if (isAlreadyDenied(error)) return "already_denied";
      throw error;
    }
  }

  async submitReview(requestId: string, review: Review): Promise<ReviewSubmission> {
    try {
      const submission = { requestId, review: reviewMessageFor(review) };
      const found = await orGone(this.#connection.unary("submitAccessReview", submission, CALL_WITHIN_MS));
      return found === "gone" ? "gone" : (liveRequestFor(found) ?? "gone");
    } catch (error) {
      const refusal = reviewRefusal(error);
      if (refusal !== undefined) return refusal;
      throw error;
    }
  }

  listRules(): Promise<MonitoringRule[]> {
    return listRules(this.#connection);
  }

  async userTraits(user: string): Promise<Traits | undefined> {
    const found = await orGone(this.#connection.unary("getUser", { name: user, withSecrets: false }, CALL_WITHIN_MS));
    if (found === "gone") return undefined;
    const traits = Object.entries(found.spec?.traits?.values ?? {});
    return Object.fromEntries(traits.map(([name, { values }]) => [name, values]));
  }

  resourceNames(kind: string, names: readonly string[], withinMs: number): Promise<ReadonlyMap<string, string>> {
    return listFriendlyNames(this.#connection, kind, names, withinMs);
  }

  async watch(handlers: WatchHandlers, signal: AbortSignal): Promise<void> {
    const { version } = this.#server ?? (await this.ping());
    this.#server = undefined;
    if (handlers.rules === undefined || !this.#watchesRules || !leavesKindsOut(version))
      return this.#watch([KIND], handlers, signal);
    let hasStood = false;
    const stood = (): void => {
      hasStood = true;
    };
    try {
      return await this.#watch([KIND, RULE_KIND], handlers, signal, stood);
    } catch (error) {
      if (hasStood || !refusesKind(error)) throw error;
      this.#watchesRules = false;
      return this.#watch([KIND], handlers, signal);
    }
  }

  #watch(
    kinds: readonly string[],
    handlers: WatchHandlers,
    signal: AbortSignal,
    stood: () => void = () => undefined,
  ): Promise<void> {
    // No filter: one by state would hide what becomes of a request.
    const request = { kinds: kinds.map((kind) => ({ kind })), allowPartialSuccess: kinds.length > 1 };
    const take = (event: Event): void => {
      if (event.type === Operation.INIT) stood();
      handOver(event, handlers);
    };
    return this.#connection.stream("watchEvents", request, take, { signal });
  }

  close(): void {
    this.#connection.close();
  }
}

// Operations and resources of later releases are skipped.
function handOver({ type, resource }: Event, handlers: WatchHandlers): void {
  if (type === Operation.INIT) {
    handlers.init();
    handlers.rules?.init();
  }
  if (type === Operation.PUT && resource.case === "accessRequest") {
    const live = liveRequestFor(resource.value);
    if (live !== undefined) handlers.put(live);
  }
  if (type === Operation.PUT && resource.case === "accessMonitoringRule") {
    handlers.rules?.put(monitoringRuleFor(resource.value));
  }
  if (type === Operation.DELETE && resource.case === "resourceHeader") {
    const name = resource.value.metadata?.name ?? "";
    if (resource.value.kind === KIND && name !== "") handlers.deleted(name);
    if (resource.value.kind === RULE_KIND && name !== "") handlers.rules?.deleted(name);
  }
}

/**
 * Since 13 a server leaves out a kind that it does not have or that we may not watch (`Watch.AllowPartialSuccess`). Before,
 * there are no rules either, and how one that does not know them ends such a watch differs from release to release.
 */
function leavesKindsOut(version: string): boolean {
  return Number.parseInt(version, 10) >= 13;
}

// A server may refuse them all even so.
function refusesKind(error: unknown): boolean {
  const isRefusal = error instanceof TeleportError && (error.code === "permission_denied" || error.code === "invalid");
  return isRefusal || isUnimplemented(error);
}

async function orGone<Answer>(call: Promise<Answer>): Promise<Answer | "gone"> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof TeleportError && error.code === "not_found") return "gone";
    throw error;
  }
}

// Teleport gives up on a write that too many others contend with by the same status; that one is worth another try.
function isMismatch(error: unknown): boolean {
  return error instanceof TeleportError && error.code === "conflict" && !/concurrent/i.test(error.details);
}

function isAlreadyDenied(error: unknown): boolean {
  return error instanceof TeleportError && error.code === "invalid" && /already denied/i.test(error.details);
}
