/**
 * Whether what listens at an address speaks TLS routing, or whether something in front of the Proxy ends TLS itself, so
 * that a connection upgrade is needed. Told by what ALPN agrees on, as Teleport's own clients tell it. It sends nothing,
 * believes nothing but that one word, and hangs up.
 */
import { connect as dial } from "node:net";
import type { Duplex } from "node:stream";
import { connect } from "node:tls";
import type { HttpProxy } from "../http-proxy.ts";
import type { Endpoint } from "./endpoint.ts";
import { serverNameFor, tie } from "./tls.ts";

/** An ALPN that every Proxy with TLS routing takes and no web server does. */
const PROBED = "teleport-reversetunnel";

/** Resolves with false too when nothing answers within `withinMs`. Never rejects. */
export async function speaksTlsRouting(at: Endpoint, httpProxy: HttpProxy | null, withinMs: number): Promise<boolean> {
  const tcp = dial({ ...(httpProxy?.endpoint ?? at) });
  tcp.on("error", () => {});
  const tooLate = setTimeout(() => tcp.destroy(), withinMs);
  try {
    const under = httpProxy === null ? tcp : await httpProxy.tunnel(tcp, at);
    return (await agreedOn(under, at)) === PROBED;
  } catch {
    return false;
  } finally {
    clearTimeout(tooLate);
    tcp.destroy();
  }
}

function agreedOn(under: Duplex, { host }: Endpoint): Promise<string | false | null> {
  return new Promise((resolve, reject) => {
    // Whoever answers is not trusted with anything; the way that is then taken verifies whom it reaches.
    const choices = { ...serverNameFor(host), ALPNProtocols: [PROBED], rejectUnauthorized: false };
    const socket = connect({ ...choices, socket: under });
    socket.once("secureConnect", () => resolve(socket.alpnProtocol));
    socket.on("error", reject);
    socket.once("close", () => reject(new Error("closed")));
    tie(socket, under);
  });
}
