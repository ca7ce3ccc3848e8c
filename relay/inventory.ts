/**
 * Journey 1 in the relay: what is open in Teleport and what is open at the edge, and the frames that make the second the
 * same as the first. What Teleport does not list is not over for that reason: a caller without rights is shown an empty
 * list. It is over when Teleport says so, when its time has come, or when a read of it tells what became of it.
 */
import { digestOf, endOfState, type RequestEnd } from "../shared/access-request.ts";
import type { Logger } from "../shared/log.ts";
import type { RelayFrame, Unnumbered } from "../shared/protocol.ts";
import type { LiveRequest } from "./access-request.ts";
import { claimIn } from "./claim.ts";
import type { Lanes } from "./lanes.ts";
import type { WholeWelcome } from "./link/handlers.ts";
import { boundIncidents, resolutionData } from "./plugin-data.ts";
import type { TeleportPort } from "./teleport/port.ts";
import type { WatchSink } from "./watch.ts";

export interface InventoryOptions {
  readonly cluster: string;
  readonly teleport: Pick<TeleportPort, "read" | "pluginData" | "updatePluginData">;
  readonly lanes: Lanes;
  /** False when no link stands; the next sync makes up for it. */
  readonly send: (frame: Unnumbered<RelayFrame>) => boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

/** What the edge is known to have of a request. */
interface AtEdge {
  readonly digest: string;
  readonly reviews: number;
  readonly requestExpiresMs: number | null;
}

export class Inventory implements WatchSink {
  readonly #options: InventoryOptions;
  /** Requests that are pending in Teleport, as last seen; undefined until they have been listed. */
  #pending: Map<string, LiveRequest> | undefined;
  /** Requests that are open at the edge; undefined while no link stands. */
  #atEdge: Map<string, AtEdge> | undefined;
  #synced = false;

  constructor(options: InventoryOptions) {
    this.#options = options;
  }

  connected(): void {
    this.#options.log.info("Watcher connected");
  }

  // The watch says so itself; what was known stays the best that is known.
  lost(): void {}

  listed(requests: readonly LiveRequest[]): void {
    const before = this.#pending;
    this.#pending = new Map(requests.map((live) => [live.request.id, live]));
    const missing = [...(before?.keys() ?? [])].filter((id) => !this.#pending?.has(id));
    // Between two lists of one watch nothing goes unseen but what Teleport hides: these are looked at one by one.
    for (const id of missing) this.#keep(id, before?.get(id));
    this.#reconcile();
  }

  put(live: LiveRequest): void {
    const { id, state } = live.request;
    if (state === "PENDING") {
      this.#pending?.set(id, live);
      this.#tell(live);
    } else if (this.#isKnown(id)) this.#options.lanes.add(id, () => this.#resolved(live));
  }

  deleted(requestId: string): void {
    if (this.#isKnown(requestId)) this.#options.lanes.add(requestId, async () => this.#over(requestId, "deleted"));
  }

  /** A link stands: what the edge has is what `welcome` said. */
  welcomed({ open }: WholeWelcome): void {
    this.#atEdge = new Map([...open].map(([id, has]) => [id, { ...has, requestExpiresMs: null }]));
    this.#synced = false;
    this.#reconcile();
  }

  /** The link is gone, and with it what is known of the edge. */
  unlinked(): void {
    this.#atEdge = undefined;
  }

  /** A decision of ours ended a request, and the edge knows. */
  settled(requestId: string): void {
    this.#pending?.delete(requestId);
    this.#atEdge?.delete(requestId);
  }

  /** Looks at every request whose time has come. Teleport may list it for minutes more, or drop it without a word. */
  checkExpiry(): void {
    const nowMs = this.#options.now();
    for (const [id, { request }] of this.#pending ?? []) {
      if (request.requestExpiresMs !== null && request.requestExpiresMs <= nowMs) this.#look(id);
    }
  }

  /** How many requests are pending in Teleport, as far as is known. */
  get pendingCount(): number {
    return this.#pending?.size ?? 0;
  }

  #isKnown(requestId: string): boolean {
    return this.#pending?.has(requestId) === true || this.#atEdge?.has(requestId) === true;
  }

  #keep(requestId: string, live: LiveRequest | undefined): void {
    if (live === undefined) return;
    this.#pending?.set(requestId, live);
    this.#look(requestId);
  }

  #reconcile(): void {
    if (this.#pending === undefined || this.#atEdge === undefined) return;
    for (const live of this.#pending.values()) this.#tell(live);
    const unlisted = [...this.#atEdge.keys()].filter((id) => !this.#pending?.has(id));
    if (this.#synced) {
      for (const id of unlisted) this.#look(id);
      return;
    }
    this.#synced = true;
    void this.#lookAtAll(unlisted).then(() => this.#options.send({ type: "synced" }));
  }

  async #lookAtAll(requestIds: readonly string[]): Promise<void> {
    const looks = requestIds.map((id) => new Promise<void>((looked) => this.#look(id, looked)));
    await Promise.all(looks);
  }

  #tell(live: LiveRequest): void {
    const { cluster, send } = this.#options;
    const { request } = live;
    const digest = digestOf(cluster, request);
    const has = this.#atEdge?.get(request.id);
    const isNew = has === undefined || has.digest !== digest || has.reviews < request.reviews.length;
    if (this.#atEdge === undefined || !isNew) return;
    if (!send({ type: "request", request, recipients: [] })) return;
    this.#atEdge.set(request.id, {
      digest,
      reviews: request.reviews.length,
      requestExpiresMs: request.requestExpiresMs,
    });
  }

  #look(requestId: string, looked: () => void = () => undefined): void {
    this.#options.lanes.add(requestId, async () => {
      try {
        await this.#lookNow(requestId);
      } finally {
        looked();
      }
    });
  }

