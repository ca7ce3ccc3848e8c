/** Teleport with every call counted and timed. It changes nothing of what is asked and answered. */
import type { LiveRequest } from "../access-request.ts";
import type { RelayMetrics } from "../metrics.ts";
import type { PluginData } from "../plugin-data.ts";
import type { MonitoringRule } from "../rules.ts";
import { TeleportError } from "../teleport/error.ts";
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
} from "../teleport/port.ts";
import type { Clock } from "../time/clock.ts";

export class MeasuredTeleport implements TeleportPort {
  readonly #teleport: TeleportPort;
  readonly #metrics: RelayMetrics;
  readonly #clock: Pick<Clock, "now">;

  constructor(teleport: TeleportPort, metrics: RelayMetrics, clock: Pick<Clock, "now">) {
    this.#teleport = teleport;
    this.#metrics = metrics;
    this.#clock = clock;
  }

  ping(): Promise<TeleportServer> {
    return this.#measured("ping", () => this.#teleport.ping());
  }

  listPending(): Promise<LiveRequest[]> {
    return this.#measured("list_pending", () => this.#teleport.listPending());
  }

  read(requestId: string): Promise<LiveRequest | undefined> {
    return this.#measured("read", () => this.#teleport.read(requestId));
  }

  pluginData(requestId: string): Promise<PluginData> {
    return this.#measured("plugin_data", () => this.#teleport.pluginData(requestId));
  }

  allPluginData(): Promise<ReadonlyMap<string, PluginData>> {
    return this.#measured("all_plugin_data", () => this.#teleport.allPluginData());
  }

  updatePluginData(...which: Parameters<TeleportPort["updatePluginData"]>): Promise<PluginDataUpdate> {
    return this.#measured("update_plugin_data", () => this.#teleport.updatePluginData(...which));
  }

  setState(requestId: string, state: Resolution, words: ResolutionWords): Promise<StateSetting> {
    return this.#measured("set_state", () => this.#teleport.setState(requestId, state, words));
  }

  submitReview(requestId: string, review: Review): Promise<ReviewSubmission> {
    return this.#measured("submit_review", () => this.#teleport.submitReview(requestId, review));
  }

  listRules(): Promise<MonitoringRule[]> {
    return this.#measured("list_rules", () => this.#teleport.listRules());
  }

  userTraits(user: string): Promise<Traits | undefined> {
    return this.#measured("user_traits", () => this.#teleport.userTraits(user));
  }

  resourceNames(kind: string, names: readonly string[], withinMs: number): Promise<ReadonlyMap<string, string>> {
    return this.#measured("resource_names", () => this.#teleport.resourceNames(kind, names, withinMs));
  }

  /** A watch lasts: what it brings is counted, not how long it takes. */
  watch(handlers: WatchHandlers, signal: AbortSignal): Promise<void> {
    const { watchEvents } = this.#metrics;
    const { rules } = handlers;
    const counted: WatchHandlers = {
      init: () => handlers.init(),
      put: (request) => {
        watchEvents.add("PUT");
        handlers.put(request);
      },
      deleted: (requestId) => {
        watchEvents.add("DELETE");
        handlers.deleted(requestId);
      },
      ...(rules && { rules }),
    };
    return this.#teleport.watch(counted, signal);
  }

  close(): void {
    this.#teleport.close();
  }

  async #measured<Answer>(method: string, call: () => Promise<Answer>): Promise<Answer> {
    const { teleportCalls, teleportCall } = this.#metrics;
    const beganMs = this.#clock.now();
    let outcome = "ok";
    try {
      return await call();
    } catch (error) {
      outcome = error instanceof TeleportError ? error.code : "fault";
      throw error;
    } finally {
      teleportCalls.add(method, outcome);
      teleportCall.observe(this.#clock.now() - beganMs);
    }
  }
}
