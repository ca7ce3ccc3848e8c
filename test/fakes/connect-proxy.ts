/**
 * A stand-in HTTP proxy that knows CONNECT and nothing else. Names lead where the test says, so that what is not on
 * loopback by name may be so in truth.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { CertificateAndKey } from "./teleport/authority.ts";

export interface FakeConnectProxyOptions {
  /** Where `host:port` leads: a port on loopback. Whatever is not here is answered with 502. */
  readonly routes: Readonly<Record<string, number>>;
  /** `user:password` that it demands. */
  readonly credentials?: string;
  /** Speaks TLS itself. */
  readonly certificate?: CertificateAndKey;
}

export class FakeConnectProxy {
  /** Every `host:port` that was asked for, refused ones too. */
  readonly asked: string[] = [];
  readonly #options: FakeConnectProxyOptions;
  readonly #server: Server;
  readonly #open = new Set<Duplex>();
  #port = 0;

  private constructor(options: FakeConnectProxyOptions) {
    const { certificate } = options;
    this.#options = options;
    this.#server =
      certificate === undefined
        ? createServer()
        : createHttpsServer({ cert: certificate.certificate, key: certificate.key });
    this.#server.on("connection", (socket: Duplex) => {
      this.#open.add(socket);
      socket.on("close", () => this.#open.delete(socket));
    });
    this.#server.on("connect", (request: IncomingMessage, socket: Duplex) => this.#answer(request, socket));
  }

  static async start(options: FakeConnectProxyOptions): Promise<FakeConnectProxy> {
    const proxy = new FakeConnectProxy(options);
    await once(proxy.#server.listen(0, "127.0.0.1"), "listening");
    const address = proxy.#server.address();
    if (typeof address === "object" && address !== null) proxy.#port = address.port;
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** Cuts every connection and closes the port. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  #answer({ url = "", headers }: IncomingMessage, client: Duplex): void {
    const { routes, credentials } = this.#options;
    this.asked.push(url);
    client.on("error", () => client.destroy());
    const wanted = credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString("base64")}`;
    if (wanted !== undefined && headers["proxy-authorization"] !== wanted) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n');
      return;
    }
    const port = routes[url];
    if (port === undefined) client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    else join(client, port);
  }
}

function join(client: Duplex, port: number): void {
  const server = connect({ port, host: "127.0.0.1", noDelay: true }, () => {
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    client.pipe(server).pipe(client);
  });
  server.on("error", () => client.destroy());
  server.on("close", () => client.destroy());
  client.on("close", () => server.destroy());
}
