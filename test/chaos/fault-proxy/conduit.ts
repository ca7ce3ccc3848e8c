/** One connection through the proxy: two sockets and a stream each way. Either side's end or reset is passed on, as bytes are. */
import type { Socket } from "node:net";
import type { Clock } from "../../../relay/time/clock.ts";
import { Stream } from "./stream.ts";

/** Which way a fault works: from whoever dialled, to them, or both. */
export type Direction = "there" | "back" | "both";

/**
 * How connections are treated. `slow` passes everything so much later and no faster than `bytesPerSecond`. `hold` passes
 * nothing until the conduct changes, and then everything, as a network does that finds its way again. `swallow` loses what
 * comes and whatever follows on that connection, its end included: it is half-open for good. `refuse` resets new ones.
 */
export type Conduct =
  | { readonly kind: "pass" }
  | { readonly kind: "slow"; readonly delayMs: number; readonly bytesPerSecond: number }
  | { readonly kind: "hold" | "swallow"; readonly direction: Direction }
  | { readonly kind: "refuse" };

export interface ConduitOptions {
  readonly client: Socket;
  readonly server: Socket;
  readonly conduct: Conduct;
  readonly clock: Clock;
}

export class Conduit {
  /** Resolves once both sockets are gone. */
  readonly ended: Promise<void>;
  readonly #sockets: readonly Socket[];
  readonly #streams: { readonly there: Stream; readonly back: Stream };

  constructor({ client, server, conduct, clock }: ConduitOptions) {
    this.#sockets = [client, server];
    this.#streams = { there: new Stream(client, server, clock), back: new Stream(server, client, clock) };
    this.ended = Promise.all(this.#sockets.map(closed)).then(() => {});
    this.conduct(conduct);
  }

  /** Treats the connection so from here on. */
  conduct(conduct: Conduct): void {
    for (const way of ["there", "back"] as const) {
      const isMeant = !("direction" in conduct) || conduct.direction === "both" || conduct.direction === way;
      this.#streams[way].conduct(isMeant ? conduct : { kind: "pass" });
    }
  }

  /** Resets both sides at once. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}
