/**
 * The way through a load balancer that ends TLS itself and passes HTTP/1.1 alone: TLS with it, verified by this machine's
 * authorities, then `GET /webapi/connectionupgrade`, after which the Proxy behind it takes the bytes of TLS routing. The
 * load balancer sees them encrypted.
 */
import { type IncomingMessage, request } from "node:http";
import type { Duplex } from "node:stream";
import { createWebSocketStream, WebSocket } from "ws";
import { RETRIED } from "../teleport/mend.ts";
import { addressOf, type Endpoint } from "./endpoint.ts";
import { secure, serverNameFor, tie } from "./tls.ts";
import { plainWords } from "./tls-words.ts";
import { WayError } from "./way-error.ts";

/** `websocket`: binary frames carry the bytes (Teleport 14 and later). `alpn`: they are bare (10.3 to 18). */
export type UpgradeProtocol = "websocket" | "alpn";

/** Teleport's route, every release from 10.3 on. */
const ROUTE = "/webapi/connectionupgrade";

/** Teleport's name for what is carried, as the WebSocket's subprotocol or as the protocol itself. */
const CARRIED = "alpn";

/**
 * Time between our WebSocket pings. Load balancers commonly cut what is idle for 60 s, which is less than Teleport lets
 * gRPC's own pings be apart.
 */
const PING_EVERY_MS = 30_000;

/** TLS with the load balancer. Rejects with {@link WayError}. */
export async function securedByLoadBalancer(under: Duplex, at: Endpoint): Promise<Duplex> {
  try {
    return await secure(under, { ...serverNameFor(at.host), ALPNProtocols: ["http/1.1"] });
  } catch (error) {
    throw loadBalancerFaultFor(error, at);
  }
}

/** The connection upgrade over TLS with the load balancer. Rejects with {@link WayError}. */
export async function upgraded(under: Duplex, at: Endpoint, protocol: UpgradeProtocol): Promise<Duplex> {
  const upper = await (protocol === "websocket" ? overWebSocket(under, at) : overBareBytes(under, at));
  if (upper !== under) tie(upper, under);
  return upper;
}

function overWebSocket(under: Duplex, at: Endpoint): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`wss://${addressOf(at)}${ROUTE}`, CARRIED, {
      createConnection: () => under,
      perMessageDeflate: false,
      followRedirects: false,
    });
    socket.on("unexpected-response", (_, { statusCode = 0 }) => {
      reject(refusalFor(statusCode, at));
      socket.terminate();
    });
    socket.on("error", (error) => reject(brokenUpgradeFor(error.message, at)));
    socket.once("open", () => {
      const pings = setInterval(() => socket.ping(), PING_EVERY_MS).unref();
      socket.once("close", () => clearInterval(pings));
      resolve(createWebSocketStream(socket));
    });
  });
}

function overBareBytes(under: Duplex, at: Endpoint): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const upgrade = request({
      createConnection: () => under,
      host: at.host,
      path: ROUTE,
      headers: { host: addressOf(at), connection: "Upgrade", upgrade: CARRIED },
    });
    upgrade.once("upgrade", (_: IncomingMessage, __: Duplex, head: Buffer) => {
      if (head.length > 0) under.unshift(head);
      resolve(under);
    });
    upgrade.once("response", ({ statusCode = 0 }) => {
      reject(refusalFor(statusCode, at));
      upgrade.destroy();
    });
    upgrade.on("error", (error) => reject(brokenUpgradeFor(error.message, at)));
    upgrade.end();
  });
}

/** What an answer other than 101 means. */
function refusalFor(status: number, at: Endpoint): WayError {
  const address = addressOf(at);
  if (status >= 500 || status === 429) {
    const problem = `The load balancer at ${address} answers ${status}: it has no Teleport Proxy to pass us on to.`;
    return new WayError("upgrade", { code: "unavailable", problem, mend: RETRIED });
  }
  return new WayError("upgrade", {
    code: "untrusted_server",
    problem: `What listens at ${address} answers ${status} to Teleport's connection upgrade.`,
    mend: `Check teleport.addr, and that the load balancer passes WebSockets and ${ROUTE} to a Teleport Proxy.`,
  });
}

function brokenUpgradeFor(words: string, at: Endpoint): WayError {
  const problem = `Teleport's connection upgrade at ${addressOf(at)} broke off (${plainWords(words)}).`;
  return new WayError("upgrade", { code: "unavailable", problem, mend: RETRIED });
}

/** What Node says of a certificate that it does not take: its own codes, and those of OpenSSL's verification. */
const CERTIFICATE_FAULT = /CERT|SELF_SIGNED|UNABLE_TO|certificate/i;

function loadBalancerFaultFor(error: unknown, at: Endpoint): WayError {
  const words = wordsOf(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const address = addressOf(at);
  if (CERTIFICATE_FAULT.test(code) || CERTIFICATE_FAULT.test(words)) {
    const problem = `The load balancer at ${address} shows a certificate that this machine does not trust (${words}).`;
    const mend = "Check teleport.addr, or name the file of its authority in NODE_EXTRA_CA_CERTS.";
    return new WayError("load_balancer", { code: "untrusted_server", problem, mend }, error);
  }
  const problem = `There is no TLS with a load balancer at ${address} (${words}).`;
  return new WayError("load_balancer", { code: "unavailable", problem, mend: RETRIED }, error);
}

// OpenSSL's message is a line of its source; the reason in it is what people can use.
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "reason" in error && typeof error.reason === "string" ? error.reason : error.message;
}
