/**
 * The HTTP proxy that stands between this machine and the internet, if HTTPS_PROXY names one: asked with CONNECT, it
 * passes on bytes that are encrypted end to end. What it is told besides the destination is its own user name and
 * password, and those are never told to anybody else: not to a log, not in an error.
 */
import { request } from "node:http";
import type { Duplex } from "node:stream";
import { addressOf, type Endpoint } from "./channel/endpoint.ts";
import { secure, serverNameFor } from "./channel/tls.ts";
import { plainWords } from "./channel/tls-words.ts";
import { isExempt } from "./http-proxy/no-proxy.ts";

/** The process's environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The HTTP proxy did not pass us on. Its message is one plain sentence. */
export class HttpProxyError extends Error {
  override readonly name = "HttpProxyError";
}

/** One HTTP proxy. */
export class HttpProxy {
  readonly endpoint: Endpoint;
  readonly #speaksTls: boolean;
  readonly #authorization: string | undefined;

  constructor({ protocol, hostname, port, username, password }: URL) {
    this.#speaksTls = protocol === "https:";
    const defaultPort = this.#speaksTls ? 443 : 80;
    this.endpoint = { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? defaultPort : Number(port) };
    const credentials = `${decoded(username)}:${decoded(password)}`;
    this.#authorization = username === "" ? undefined : `Basic ${Buffer.from(credentials).toString("base64")}`;
  }

  /** Asks, over a TCP connection with the proxy, for one to `to`. Rejects with {@link HttpProxyError}. */
  async tunnel(tcp: Duplex, to: Endpoint): Promise<Duplex> {
    const under = this.#speaksTls ? await this.#secure(tcp) : tcp;
    return new Promise((resolve, reject) => {
      const authorization = this.#authorization === undefined ? {} : { "proxy-authorization": this.#authorization };
      const ask = request({
        createConnection: () => under,
        method: "CONNECT",
        path: addressOf(to),
        headers: { host: addressOf(to), ...authorization },
      });
      ask.once("connect", ({ statusCode = 0 }, _, head: Buffer) => {
        if (statusCode < 200 || statusCode > 299) {
          under.destroy();
          reject(this.#refusal(statusCode, to));
          return;
        }
        if (head.length > 0) under.unshift(head);
        resolve(under);
      });
      ask.on("error", (error) => reject(this.#fault(error)));
      ask.end();
    });
  }

  async #secure(tcp: Duplex): Promise<Duplex> {
    try {
      return await secure(tcp, { ...serverNameFor(this.endpoint.host), ALPNProtocols: ["http/1.1"] });
    } catch (error) {
      throw this.#fault(error);
    }
  }

  #refusal(status: number, to: Endpoint): HttpProxyError {
    const name = addressOf(this.endpoint);
    return new HttpProxyError(
      status === 407
        ? `The HTTP proxy ${name} demands a user name and a password that it knows (407).`
        : `The HTTP proxy ${name} does not connect us to ${addressOf(to)} (${status}).`,
    );
  }

  #fault(error: unknown): HttpProxyError {
    const words = error instanceof Error ? error.message : String(error);
    return new HttpProxyError(`The HTTP proxy ${addressOf(this.endpoint)} cannot be used (${plainWords(words)}).`);
  }
}

/**
 * The proxy on the way to `to` by HTTPS_PROXY and NO_PROXY (upper case first); null when there is none. Loopback never has
 * one. Throws an error whose message is a plain sentence when HTTPS_PROXY is no address of an HTTP proxy.
 */
export function httpProxyFor(to: Endpoint, env: Environment): HttpProxy | null {
  const written = env.HTTPS_PROXY || env.https_proxy || "";
  if (written === "" || isExempt(to, env.NO_PROXY || env.no_proxy || "")) return null;
  const text = written.includes("://") ? written : `http://${written}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === "" || !/^https?:$/.test(url.protocol)) {
    // What it holds may be a password.
    throw new Error("HTTPS_PROXY is not the address of an HTTP proxy: write it as http://host:port.");
  }
  return new HttpProxy(url);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
