/** One relay's connection to the simulated Teleport: every call with its delay, its deadline and its bad luck. */
import type { LiveRequest } from "../../relay/access-request.ts";
import { TeleportError, type TeleportErrorCode } from "../../relay/teleport/error.ts";
import type { TeleportPort, TeleportServer, WatchHandlers } from "../../relay/teleport/port.ts";
import type { Clock } from "../../relay/time/clock.ts";
import type { Dice } from "../chaos/dice.ts";
import type { Life } from "./machine.ts";
import { CLUSTER, TRAITS } from "./plan.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimulatedTeleport, Watcher } from "./teleport.ts";
import type { Party, Weather } from "./weather.ts";

/** How long a call may take, as the real connection has it, in ms. */
const CALL_WITHIN_MS = 10_000;

/** When what a call asks for takes effect at the latest, in ms: afterwards its deadline has ended it there too. */
const LATEST_MS = 9_500;

/** How soon a broken stream is noticed, at most, in ms. */
const KEEPALIVE_MS = 20_000;

export interface TeleportPortOptions {
  readonly teleport: SimulatedTeleport;
  readonly relay: Party;
  readonly ownUser: string;
  readonly clock: Clock;
  readonly life: Life;
  readonly scheduler: Scheduler;
  readonly weather: Weather;
  readonly dice: Dice;
  /** How likely it is that Teleport fails at a call, and that it takes long over a decision. */
  readonly failure: number;
  readonly slow: number;
}

type Call = Exclude<keyof TeleportPort, "watch" | "close">;

export class SimulatedPort implements TeleportPort {
  readonly #options: TeleportPortOptions;

  constructor(options: TeleportPortOptions) {
    this.#options = options;
  }

  ping(): Promise<TeleportServer> {
    return this.#call("ping", null, () => ({ version: "18.2.0", cluster: CLUSTER, proxyAddress: `${CLUSTER}:443` }));
  }

