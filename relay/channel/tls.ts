/** TLS over any stream, so that it can be laid over a tunnel, a WebSocket or TLS again. Always verifies the server. */
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";

/** What a TLS session may choose. Whether the server is verified is no choice. */
export type TlsChoices = Pick<ConnectionOptions, "ALPNProtocols" | "secureContext" | "servername" | "host">;

/**
 * Agrees on TLS over `under`, which ends with it. Rejects with what TLS or the network says: a server that is not trusted
 * is one of these, whatever the environment says of unauthorized servers.
 */
export function secure(under: Duplex, choices: TlsChoices): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...choices, socket: under, rejectUnauthorized: true });
    const closed = (): void => reject(new Error("the connection was closed before TLS was agreed on"));
    // Stays, so that a late error has a listener; the promise takes the first alone.
    socket.on("error", reject);
    socket.once("close", closed);
    socket.once("secureConnect", () => {
      socket.off("close", closed);
      resolve(socket);
    });
    tie(socket, under);
  });
}

/** The name to ask a server for by its host: an IP address is none (RFC 6066, section 3). */
export function serverNameFor(host: string): { readonly host: string; readonly servername: string } {
  return { host, servername: isIP(host) === 0 ? host : "" };
}

/** Two layers of one connection: neither outlives the other, and an error of the lower one shows in the upper one. */
export function tie(upper: Duplex, lower: Duplex): void {
  lower.on("error", () => {});
  lower.once("close", () => upper.destroy());
  upper.once("close", () => lower.destroy());
}
