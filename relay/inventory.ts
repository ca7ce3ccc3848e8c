/**
 * Journey 1 in the relay: what is open in Teleport and what is open at the edge, and the frames that make the second the
 * same as the first. What Teleport does not list is not over for that reason: a caller without rights is shown an empty
 * list. It is over when Teleport says so, when its time has come, or when a read of it tells what became of it, or shows
 * nothing and the right to see it is proven.
 */
import { type AccessRequest, endOfState } from "../shared/access-request.ts";
import type { Logger } from "../shared/log.ts";
import type { RelayFrame, Unnumbered } from "../shared/protocol.ts";
import type { LiveRequest } from "./access-request.ts";
import { type AbsenceWitness, isProvenAbsent } from "./inventory/absence.ts";
import { AtEdge } from "./inventory/at-edge.ts";
import { DELETED, type Ending, Endings, EXPIRED, endingOf } from "./inventory/endings.ts";
import type { RequestFrame, RequestFrames } from "./inventory/request-frame.ts";
import { recordResolution } from "./inventory/resolution-record.ts";
import type { Lanes } from "./lanes.ts";
import type { WholeWelcome } from "./link/handlers.ts";
import type { PluginData } from "./plugin-data.ts";
import { TeleportError } from "./teleport/error.ts";
import type { Clock } from "./time/clock.ts";
import type { WatchSink } from "./watch.ts";

