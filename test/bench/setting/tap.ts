/** Stands between the relay and the edge: passes every byte on, counts them, and can cut the line. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { monotonicMs } from "../monotonic.ts";

/** Bytes that went through. */
export interface Traffic {
  readonly toEdge: number;
  readonly toRelay: number;
}

export class Tap {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #toEdge = 0;
  #toRelay = 0;
  #isCut = false;
  /** When somebody came through last, in ms of the machine's clock. */
  enteredMs = Number.NaN;

  private constructor(edgeUrl: string) {
    const { port, hostname } = new URL(edgeUrl);
    this.#server = createServer((relay) => {
      if (this.#isCut) return void relay.destroy();
      this.enteredMs = monotonicMs();
      const edge = connect(Number(port), hostname);
      this.#pass(relay, edge, (bytes) => {
        this.#toEdge += bytes;
      });
      this.#pass(edge, relay, (bytes) => {
        this.#toRelay += bytes;
      });
    });
  }

  /** Before the edge at this origin. */
  static async before(edgeUrl: string): Promise<Tap> {
    const tap = new Tap(edgeUrl);
    await new Promise<void>((resolve) => tap.#server.listen(0, "127.0.0.1", resolve));
    return tap;
  }

  /** Its own origin, which the relay is to dial. */
  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : address}`;
  }

  get traffic(): Traffic {
    return { toEdge: this.#toEdge, toRelay: this.#toRelay };
  }

  /** Cuts what goes through, and lets nobody through until {@link mend}. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #pass(from: Socket, to: Socket, count: (bytes: number) => void): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on("data", (chunk: Buffer) => {
      count(chunk.length);
      to.write(chunk);
    });
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
