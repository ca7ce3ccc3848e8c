/**
 * Teleport's access requests in memory, as real servers behave: no compare-and-set on the state, a denial that
 * nothing lifts, plugin data with its expectations. Each call can be held up, or made to fail before or after its effect.
 */
import type { LiveRequest } from "../../relay/access-request.ts";
import type {
  PluginDataUpdate,
  Resolution,
  ResolutionWords,
  StateSetting,
  TeleportPort,
  TeleportServer,
  WatchHandlers,
} from "../../relay/teleport/port.ts";

export type MemoryTeleportCall = "ping" | "listPending" | "read" | "pluginData" | "updatePluginData" | "setState";

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
  /** Every call that arrived, as `read <id>`. */
  readonly calls: string[] = [];
  readonly #watches = new Set<WatchHandlers>();
  /** Before a call has its effect. */
  before: Around = () => {};
  /** After it, before the answer. */
  after: Around = () => {};
  /** Whether the caller may see requests; without the right, older servers show nothing rather than refuse. */
  showsRequests = true;
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

  updatePluginData(
    requestId: string,
    set: Readonly<Record<string, string>>,
    expect: Readonly<Record<string, string>>,
  ): Promise<PluginDataUpdate> {
    return this.#call("updatePluginData", requestId, () => {
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

  watch(handlers: WatchHandlers, signal: AbortSignal): Promise<void> {
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