export interface InventoryOptions {
  readonly cluster: string;
  readonly teleport: AbsenceWitness;
  readonly lanes: Lanes;
  readonly frames: Pick<RequestFrames, "listed" | "now" | "later">;
  /** False when no link stands; the next sync makes up for it. */
  readonly send: (frame: Unnumbered<RelayFrame>) => boolean;
  /** Told when a request is over by other doing than a decision of ours. */
  readonly ended: (requestId: string) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Inventory implements WatchSink {
  readonly #options: InventoryOptions;
  /** Requests that are pending in Teleport, as last seen; undefined until they have been listed. */
  #pending: Map<string, LiveRequest> | undefined;
  readonly #ended = new Endings();
  /** Requests that wait to be looked at. */
  readonly #toLookAt = new Set<string>();
  /** Undefined while no link stands. */
  #atEdge: AtEdge | undefined;
  #synced = false;
  /** Whether it has been said, since the last list, that we may not see what is open at the edge. */
  #saidBlind = false;

  constructor(options: InventoryOptions) {
    this.#options = options;
  }

  // The watch says both itself; what was known stays the best that is known.
  connected(): void {}

  lost(): void {}

  listed(requests: readonly LiveRequest[]): void {
    const before = this.#pending;
    const pending = requests.filter(({ request }) => !this.#ended.has(request.id));
    this.#pending = new Map(pending.map((live) => [live.request.id, live]));
    this.#saidBlind = false;
    this.#options.frames.listed(this.#pending.keys());
    const missing = [...(before?.keys() ?? [])].filter((id) => !this.#pending?.has(id));
    // Between two lists of one watch nothing goes unseen but what Teleport hides: these are looked at one by one.
    for (const id of missing) this.#keep(id, before?.get(id));
    this.#reconcile();
  }

  put(live: LiveRequest): void {
    const { id, state } = live.request;
    if (state === "PENDING" && this.#ended.has(id)) return;
    if (state === "PENDING") {
      this.#pending?.set(id, live);
      this.#tell(live);
    } else if (this.#isKnown(id)) this.#options.lanes.add(id, () => this.#resolved(live));
  }

  deleted(requestId: string): void {
    if (this.#isKnown(requestId)) this.#options.lanes.add(requestId, async () => this.#dropped(requestId));
  }

  /** A link stands: what the edge has is what `welcome` said. */
  welcomed({ open }: WholeWelcome): void {
    this.#atEdge = new AtEdge(this.#options.cluster, open);
    this.#synced = false;
    this.#reconcile();
  }

  /** The edge asks for incidents to be bound to a request, which it has as this digest says. */
  asked({ requestId, digest }: { readonly requestId: string; readonly digest: string }): void {
    this.#atEdge?.heard(requestId, digest);
  }

  /** The edge holds a request as this digest says, which is not how Teleport has it: it is told of it anew. */
  outdated(requestId: string, digest: string): void {
    this.#atEdge?.hasAs(requestId, digest);
    this.#look(requestId);
  }

  /** The link is gone, and with it what is known of the edge. */
  unlinked(): void {
    this.#atEdge = undefined;
  }

  /** A decision of ours ended a request, whose plugin data was this before it, and the edge knows. */
  settled(request: AccessRequest, data: PluginData): void {
    this.#pending?.delete(request.id);
    this.#atEdge?.ended(request.id);
    this.#ended.remember(request.id, null);
    this.#options.lanes.add(request.id, () => recordResolution(this.#options.teleport, request, data));
  }

  /** Looks at every request whose time has come. Teleport may list it for minutes more, or drop it without a word. */
  checkExpiry(): void {
    const nowMs = this.#options.clock.now();
    for (const [id, { request }] of this.#pending ?? []) {
      if (request.requestExpiresMs === null || request.requestExpiresMs > nowMs || this.#toLookAt.has(id)) continue;
      this.#look(id);
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
    const tellings = [...this.#pending.values()].map((live) => this.#tell(live));
    const unlisted = this.#atEdge.ids.filter((id) => !this.#pending?.has(id));
    if (this.#synced) {
      for (const id of unlisted) this.#look(id);
      return;
    }
    this.#synced = true;
    const session = this.#atEdge;
    void Promise.all([...tellings, this.#lookAtAll(unlisted)]).then(() => {
      if (this.#atEdge === session) this.#options.send({ type: "synced" });
    });
  }

  async #lookAtAll(requestIds: readonly string[]): Promise<void> {
    const looks = requestIds.map((id) => new Promise<void>((looked) => this.#look(id, looked)));
    await Promise.all(looks);
  }

  /** Sends a request at once if that can be done, else in its lane; undefined or resolved when it is done or has failed. */
  #tell(live: LiveRequest): Promise<void> | undefined {
    if (!this.#isNews(live)) return undefined;
    const { request } = live;
    // What the edge has otherwise may be newer than what we know: another relay told of it, and our watch was down.
    if (this.#atEdge?.hasOther(request)) return new Promise((told) => this.#look(request.id, told));
    const frame = this.#options.frames.now(request);
    if (frame !== undefined) {
      this.#send(live, frame);
      return undefined;
    }
    return new Promise((told) => {
      this.#options.lanes.add(request.id, () => this.#tellNow(request.id).finally(told));
    });
  }

  // Whatever has become of the request meanwhile waits in the same lane, but for what needs none.
  async #tellNow(requestId: string): Promise<void> {
    const live = this.#pending?.get(requestId);
    if (live === undefined || !this.#isNews(live)) return;
    const frame = await this.#options.frames.later(live.request);
    if (this.#pending?.has(requestId) === true && this.#isNews(live)) this.#send(live, frame);
  }

  #isNews({ request }: LiveRequest): boolean {
    return this.#atEdge?.lacks(request) === true;
  }

  #send({ request }: LiveRequest, frame: RequestFrame): void {
    if (this.#options.send(frame)) this.#atEdge?.sent(request);
  }

  #look(requestId: string, looked: () => void = () => undefined): void {
    this.#toLookAt.add(requestId);
    this.#options.lanes.add(requestId, async () => {
      this.#toLookAt.delete(requestId);
      try {
        await this.#lookNow(requestId);
      } finally {
        looked();
      }
    });
  }

  async #lookNow(requestId: string): Promise<void> {
    const ending = this.#ended.get(requestId);
    if (ending) return this.#over(requestId, ending);
    const live = await this.#options.teleport.read(requestId);
    if (live === undefined) return this.#unreadable(requestId);
    const { state, requestExpiresMs } = live.request;
    if (state !== "PENDING") return this.#resolved(live);
    if (requestExpiresMs !== null && requestExpiresMs <= this.#options.clock.now())
      return this.#over(requestId, EXPIRED);
    this.#pending?.set(requestId, live);
    await this.#tellNow(requestId);
  }

  // Nothing can be read: the request is gone, or our right to see it is.
  async #unreadable(requestId: string): Promise<void> {
    if (this.#isPastExpiry(requestId) || (await this.#isAbsent(requestId))) return this.#dropped(requestId);
    this.#options.log.debug("Teleport shows nothing of a request; it stays open until its end is certain", {
      requestId,
    });
  }

  async #isAbsent(requestId: string): Promise<boolean> {
    const { teleport, clock, log } = this.#options;
    try {
      return await isProvenAbsent(teleport, requestId, clock);
    } catch (error) {
      if (!(error instanceof TeleportError) || error.code !== "permission_denied") throw error;
      if (!this.#saidBlind)
        log.warn("Teleport shows nothing of open requests: a right is missing", { problem: error.message });
      this.#saidBlind = true;
      return false;
    }
  }

  #isPastExpiry(requestId: string): boolean {
    const expiresMs = this.#pending?.get(requestId)?.request.requestExpiresMs ?? this.#atEdge?.expiryOf(requestId);
    return typeof expiresMs === "number" && expiresMs <= this.#options.clock.now();
  }

  #dropped(requestId: string): void {
    this.#over(requestId, this.#isPastExpiry(requestId) ? EXPIRED : DELETED);
  }

  async #resolved({ request }: LiveRequest): Promise<void> {
    if (endOfState(request.state) === undefined || !this.#isKnown(request.id)) return;
    const { teleport } = this.#options;
    const data = await teleport.pluginData(request.id);
    const ending = endingOf(request, data);
    if (ending !== undefined) {
      await this.#tellReviews(request);
      this.#over(request.id, ending);
    }
    await recordResolution(teleport, request, data);
  }

  // The review that decided is told like those before it, while the incident is open.
  async #tellReviews(request: AccessRequest): Promise<void> {
    if (this.#atEdge?.lacksReviewsOf(request) !== true) return;
    const { frames, send } = this.#options;
    if (send(frames.now(request) ?? (await frames.later(request)))) this.#atEdge?.sent(request);
  }

  #over(requestId: string, ending: Ending): void {
    if (!this.#isKnown(requestId)) return;
    const { log, send, ended } = this.#options;
    this.#pending?.delete(requestId);
    this.#ended.remember(requestId, ending);
    const isOpenAtEdge = this.#atEdge?.has(requestId) === true;
    if (isOpenAtEdge && send({ type: "ended", requestId, ...ending })) this.#atEdge?.ended(requestId);
    log.info("Request ended", { requestId, end: ending.end });
    ended(requestId);
  }
}
