/**
 * A TCP proxy on loopback that does to connections what networks do: cuts them, refuses them, holds them up, slows them
 * down, or swallows what they carry so that neither side learns of it. Never looks at a byte, and never reorders any.
 */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../../relay/time/clock.ts";
import { type Conduct, Conduit } from "./fault-proxy/conduit.ts";

/** What is counted of a proxy's life. */
export interface Traffic {
  readonly connections: number;
  readonly refused: number;
  readonly cut: number;
}

export class FaultProxy {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #conduits = new Set<Conduit>();
  #conduct: Conduct = { kind: "pass" };
  #port = 0;
  #traffic: Traffic = { connections: 0, refused: 0, cut: 0 };

  private constructor(target: string, clock: Clock) {
    const url = new URL(`tcp://${target}`);
    this.#target = { host: url.hostname, port: Number(url.port) };
    this.#clock = clock;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
  }

  /** Listens on a free port of loopback for connections to `target`, a `host:port`. */
  static async start(target: string, clock: Clock): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, clock);
    await once(proxy.#server.listen(0, "127.0.0.1"), "listening");
    const address = proxy.#server.address();
    if (typeof address === "object" && address !== null) proxy.#port = address.port;
    return proxy;
  }

  /** `host:port` to dial instead of the target. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get traffic(): Traffic {
    return this.#traffic;
  }

  /** How it treats connections from here on, those that stand included. */
  conduct(conduct: Conduct): void {
    this.#conduct = conduct;
    for (const conduit of this.#conduits) conduit.conduct(conduct);
  }

  /** Resets every connection on both sides; how many there were. */
  cut(): number {
    const count = this.#conduits.size;
    for (const conduit of this.#conduits) conduit.reset();
    this.#traffic = { ...this.#traffic, cut: this.#traffic.cut + count };
    return count;
  }

  /** Resets everything and closes the port. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const conduit of this.#conduits) conduit.reset();
    await closed;
  }

  #accept(client: Socket): void {
    if (this.#conduct.kind === "refuse") {
      this.#traffic = { ...this.#traffic, refused: this.#traffic.refused + 1 };
      client.on("error", () => {});
      client.resetAndDestroy();
      return;
    }
    this.#traffic = { ...this.#traffic, connections: this.#traffic.connections + 1 };
    const server = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    const conduit = new Conduit({ client, server, conduct: this.#conduct, clock: this.#clock });
    this.#conduits.add(conduit);
    void conduit.ended.then(() => this.#conduits.delete(conduit));
  }
}