  async #lookNow(requestId: string): Promise<void> {
    const live = await this.#options.teleport.read(requestId);
    if (live === undefined) return this.#unreadable(requestId);
    const { state, requestExpiresMs } = live.request;
    if (state !== "PENDING") return this.#resolved(live);
    if (requestExpiresMs !== null && requestExpiresMs <= this.#options.now()) return this.#over(requestId, "expired");
    this.#pending?.set(requestId, live);
    this.#tell(live);
  }

  // Nothing can be read: the request is gone, or our right to see it is. A list that shows others proves the right.
  #unreadable(requestId: string): void {
    const expiresMs =
      this.#pending?.get(requestId)?.request.requestExpiresMs ?? this.#atEdge?.get(requestId)?.requestExpiresMs;
    const isPastExpiry = typeof expiresMs === "number" && expiresMs <= this.#options.now();
    const seesOthers = [...(this.#pending?.keys() ?? [])].some((id) => id !== requestId);
    if (isPastExpiry) this.#over(requestId, "expired");
    else if (seesOthers) this.#over(requestId, "deleted");
    else
      this.#options.log.debug("Teleport shows nothing of a request; it stays open until its end is certain", {
        requestId,
      });
  }

  async #resolved({ request }: LiveRequest): Promise<void> {
    const end = endOfState(request.state);
    if (end === undefined || !this.#isKnown(request.id)) return;
    const { teleport } = this.#options;
    const data = await teleport.pluginData(request.id);
    const claim = claimIn(data);
    const isOurs = claim !== undefined && (end === "approved" ? claim.verdict === "approve" : claim.verdict === "deny");
    const reviewers = request.reviews.filter(({ proposedState }) => proposedState === request.state);
    const who = reviewers.map(({ author }) => author).join(", ");
    const why = request.resolveReason || (reviewers.at(-1)?.reason ?? "");
    this.#over(request.id, end, { who: who || null, why: why || null, clickId: isOurs ? claim.clickId : null });
    if (boundIncidents(data).length === 0 || (data.resolution ?? "") !== "") return;
    // For whoever goes back to the predecessor; nothing here reads it.
    await teleport.updatePluginData(request.id, resolutionData(end, why), { resolution: "" });
  }

  #over(requestId: string, end: RequestEnd, words = NOBODY): void {
    if (!this.#isKnown(requestId)) return;
    this.#pending?.delete(requestId);
    if (this.#atEdge?.has(requestId) !== true) return;
    if (this.#options.send({ type: "ended", requestId, end, ...words })) this.#atEdge.delete(requestId);
    this.#options.log.info("Request ended", { requestId, end });
  }
}

const NOBODY: { readonly who: string | null; readonly why: string | null; readonly clickId: string | null } = {
  who: null,
  why: null,
  clickId: null,
};
