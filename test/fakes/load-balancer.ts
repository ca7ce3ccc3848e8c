/**
 * A stand-in for a load balancer of layer 7: it ends TLS with a certificate of the web, understands HTTP/1.1 alone, and
 * passes upgrades on to a Proxy over TLS of its own. Without a Proxy it answers as whatever else might listen there.
 */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer, type Server } from "node:https";
import type { Duplex } from "node:stream";
import { connect } from "node:tls";
import type { CertificateAndKey } from "./teleport/authority.ts";

export interface FakeLoadBalancerOptions {
  readonly certificate: CertificateAndKey;
  /** Port of the Proxy on loopback; none: every request is answered with `status`. */
  readonly proxyPort?: number;
  /** Default 404. */
  readonly status?: number;
  /** What it agrees on by ALPN; default h2 and http/1.1, as most do. */
  readonly alpn?: readonly string[];
}

export class FakeLoadBalancer {
  readonly #server: Server;
  readonly #open = new Set<Duplex>();
  #port = 0;

  private constructor({ certificate: { certificate, key }, proxyPort, status = 404, alpn }: FakeLoadBalancerOptions) {
    this.#server = createServer({
      noDelay: true,
      cert: certificate,
      key,
      ALPNProtocols: [...(alpn ?? ["h2", "http/1.1"])],
    });
    this.#server.on("request", (_, response) => response.writeHead(status).end());
    this.#server.on("upgrade", (request, socket) => {
      if (proxyPort === undefined)
        socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      else passOn(request, socket, proxyPort);
    });
    this.#server.on("tlsClientError", () => {});
    this.#server.on("connection", (socket: Duplex) => {
      this.#open.add(socket);
      socket.on("close", () => this.#open.delete(socket));
    });
  }

  static async start(options: FakeLoadBalancerOptions): Promise<FakeLoadBalancer> {
    const balancer = new FakeLoadBalancer(options);
    await once(balancer.#server.listen(0, "127.0.0.1"), "listening");
    const address = balancer.#server.address();
    if (typeof address === "object" && address !== null) balancer.#port = address.port;
    return balancer;
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
}

function passOn({ method, url, rawHeaders }: IncomingMessage, client: Duplex, port: number): void {
  const proxy = connect({ port, host: "127.0.0.1", ALPNProtocols: ["http/1.1"], rejectUnauthorized: false });
  let hasAnswered = false;
  proxy.once("data", () => {
    hasAnswered = true;
  });
  proxy.on("error", () => {
    if (hasAnswered) client.destroy();
    else client.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  proxy.on("close", () => client.end());
  client.on("error", () => proxy.destroy());
  client.on("close", () => proxy.destroy());
  const headers = rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join("");
  proxy.write(`${method} ${url} HTTP/1.1\r\n${headers}\r\n`);
  client.pipe(proxy).pipe(client);
}
