/** Comparing secrets so that the time it takes tells nothing of what is in the one that is kept. */
import { timingSafeEqual } from "node:crypto";

const UTF8 = new TextEncoder();

/**
 * Whether two secrets are equal. As many bytes are compared whatever is offered: where the first differing byte is does not
 * show in the time taken. How long the kept one is may; it is no secret.
 */
export function sameSecret(offered: string, expected: string): boolean {
  const kept = UTF8.encode(expected);
  const shown = new Uint8Array(kept.length);
  // What is too long for it is cut off, and caught by its length.
  UTF8.encodeInto(offered, shown);
  const isEqual = timingSafeEqual(shown, kept);
  return isEqual && offered.length === expected.length;
}
