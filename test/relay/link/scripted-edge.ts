/** An edge that does what a test tells it to: a real HTTP and WebSocket server, with hostile moods. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { Arrivals } from "./arrivals.ts";

/** One link as the edge sees it. */
export interface EdgeLink {
  readonly request: IncomingMessage;
  readonly socket: WebSocket;
  /** The stream below the WebSocket, for bytes that `ws` would not send. */
  readonly stream: Duplex;
  /** Text messages but pings, parsed. */
  readonly frames: Arrivals<Record<string, unknown>>;
  /** The close code, once closed. */
  readonly closed: Promise<number>;
  send(frame: unknown): void;
}

/** What the edge answers an upgrade with instead of accepting it. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export class ScriptedEdge {
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: true });
  readonly links = new Arrivals<EdgeLink>();
  /** Every upgrade asked for, refused or not. */
  readonly upgrades: IncomingMessage[] = [];
  /** Taken one by one; when there is none, the upgrade is accepted. */
  readonly answers: Answer[] = [];

  readonly url: string;

  private constructor(server: Server) {
    const address = server.address();
    this.url = `http://127.0.0.1:${typeof address === "object" ? address?.port : address}`;
    this.#server = server;
    server.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) => {
      this.upgrades.push(request);
      const answer = this.answers.shift();
      if (answer !== undefined) refuse(stream, answer);
      else this.#sockets.handleUpgrade(request, stream, head, (socket) => this.#accept(request, socket, stream));
    });
  }

  static async start(): Promise<ScriptedEdge> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new ScriptedEdge(server);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(request: IncomingMessage, socket: WebSocket, stream: Duplex): void {
    const frames = new Arrivals<Record<string, unknown>>();
    socket.on("error", () => {});
    socket.on("message", (data) => {
      const text = String(data);
      if (text === "ping") socket.send("pong");
      else frames.push(JSON.parse(text));
    });
    const closed = new Promise<number>((resolve) => socket.on("close", resolve));
    const send = (frame: unknown): void => socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
    this.links.push({ request, socket, stream, frames, closed, send });
  }
}

function refuse(stream: Duplex, { status, headers = {} }: Answer): void {
  const lines = Object.entries({ "content-length": "0", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  stream.end(`HTTP/1.1 ${status} Refused\r\n${lines.join("")}\r\n`);
}
