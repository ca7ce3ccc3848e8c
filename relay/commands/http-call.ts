/**
 * One HTTP exchange of a command: through the HTTP proxy where the environment names one, with an answer of bounded size.
 * A redirect is never followed: what is sent may be a secret, and is for one origin.
 */
import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { tunnelAgentFor } from "../http-proxy/tunnel-agent.ts";
import type { Environment } from "../http-proxy.ts";

export interface HttpCall {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  /** Nothing is sent when it is left out. */
  readonly body?: string;
  /** HTTPS_PROXY and NO_PROXY are read. */
  readonly env: Environment;
  /** Ends the exchange. */
  readonly signal: AbortSignal;
  /** Largest answer that is read, in bytes. */
  readonly maxBytes: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** When the head of the answer came, ms since the epoch by this machine. */
  readonly heardMs: number;
  /** Undefined when the answer is larger than may be read. */
  readonly body: Buffer | undefined;
}

/** Calls; rejects when there is no whole answer, with Node's error or that of the HTTP proxy. */
export async function callHttp(url: string, call: HttpCall, now: () => number = Date.now): Promise<HttpAnswer> {
  const { method, headers, body = "", env, signal, maxBytes } = call;
  const agent = tunnelAgentFor(new URL(url).origin, env);
  const request = url.startsWith("https:") ? requestHttps : requestHttp;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request(url, {
      method,
      headers: { ...headers, "content-length": Buffer.byteLength(body) },
      signal,
      ...(agent && { agent }),
    });
    asked.on("response", resolve);
    asked.on("error", reject);
    asked.end(body);
  });
  const heardMs = now();
  const read = await readAtMost(response, maxBytes);
  return { status: response.statusCode ?? 0, headers: response.headers, heardMs, body: read };
}

async function readAtMost(response: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    // Leaving the loop ends the response.
    if (bytes > maxBytes) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Why there was no answer, in a few words: a code, or what the HTTP proxy said. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? String(error.code) : error.message.replace(/\.$/, "");
}
