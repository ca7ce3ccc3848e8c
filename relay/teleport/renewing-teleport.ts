/**
 * Teleport over connections that replace one another, as credentials are renewed: new calls go to the newest, the calls of
 * those before end there, and the watch moves without a gap. It sends nothing twice, and opens no connection itself.
 */
import type { LiveRequest } from "../access-request.ts";
import type { PluginData } from "../plugin-data.ts";
import type { MonitoringRule } from "../rules.ts";
import type { Clock } from "../time/clock.ts";
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
} from "./port.ts";
import { Generation } from "./renewing-teleport/generation.ts";
import { OneWatch } from "./renewing-teleport/one-watch.ts";

/** Whatever Teleport is asked goes to the newest connection; each call stays where it began. */
export class RenewingTeleport implements TeleportPort {
  readonly #clock: Clock;
  readonly #replaced = new Set<Generation>();
  #current: Generation;
  #isClosed = false;

  /** Begins with a connection that works, and closes it in its time. */
  constructor(first: TeleportPort, clock: Clock) {
    this.#clock = clock;
    this.#current = new Generation(first);
  }

  /**
   * Takes a connection that works in the place of the one before, which is closed when its calls have ended, or when the
   * longest of them is past its deadline.
   */
  replace(next: TeleportPort): void {
    if (this.#isClosed) return next.close();
    const before = this.#current;
    this.#current = new Generation(next);
    this.#replaced.add(before);
    before.retire(this.#clock, () => this.#replaced.delete(before));
  }

  ping(): Promise<TeleportServer> {
    return this.#current.use((teleport) => teleport.ping());
  }

  listPending(): Promise<LiveRequest[]> {
    return this.#current.use((teleport) => teleport.listPending());
  }

  read(requestId: string): Promise<LiveRequest | undefined> {
    return this.#current.use((teleport) => teleport.read(requestId));
  }

  pluginData(requestId: string): Promise<Readonly<Record<string, string>>> {
    return this.#current.use((teleport) => teleport.pluginData(requestId));
  }

  allPluginData(): Promise<ReadonlyMap<string, PluginData>> {
    return this.#current.use((teleport) => teleport.allPluginData());
  }

  updatePluginData(
    requestId: string,
    set: Readonly<Record<string, string>>,
    expect: Readonly<Record<string, string>>,
  ): Promise<PluginDataUpdate> {
    return this.#current.use((teleport) => teleport.updatePluginData(requestId, set, expect));
  }

  setState(requestId: string, state: Resolution, words: ResolutionWords): Promise<StateSetting> {
    return this.#current.use((teleport) => teleport.setState(requestId, state, words));
  }

  submitReview(requestId: string, review: Review): Promise<ReviewSubmission> {
    return this.#current.use((teleport) => teleport.submitReview(requestId, review));
  }

  listRules(): Promise<MonitoringRule[]> {
    return this.#current.use((teleport) => teleport.listRules());
  }

  userTraits(user: string): Promise<Traits | undefined> {
    return this.#current.use((teleport) => teleport.userTraits(user));
  }

  resourceNames(kind: string, names: readonly string[], withinMs: number): Promise<ReadonlyMap<string, string>> {
    return this.#current.use((teleport) => teleport.resourceNames(kind, names, withinMs));
  }

  /**
   * As every watch, and moves to each newer connection: the watch before is ended once the next is confirmed, and `init`
   * is told again. Ends as the watch ends that stands then, and also when the next one cannot be had.
   */
  async watch(handlers: WatchHandlers, signal: AbortSignal): Promise<void> {
    let standing = new OneWatch(this.#current, handlers, signal);
    while (await standing.outlivesItsConnection()) {
      const before = standing;
      standing = new OneWatch(this.#current, handlers, signal, () => before.cut());
      try {
        await standing.confirmed(this.#clock);
      } finally {
        before.cut();
      }
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const generation of [...this.#replaced, this.#current]) generation.close();
  }
}
