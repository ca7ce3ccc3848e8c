/** A watch over one connection, which another one may take over from. Once it is cut, it tells nothing more. */
import type { LiveRequest } from "../../access-request.ts";
import type { Clock } from "../../time/clock.ts";
import { INIT_WITHIN_MS } from "../../watch.ts";
import { TeleportError } from "../error.ts";
import { RETRIED } from "../mend.ts";
import type { RuleHandlers, WatchHandlers } from "../port.ts";
import type { Generation } from "./generation.ts";

export class OneWatch implements WatchHandlers {
  readonly rules?: RuleHandlers;
  readonly #handlers: WatchHandlers;
  readonly #connection: Generation;
  readonly #cut = new AbortController();
  readonly #init: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #takeOver: () => void;
  readonly #ended: Promise<void>;

  /** Opens it. `takeOver` is called once Teleport has confirmed it, before anything of it is told. */
  constructor(connection: Generation, handlers: WatchHandlers, signal: AbortSignal, takeOver: () => void = () => {}) {
    this.#handlers = handlers;
    this.#connection = connection;
    this.#takeOver = takeOver;
    if (handlers.rules !== undefined) this.rules = this.#unlessCut(handlers.rules);
    const either = AbortSignal.any([signal, this.#cut.signal]);
    this.#ended = connection.use((teleport) => teleport.watch(this, either));
    // Nobody waits for it while another is being opened in its place.
    this.#ended.catch(() => {});
  }

  /** Resolves with true when its connection is replaced, with false when it has ended before that; rejects as it does. */
  outlivesItsConnection(): Promise<boolean> {
    const { retired } = this.#connection;
    if (retired.aborted) return Promise.resolve(true);
    return new Promise((resolve, reject) => {
      const replaced = (): void => resolve(true);
      retired.addEventListener("abort", replaced, { once: true });
      this.#ended.then(() => resolve(false), reject).finally(() => retired.removeEventListener("abort", replaced));
    });
  }

  /** Resolves when Teleport has confirmed it, or it has ended; rejects as it does, or when it takes too long. */
  async confirmed(clock: Clock): Promise<void> {
    const late = Promise.withResolvers<never>();
    const cancel = clock.after(INIT_WITHIN_MS, () => late.reject(notConfirmed()));
    try {
      await Promise.race([this.#init.promise, this.#ended, late.promise]);
    } catch (error) {
      this.cut();
      throw error;
    } finally {
      cancel();
    }
  }

  /** Ends it in good order. */
  cut(): void {
    this.#cut.abort();
  }

  init(): void {
    if (this.#cut.signal.aborted) return;
    this.#takeOver();
    this.#init.resolve();
    this.#handlers.init();
  }

  put(request: LiveRequest): void {
    if (!this.#cut.signal.aborted) this.#handlers.put(request);
  }

  deleted(requestId: string): void {
    if (!this.#cut.signal.aborted) this.#handlers.deleted(requestId);
  }

  #unlessCut(handlers: RuleHandlers): RuleHandlers {
    const unlessCut = (tell: () => void): void => {
      if (!this.#cut.signal.aborted) tell();
    };
    return {
      init: () => unlessCut(() => handlers.init()),
      put: (rule) => unlessCut(() => handlers.put(rule)),
      deleted: (name) => unlessCut(() => handlers.deleted(name)),
    };
  }
}

function notConfirmed(): TeleportError {
  const problem = `Teleport did not confirm the watch over the new connection within ${INIT_WITHIN_MS / 1000} s.`;
  return new TeleportError({ code: "timeout", problem, mend: RETRIED });
}
