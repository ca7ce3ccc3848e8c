/** HTTPS through an HTTP proxy, for clients that take one of Node's agents. TLS is with the destination, end to end. */
import type { RequestOptions } from "node:http";
import { Agent } from "node:https";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Endpoint } from "../channel/endpoint.ts";
import { secure, serverNameFor } from "../channel/tls.ts";
import { type Environment, type HttpProxy, httpProxyFor } from "../http-proxy.ts";

/** How long the proxy and TLS through it may take together, in ms. */
const CONNECTED_WITHIN_MS = 10_000;

/** Connects to one destination only, through one proxy. */
export class TunnelAgent extends Agent {
  readonly #proxy: HttpProxy;
  readonly #to: Endpoint;

  constructor(proxy: HttpProxy, to: Endpoint) {
    super({ keepAlive: false });
    this.#proxy = proxy;
    this.#to = to;
  }

  override createConnection(_: RequestOptions, connected?: (error: Error | null, stream: Duplex) => void): undefined {
    const tcp = connect({ ...this.#proxy.endpoint, noDelay: true });
    const give = (error: Error | null, stream: Duplex): void => {
      clearTimeout(tooLate);
      connected?.(error, stream);
    };
    const tooLate = setTimeout(() => tcp.destroy(new Error("no answer in time")), CONNECTED_WITHIN_MS);
    this.#secured(tcp).then(
      (stream) => give(null, stream),
      (error) => {
        tcp.destroy();
        give(new Error(partOfSentence(error)), tcp);
      },
    );
  }

  async #secured(tcp: Duplex): Promise<TLSSocket> {
    const tunnel = await this.#proxy.tunnel(tcp, this.#to);
    return secure(tunnel, { ...serverNameFor(this.#to.host), ALPNProtocols: ["http/1.1"] });
  }
}

// What an agent's error says is put into a sentence.
function partOfSentence(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words.replace(/^The /, "the ").replace(/\.$/, "");
}

/** The agent for an HTTPS or WebSocket origin, or undefined when no proxy stands before it. Throws as {@link httpProxyFor}. */
export function tunnelAgentFor(origin: string, env: Environment): TunnelAgent | undefined {
  const { protocol, hostname, port } = new URL(origin);
  // Plain HTTP is for loopback alone, which never has a proxy.
  if (protocol !== "https:" && protocol !== "wss:") return undefined;
  const to = { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? 443 : Number(port) };
  const proxy = httpProxyFor(to, env);
  return proxy === null ? undefined : new TunnelAgent(proxy, to);
}