  listPending(): Promise<LiveRequest[]> {
    return this.#call("listPending", null, ({ entries, rights }) =>
      rights === "all"
        ? [...entries.values()].flatMap(({ live, isGone }) =>
            isGone || live.request.state !== "PENDING" ? [] : [live],
          )
        : [],
    );
  }

  read(requestId: string): Promise<LiveRequest | undefined> {
    return this.#call("read", requestId, ({ entries, rights }) => {
      const entry = entries.get(requestId);
      return rights !== "all" || entry?.isGone !== false ? undefined : entry.live;
    });
  }

  pluginData(requestId: string): Promise<Readonly<Record<string, string>>> {
    return this.#call("pluginData", requestId, ({ entries, rights }) => {
      if (rights === "refused") throw denied("read", "access_plugin_data");
      return { ...entries.get(requestId)?.data };
    });
  }

  allPluginData(): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
    return this.#call("allPluginData", null, ({ entries, rights }) => {
      if (rights === "refused") throw denied("read", "access_plugin_data");
      return new Map([...entries].map(([id, { data }]) => [id, { ...data }]));
    });
  }

  updatePluginData(
    requestId: string,
    set: Readonly<Record<string, string>>,
    expect: Readonly<Record<string, string>>,
  ): ReturnType<TeleportPort["updatePluginData"]> {
    return this.#call("updatePluginData", requestId, (teleport) => {
      if (teleport.rights === "refused") throw denied("update", "access_plugin_data");
      return teleport.updatePluginData(requestId, set, expect);
    });
  }

  setState(...[requestId, state, words]: Parameters<TeleportPort["setState"]>): ReturnType<TeleportPort["setState"]> {
    return this.#call("setState", requestId, (teleport) => {
      if (teleport.rights !== "all") throw denied("update", "access_request");
      return teleport.setState(requestId, state, words);
    });
  }

  submitReview(...[requestId, review]: Parameters<TeleportPort["submitReview"]>) {
    return this.#call("submitReview", requestId, (teleport) => {
      if (teleport.rights !== "all") throw denied("review", "access_request");
      return teleport.submitReview(requestId, review, review.author ?? this.#options.ownUser);
    });
  }

  listRules(): ReturnType<TeleportPort["listRules"]> {
    return this.#call("listRules", null, () => []);
  }

  userTraits(user: string): ReturnType<TeleportPort["userTraits"]> {
    return this.#call("userTraits", user, () => {
      const email = TRAITS[user];
      return email && { email };
    });
  }

  resourceNames(): ReturnType<TeleportPort["resourceNames"]> {
    return this.#call("resourceNames", null, () => new Map());
  }

  watch(handlers: WatchHandlers, signal: AbortSignal): Promise<void> {
    const { teleport, relay, life, scheduler, weather, dice } = this.#options;
    this.#record("watch", null);
    return new Promise((resolve, reject) => {
      if (signal.aborted) return resolve();
      let isOpen = true;
      let lastMs = 0;
      const end = (settle: () => void): void => {
        if (!isOpen) return;
        isOpen = false;
        teleport.watchers.delete(watcher);
        if (!life.isOver) settle();
      };
      const lost = (): void => end(() => reject(fault("unavailable")));
      // In order, whatever each takes; what is under way when the stream breaks is lost.
      const hand = (give: () => void): void => {
        if (weather.isCut(relay, "teleport")) return void scheduler.after(dice.between(0, KEEPALIVE_MS), lost);
        lastMs = Math.max(lastMs, scheduler.nowMs + weather.messageMs());
        scheduler.after(lastMs - scheduler.nowMs, () => {
          if (isOpen && !life.isOver) give();
        });
      };
      const watcher: Watcher = {
        put: (live) => hand(() => handlers.put(live)),
        deleted: (requestId) => hand(() => handlers.deleted(requestId)),
        cut: lost,
      };
      signal.addEventListener("abort", () => end(resolve), { once: true });
      if (weather.isCut(relay, "teleport")) return void scheduler.after(CALL_WITHIN_MS, lost);
      scheduler.after(weather.messageMs(), () => {
        if (!isOpen) return;
        if (teleport.rights !== "all") return end(() => reject(denied("read", "access_request")));
        teleport.watchers.add(watcher);
        hand(() => handlers.init());
      });
    });
  }

  close(): void {}

  #record(name: string, subject: string | null): void {
    const { teleport, scheduler } = this.#options;
    teleport.calls.push({ at: "teleport", atMs: scheduler.nowMs, name, subject });
  }

  // What changes a request may take Teleport long, and whoever asked may not live to see it.
  #lateMs(name: Call): number {
    const { teleport, scheduler, weather, dice, slow } = this.#options;
    if (weather.isCalm || (name !== "setState" && name !== "submitReview")) return 0;
    const isLate = scheduler.nowMs < teleport.slowUntilMs || dice.chance(slow);
    return isLate ? dice.between(500, 8_000) : 0;
  }

  #call<Answer>(name: Call, subject: string | null, effect: (teleport: SimulatedTeleport) => Answer): Promise<Answer> {
    const { teleport, relay, clock, life, scheduler, weather, dice, failure } = this.#options;
    const { arrivesMs: sentMs, answersMs } = weather.call(relay, "teleport");
    const arrivesMs = sentMs === null ? null : Math.min(LATEST_MS, sentMs + this.#lateMs(name));
    const fails = !weather.isCalm && dice.chance(failure / 2);
    return new Promise((resolve, reject) => {
      const tooLate = clock.after(CALL_WITHIN_MS, () => reject(fault("timeout")));
      const answer = (give: () => void): void => {
        if (answersMs === null) return;
        scheduler.after(answersMs, () => {
          tooLate();
          if (!life.isOver) give();
        });
      };
      if (arrivesMs === null) {
        // A connection that is known to be broken is told at once; one that is not, at the deadline.
        if (dice.chance(0.5)) clock.after(dice.between(1, 3_000), () => reject(fault("unavailable")));
        return;
      }
      scheduler.after(arrivesMs, () => {
        this.#record(name, subject);
        if (fails) return answer(() => reject(fault(dice.pick(["unavailable", "overloaded", "unknown"]))));
        try {
          const given = effect(teleport);
          answer(() => resolve(given));
        } catch (error) {
          answer(() => reject(error));
        }
      });
    });
  }
}

function fault(code: TeleportErrorCode): TeleportError {
  return new TeleportError({ code, problem: `Teleport: ${code}.`, mend: "Wait." });
}

function denied(verb: string, resource: string): TeleportError {
  const problem = `Access denied to perform action "${verb}" on "${resource}".`;
  return new TeleportError({ code: "permission_denied", problem, mend: "Grant it." });
}
