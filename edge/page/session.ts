/**
 * A session of the status page: a cookie that says until when it is good, authenticated with the cluster's admin token and
 * good for that cluster alone. Nothing is stored: another admin token ends every session. The token itself is never in it.
 */
import { createHmac } from "node:crypto";
import { sameSecret } from "../../shared/secret.ts";

/** How long a session lasts, in seconds: a working day. */
export const SESSION_SECONDS = 12 * 60 * 60;

const COOKIE = "session";

/** The `Set-Cookie` of a new session. */
export function sessionCookie(cluster: string, adminToken: string, nowMs: number): string {
  const expires = Math.floor(nowMs / 1000) + SESSION_SECONDS;
  return setCookie(cluster, `${expires}.${proofOf(cluster, adminToken, expires)}`, SESSION_SECONDS);
}

/** The `Set-Cookie` that makes the browser forget it. */
export function endedCookie(cluster: string): string {
  return setCookie(cluster, "", 0);
}

/** Whether a `Cookie` header holds a session of this cluster that is still good; never without an admin token. */
export function isSignedIn(
  { cluster, adminToken }: { readonly cluster: string; readonly adminToken: string | null },
  cookies: string | null,
  nowMs: number,
): boolean {
  const [, expires = "", proof = ""] = SESSION.exec(cookies ?? "") ?? [];
  if (adminToken === null || proof === "") return false;
  return sameSecret(proof, proofOf(cluster, adminToken, Number(expires))) && nowMs < Number(expires) * 1000;
}

const SESSION = new RegExp(`(?:^|; *)${COOKIE}=(\\d{1,12})\\.([0-9a-f]{64})(?:;|$)`);

/** Where a cluster's page is. A cluster's name needs no escaping in a path. */
export function pagePath(cluster: string): string {
  return `/clusters/${cluster}`;
}

// Browsers take `Secure` from loopback without TLS too.
function setCookie(cluster: string, value: string, seconds: number): string {
  return `${COOKIE}=${value}; Path=${pagePath(cluster)}; Max-Age=${seconds}; HttpOnly; Secure; SameSite=Strict`;
}

function proofOf(cluster: string, adminToken: string, expires: number): string {
  return createHmac("sha256", adminToken).update(`status page\n${cluster}\n${expires}`).digest("hex");
}
