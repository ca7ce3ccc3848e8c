/**
 * `X-PagerDuty-Signature`: comma-separated `v1=<hex>`, each the HMAC-SHA256 of the raw body under one secret's ASCII bytes
 * (https://developer.pagerduty.com/docs/webhooks/webhook-signatures/). The edge verifies it at its door and the relay
 * verifies it again before anything reaches Teleport. It reads bytes only: nothing is parsed before it has passed.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

/** Longest header that is read, in characters: more than 30 signatures, while PagerDuty sends one for each live secret. */
export const MAX_SIGNATURE_HEADER_CHARACTERS = 2048;

/** Shortest webhook secret that is accepted, in characters; an empty one would let anybody sign. */
export const MIN_SECRET_CHARACTERS = 16;

/**
 * `valid`: one signature matches one secret. `unknown`: well-formed, but made with no secret of ours. `malformed`: no
 * `v1=` followed by 64 lower-case hex digits in it at all.
 */
export type SignatureVerdict = "valid" | "unknown" | "malformed";

const V1_SIGNATURE = /^v1=([0-9a-f]{64})$/;

/**
 * Judges a signature header against the exact bytes that were received, trying every secret so that two may be live
 * during a rotation. Never throws; the comparison takes the same time wherever the first difference is.
 */
export function verifySignature(
  raw: Uint8Array,
  header: string | null | undefined,
  secrets: readonly string[],
): SignatureVerdict {
  const offered = signaturesIn(header ?? "");
  if (offered.length === 0) return "malformed";
  const expected = secrets
    .filter((secret) => secret.length >= MIN_SECRET_CHARACTERS)
    .map((secret) => createHmac("sha256", secret).update(raw).digest());
  return expected.some((mac) => offered.some((signature) => timingSafeEqual(signature, mac))) ? "valid" : "unknown";
}

function signaturesIn(header: string): Uint8Array[] {
  if (header.length > MAX_SIGNATURE_HEADER_CHARACTERS) return [];
  return header.split(",").flatMap((part) => {
    const hex = V1_SIGNATURE.exec(part.trim())?.[1];
    return hex === undefined ? [] : [bytesOfHex(hex)];
  });
}

function bytesOfHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let index = 0; index < bytes.length; index++)
    bytes[index] = Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16);
  return bytes;
}
