/**
 * The words that go with a resolution, cut to what Teleport takes, without losing the mark that ties them to a click.
 * Pure.
 */

/** Teleport 8.3.14 and later refuse a longer reason. */
export const MAX_REASON_BYTES = 4096;

const CUT = "…";

/** The mark that names the click, `[pd:<event id>]`, at the end of a reason. */
const TAIL = /\s*\[pd:[^\]]{0,256}\]$/;

/** The reason in at most {@link MAX_REASON_BYTES} of UTF-8, cut between characters, its tail `[pd:…]` kept. */
export function cutReason(reason: string): string {
  if (Buffer.byteLength(reason) <= MAX_REASON_BYTES) return reason;
  const tail = TAIL.exec(reason)?.[0] ?? "";
  const head = reason.slice(0, reason.length - tail.length);
  return `${cutTo(head, MAX_REASON_BYTES - Buffer.byteLength(CUT + tail))}${CUT}${tail}`;
}

function cutTo(text: string, bytes: number): string {
  const encoded = Buffer.from(text);
  let end = Math.min(bytes, encoded.length);
  while (end > 0 && isContinuation(encoded[end])) end--;
  return encoded.toString("utf8", 0, end);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
