/**
 * A stand-in Teleport Proxy's web port, as far as the relay meets it: it reads the client's hello and, by the first
 * protocol that it offers, splices the connection to the Auth Service without touching it, or ends TLS itself for the web
 * and takes Teleport's connection upgrade there. Who gets in is the Auth Service's matter, as with the real one.
 */
import { once } from "node:events";
import { createServer as createHttpsServer } from "node:https";
import { createServer, connect as dial, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import type { CertificateAndKey } from "./teleport/authority.ts";
import { type ClientHello, parseClientHello } from "./teleport-proxy/client-hello.ts";
import { handleUpgrade } from "./teleport-proxy/upgrade-handler.ts";

export interface FakeTeleportProxyOptions {
  /** Port of the Auth Service on loopback. */
  readonly authPort: number;
  readonly clusterName: string;
  /** For the web. */
  readonly certificate: CertificateAndKey;
  /** The connection upgrades that it takes; default both, as 14 to 18 do. */
  readonly upgrades?: readonly ("websocket" | "alpn")[];
  /** Default true; false is a release before 8. */
  readonly tlsRouting?: boolean;
}

const ROUTED = /^teleport-auth@([0-9a-f]+)\.teleport\.cluster\.local$/;
const REVERSE_TUNNEL = "teleport-reversetunnel";

export class FakeTeleportProxy {
  /** What every client said first, inside upgraded connections too. */
  readonly hellos: ClientHello[] = [];
  /** The protocol of every connection that was upgraded. */
  readonly upgraded: string[] = [];
  readonly #options: FakeTeleportProxyOptions;
  readonly #web: Server;
  readonly #tunnels: Server;
  readonly #server: Server;
  readonly #open = new Set<Duplex>();
  #port = 0;

  private constructor(options: FakeTeleportProxyOptions) {
    const { certificate, key } = options.certificate;
    this.#options = options;
    this.#web = createHttpsServer({ cert: certificate, key, ALPNProtocols: ["h2", "http/1.1"] }).on(
      "upgrade",
      (request, socket) =>
        handleUpgrade(request, socket, options.upgrades ?? ["websocket", "alpn"], (protocol, stream) => {
          this.upgraded.push(protocol);
          this.#accept(stream);
        }),
    );
    this.#tunnels = createTlsServer({ cert: certificate, key, ALPNProtocols: [REVERSE_TUNNEL] });
    for (const server of [this.#web, this.#tunnels]) server.on("tlsClientError", () => {});
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  static async start(options: FakeTeleportProxyOptions): Promise<FakeTeleportProxy> {
    const proxy = new FakeTeleportProxy(options);
    await proxy.restart();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** Listens, on the port that it had before if it had one. */
  async restart(): Promise<void> {
    await once(this.#server.listen(this.#port, "127.0.0.1"), "listening");
    const address = this.#server.address();
    if (typeof address === "object" && address !== null) this.#port = address.port;
  }

  /** Cuts every connection and closes the port. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const stream of this.#open) stream.destroy();
    await closed;
  }

  #accept(stream: Duplex): void {
    this.#open.add(stream);
    stream.on("close", () => this.#open.delete(stream));
    stream.on("error", () => stream.destroy());
    let seen = Buffer.alloc(0);
    const take = (bytes: Buffer): void => {
      seen = Buffer.concat([seen, bytes]);
      const hello = helloIn(seen);
      if (hello === undefined) return;
      stream.off("data", take);
      stream.pause();
      if (hello === "none") stream.destroy();
      else this.#route(stream, hello, seen);
    };
    stream.on("data", take);
  }

  #route(stream: Duplex, hello: ClientHello, seen: Buffer): void {
    const { authPort, clusterName, tlsRouting = true } = this.#options;
    this.hellos.push(hello);
    const [first = ""] = hello.alpn;
    const cluster = tlsRouting ? ROUTED.exec(first)?.[1] : undefined;
    if (cluster === undefined) {
      stream.unshift(seen);
      (tlsRouting && first === REVERSE_TUNNEL ? this.#tunnels : this.#web).emit("connection", stream);
    } else if (cluster === Buffer.from(clusterName).toString("hex")) splice(stream, seen, authPort);
    // No such cluster: the real one hangs up as well.
    else stream.destroy();
  }
}

function helloIn(bytes: Buffer): ClientHello | "none" | undefined {
  try {
    return parseClientHello(bytes);
  } catch {
    return "none";
  }
}

function splice(client: Duplex, seen: Buffer, port: number): void {
  const auth: Socket = dial({ port, host: "127.0.0.1", noDelay: true });
  auth.on("error", () => client.destroy());
  auth.on("close", () => client.destroy());
  client.on("close", () => auth.destroy());
  auth.write(seen);
  client.pipe(auth).pipe(client);
}
