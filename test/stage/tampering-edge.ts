/** A compromised edge: what stands between a relay and the real edge, and changes the edge's frames as a test says. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";

type Frame = Record<string, unknown>;

export class TamperingEdge {
  /** What becomes of each of the edge's frames. */
  tamper: (frame: Frame) => Frame = (frame) => frame;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #target: string;

  private constructor(server: Server, target: string) {
    this.#server = server;
    this.#target = target;
    server.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) => this.#pass(request, stream, head));
  }

  /** Stands before the edge at this `host:port`. */
  static async start(target: string): Promise<TamperingEdge> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new TamperingEdge(server, target);
  }

  /** Its own `host:port`. */
  get address(): string {
    const address = this.#server.address();
    return `127.0.0.1:${typeof address === "object" ? address?.port : address}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const { authorization = "", host = "" } = request.headers;
    const edge = new WebSocket(`ws://${this.#target}${request.url}`, { headers: { authorization, host } });
    edge.on("error", () => stream.destroy());
    edge.on("open", () =>
      this.#sockets.handleUpgrade(request, stream, head, (relay) => {
        edge.on("message", (data) => relay.send(this.#tampered(String(data))));
        relay.on("message", (data) => edge.send(String(data)));
        edge.on("close", () => relay.terminate());
        relay.on("close", () => edge.terminate());
      }),
    );
  }

  #tampered(text: string): string {
    return text.startsWith("{") ? JSON.stringify(this.tamper(JSON.parse(text))) : text;
  }
}
