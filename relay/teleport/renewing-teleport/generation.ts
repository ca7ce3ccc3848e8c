/** One connection to Teleport among those that replace one another: it counts its calls, and is closed after the last. */
import type { Clock } from "../../time/clock.ts";
import { LIST_WITHIN_MS } from "../listing.ts";
import type { TeleportPort } from "../port.ts";

/** How long the calls of a connection that was replaced may go on, in ms: longer than any call's own deadline. */
export const DRAIN_WITHIN_MS = LIST_WITHIN_MS + 10_000;

export class Generation {
  readonly #teleport: TeleportPort;
  readonly #retired = new AbortController();
  #underWay = 0;
  #closed: (() => void) | undefined;

  constructor(teleport: TeleportPort) {
    this.#teleport = teleport;
  }

  /** Aborts when another connection has taken this one's place. */
  get retired(): AbortSignal {
    return this.#retired.signal;
  }

  /** Makes a call over it; it is not closed before the call has ended. */
  async use<Answer>(call: (teleport: TeleportPort) => Promise<Answer>): Promise<Answer> {
    this.#underWay++;
    try {
      return await call(this.#teleport);
    } finally {
      this.#underWay--;
      if (this.#underWay === 0) this.#closed?.();
    }
  }

  /** Another has taken its place: closes it after its last call, or when none can be under way any longer. */
  retire(clock: Clock, closed: () => void): void {
    const cancel = clock.after(DRAIN_WITHIN_MS, () => this.#closed?.());
    this.#closed = () => {
      this.#closed = undefined;
      cancel();
      this.#teleport.close();
      closed();
    };
    this.#retired.abort();
    if (this.#underWay === 0) this.#closed();
  }

  /** Ends every call, and the connection. */
  close(): void {
    if (this.#closed !== undefined) this.#closed();
    else this.#teleport.close();
  }
}
