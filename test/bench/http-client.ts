/**
 * A keep-alive HTTP/1.1 client that does as little as can be done: one socket, one request at a time, made of bytes that are
 * ready. Whoever measures with it measures the other end. It takes whole answers with a length, or chunked ones; nothing else.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

const HEAD_END = "\r\n\r\n";
const LAST_CHUNK = "0\r\n\r\n";

/** An answer. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A POST of JSON as bytes. */
export function postBytes(url: URL, headers: Readonly<Record<string, string>>, body: string): Buffer {
  const lines = Object.entries({ host: url.host, "content-type": "application/json", ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const length = Buffer.byteLength(body);
  return Buffer.from(`POST ${url.pathname} HTTP/1.1\r\n${head}content-length: ${length}${HEAD_END}${body}`);
}

/** One connection. */
export class HttpConnection {
  readonly #socket: Socket;
  #received = "";
  #waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true).setEncoding("latin1");
    socket.on("data", (text: string) => this.#receive(text));
    // `close` follows.
    socket.on("error", () => {});
    socket.on("close", () => this.#waiting?.reject(new Error("the connection was closed")));
  }

  static async open(url: URL): Promise<HttpConnection> {
    const socket = connect(Number(url.port), url.hostname);
    await once(socket, "connect");
    return new HttpConnection(socket);
  }

  /** Whether the other end has not closed it. */
  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  /** Sends a request; call it again only when it has been answered. Rejects when the connection ends before that. */
  send(request: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (this.isOpen) this.#socket.write(request);
      else reject(new Error("the connection was closed"));
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #receive(text: string): void {
    this.#received += text;
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = this.#received.slice(0, headEnd).toLowerCase();
    const rest = this.#received.slice(headEnd + HEAD_END.length);
    const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
    const isWhole =
      length === undefined
        ? !/\r\ntransfer-encoding:/.test(head) || rest.endsWith(LAST_CHUNK)
        : rest.length >= Number(length);
    if (!isWhole) return;
    this.#received = "";
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ status: Number(head.slice(9, 12)), body: rest });
  }
}

/** Connections to one address, each used again once it is idle. */
export class HttpPool {
  readonly #url: URL;
  readonly #idle: HttpConnection[] = [];

  constructor(url: URL) {
    this.#url = url;
  }

  /** Opens so many, so that none of the first requests waits for one. */
  async warm(count: number): Promise<void> {
    this.#idle.push(...(await Promise.all(Array.from({ length: count }, () => HttpConnection.open(this.#url)))));
  }

  /** Sends a request over an idle connection, or another one. What an idle connection ends before is sent again. */
  async send(request: Buffer): Promise<Answer> {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (!idle.isOpen) continue;
      const answer = await this.#sendOver(idle, request).catch(() => undefined);
      if (answer !== undefined) return answer;
    }
    return this.#sendOver(await HttpConnection.open(this.#url), request);
  }

  close(): void {
    for (const connection of this.#idle.splice(0)) connection.close();
  }

  async #sendOver(connection: HttpConnection, request: Buffer): Promise<Answer> {
    const answer = await connection.send(request);
    this.#idle.push(connection);
    return answer;
  }
}
