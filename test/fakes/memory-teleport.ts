/**
 * Teleport's access requests in memory, as real servers behave: no compare-and-set on the state, a denial that
 * nothing lifts, plugin data with its expectations. Each call can be held up, or made to fail before or after its effect.
 */
import type { LiveRequest } from "../../relay/access-request.ts";
import { TeleportError } from "../../relay/teleport/error.ts";
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
} from "../../relay/teleport/port.ts";

export type MemoryTeleportCall =
  | "ping"
  | "listPending"
  | "read"
  | "pluginData"
  | "allPluginData"
  | "updatePluginData"
  | "setState"
  | "submitReview"
  | "userTraits";

/** Runs around a call; what it throws is what the caller gets. */
export type Around = (call: MemoryTeleportCall, requestId: string) => Promise<void> | void;

/** A state that was set. */
export interface Verdict {
  readonly requestId: string;
  readonly state: Resolution;
  readonly words: ResolutionWords;
}

type Kept = Pick<TeleportPort, MemoryTeleportCall | "watch" | "close">;

export class MemoryTeleport implements Kept {
  readonly requests = new Map<string, LiveRequest>();
  readonly data = new Map<string, Record<string, string>>();
  /** Every state that was set and taken, in order. */
  readonly verdicts: Verdict[] = [];
  /** Every review that was taken, in order. */
  readonly reviews: { readonly requestId: string; readonly review: Review }[] = [];
  /** The user that we are, and users by name. */
  ownUser = "access-plugin";
  readonly users = new Map<string, Traits>();
  /** Every call that arrived, as `read <id>`. */
  readonly calls: string[] = [];
  readonly #watches = new Set<WatchHandlers>();
  /** Before a call has its effect. */
  before: Around = () => {};
  /** After it, before the answer. */
  after: Around = () => {};
  /** Whether the caller may see requests; without the right, older servers show nothing rather than refuse. */
  showsRequests = true;
  /** Whether the caller may write plugin data. */
  takesData = true;
  server: TeleportServer = { version: "18.2.1", cluster: "teleport.example.com", proxyAddress: null };

  /** Puts a request, and tells the watches. */
  put(live: LiveRequest): void {
    this.requests.set(live.request.id, live);
    for (const watch of this.#watches) watch.put(live);
  }

  /** Drops a request; its plugin data stays. */
  drop(requestId: string): void {
    this.requests.delete(requestId);
    for (const watch of this.#watches) watch.deleted(requestId);
  }

  /** Resolves a request by somebody else's hand. */
  resolve(
    requestId: string,
    state: LiveRequest["request"]["state"],
    change: Partial<LiveRequest["request"]> = {},
  ): void {
    const live = this.requests.get(requestId);
    if (live !== undefined) this.put({ ...live, request: { ...live.request, ...change, state } });
  }

  count(call: MemoryTeleportCall): number {
    return this.calls.filter((line) => line.startsWith(`${call} `)).length;
  }

  ping(): Promise<TeleportServer> {
    return this.#call("ping", "", () => this.server);
  }

  listPending(): Promise<LiveRequest[]> {
    return this.#call("listPending", "", () =>
      this.showsRequests ? [...this.requests.values()].filter(({ request }) => request.state === "PENDING") : [],
    );
  }

  read(requestId: string): Promise<LiveRequest | undefined> {
    return this.#call("read", requestId, () => (this.showsRequests ? this.requests.get(requestId) : undefined));
  }

  pluginData(requestId: string): Promise<Readonly<Record<string, string>>> {
    return this.#call("pluginData", requestId, () => ({ ...this.data.get(requestId) }));
  }

  allPluginData(): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
    return this.#call("allPluginData", "", () => new Map(this.data));
  }

  updatePluginData(
    requestId: string,
    set: Readonly<Record<string, string>>,
    expect: Readonly<Record<string, string>>,
  ): Promise<PluginDataUpdate> {
    return this.#call("updatePluginData", requestId, () => {
      if (!this.takesData) throw denied("update", "access_plugin_data");
      const data = { ...this.data.get(requestId) };
      if (!this.requests.has(requestId) && !this.data.has(requestId)) return "gone";
      if (Object.entries(expect).some(([key, value]) => (data[key] ?? "") !== value)) return "conflict";
      for (const [key, value] of Object.entries(set)) {
        if (value === "") delete data[key];
        else data[key] = value;
      }
      this.data.set(requestId, data);
      return "updated";
    });
  }

  setState(requestId: string, state: Resolution, words: ResolutionWords): Promise<StateSetting> {
    return this.#call("setState", requestId, () => {
      const live = this.requests.get(requestId);
      if (live === undefined) return "gone";
      if (live.request.state === "DENIED") return "already_denied";
      this.verdicts.push({ requestId, state, words });
      this.resolve(requestId, state, { resolveReason: words.reason });
      return "set";
    });
  }

  /** One review of each author; with as many approvals as every threshold asks for, or one denial, it resolves. */
  submitReview(requestId: string, review: Review): Promise<ReviewSubmission> {
    return this.#call("submitReview", requestId, () => {
      const live = this.requests.get(requestId);
      if (live === undefined) return "gone";
      if (live.request.state !== "PENDING") return "resolved_before";
      const author = review.author ?? this.ownUser;
      if (live.request.reviews.some((given) => given.author === author)) return "reviewed_before";
      this.reviews.push({ requestId, review });
      const { proposedState, reason, createdMs } = review;
      const reviews = [...live.request.reviews, { author, proposedState, reason, createdMs }];
      const approvals = reviews.filter((given) => given.proposedState === "APPROVED").length;
      const isEnough = live.thresholds.every(({ approve }) => approvals >= approve);
      const state = proposedState === "DENIED" || isEnough ? proposedState : "PENDING";
      this.resolve(requestId, state, { reviews, ...(state === "PENDING" ? {} : { resolveReason: reason }) });
      return this.requests.get(requestId) ?? "gone";
    });
  }

  userTraits(user: string): Promise<Traits | undefined> {
    return this.#call("userTraits", user, () => this.users.get(user));
  }

  watch(handlers: WatchHandlers, signal: AbortSignal): Promise<void> {
    if (!this.showsRequests) return Promise.reject(denied("read", "access_request"));
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      this.#watches.add(handlers);
      const end = (): void => {
        this.#watches.delete(handlers);
        resolve();
      };
      signal.addEventListener("abort", end, { once: true });
      handlers.init();
    });
  }

  close(): void {}

  async #call<Answer>(call: MemoryTeleportCall, requestId: string, effect: () => Answer): Promise<Answer> {
    this.calls.push(`${call} ${requestId}`);
    await this.before(call, requestId);
    const answer = effect();
    await this.after(call, requestId);
    return answer;
  }
}

function denied(verb: string, resource: string): TeleportError {
  const problem = `Access denied to perform action "${verb}" on "${resource}".`;
  return new TeleportError({ code: "permission_denied", problem, mend: "Grant it." });
}
