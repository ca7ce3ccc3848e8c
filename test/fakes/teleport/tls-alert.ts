// A fatal TLS 1.3 alert on a connection whose handshake Node has already ended. Go's server refuses a client certificate
// with an alert, while Node can only close the socket; a client tells the two apart, so the stand-in must be able to.
// Seals the alert record itself (RFC 8446, sections 5.2, 5.3, 6 and 7.3) with the traffic secret Node's keylog gives.

import { createCipheriv, createHmac } from "node:crypto";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

/** Numbers of RFC 8446, section 6, that Teleport's servers were seen to send. */
export const ALERT = { badCertificate: 42, internalError: 80 } as const;

const LEVEL_FATAL = 2;
const CONTENT_ALERT = 21;
const CONTENT_APPLICATION_DATA = 23;
const TAG_BYTES = 16;

const SUITES = {
  TLS_AES_256_GCM_SHA384: { cipher: "aes-256-gcm", hash: "sha384", keyBytes: 32 },
  TLS_AES_128_GCM_SHA256: { cipher: "aes-128-gcm", hash: "sha256", keyBytes: 16 },
} as const;

/** The server's application traffic secret in a line of Node's `keylog` event, or undefined for another line. */
export function parseServerTrafficSecret(line: Buffer): Buffer | undefined {
  const secret = /^SERVER_TRAFFIC_SECRET_0 [0-9a-f]+ ([0-9a-f]+)\s*$/.exec(line.toString("latin1"))?.[1];
  return secret === undefined ? undefined : Buffer.from(secret, "hex");
}

/** Sends the alert beneath `secure`, on its TCP socket, and closes it. Without TLS 1.3 and AES-GCM it only closes. */
export function refuseWithAlert(raw: Socket, secure: TLSSocket, secret: Buffer | undefined, alert: number): void {
  const suite = Object.entries(SUITES).find(([name]) => name === secure.getCipher()?.name)?.[1];
  if (suite === undefined || secret === undefined) {
    raw.destroy();
    return;
  }
  const key = expandLabel(suite.hash, secret, "key", suite.keyBytes);
  // Nothing has left under this secret yet (OpenSSL's session tickets still wait), so the record is number 0 and the
  // nonce is the IV as it is.
  const nonce = expandLabel(suite.hash, secret, "iv", 12);
  const inner = Buffer.from([LEVEL_FATAL, alert, CONTENT_ALERT]);
  const header = Buffer.from([CONTENT_APPLICATION_DATA, 3, 3, 0, inner.length + TAG_BYTES]);
  const cipher = createCipheriv(suite.cipher, key, nonce).setAAD(header);
  const sealed = Buffer.concat([cipher.update(inner), cipher.final(), cipher.getAuthTag()]);
  raw.end(Buffer.concat([header, sealed]), () => raw.destroy());
}

/** HKDF-Expand-Label with an empty context, for lengths of one hash at most. */
function expandLabel(hash: string, secret: Buffer, label: string, bytes: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.from([0, bytes, name.length]), name, Buffer.from([0, 1])]);
  return createHmac(hash, secret).update(info).digest().subarray(0, bytes);
}
