/** Comparing secrets so that the time it takes tells nothing about either of them. */
import { createHash, timingSafeEqual } from "node:crypto";

/**
 * Whether two secrets are equal. Their digests are compared, so that neither the first differing byte nor the length
 * shows in the time taken.
 */
export function sameSecret(offered: string, expected: string): boolean {
  return timingSafeEqual(digestOf(offered), digestOf(expected));
}

function digestOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
