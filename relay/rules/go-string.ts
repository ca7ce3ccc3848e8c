/**
 * Go's string literals: https://go.dev/ref/spec#String_literals. Pure; what is no such literal throws a `ConditionFault`.
 */
import { ConditionFault } from "./fault.ts";

const SIMPLE: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
};

const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([abfnrtv\\"]))/y;

/** The text of a raw literal, without its backquotes: as it stands, but for carriage returns. */
export function rawText(inside: string): string {
  return inside.replaceAll("\r", "");
}

/** The text of an interpreted literal, without its quotes. `\x` and octal escapes are bytes, the others characters. */
export function interpretedText(inside: string): string {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < inside.length; ) {
    const next = inside.indexOf("\\", at);
    const end = next === -1 ? inside.length : next;
    if (end > at) parts.push(Buffer.from(inside.slice(at, end)));
    if (next === -1) break;
    ESCAPE.lastIndex = next;
    const found = ESCAPE.exec(inside);
    if (found === null) throw new ConditionFault(`Go knows no escape ${inside.slice(next, next + 2)} in a string.`);
    parts.push(bytesFor(found));
    at = ESCAPE.lastIndex;
  }
  return Buffer.concat(parts).toString("utf8");
}

function bytesFor([whole, hex, octal, short, long, simple]: RegExpExecArray): Uint8Array {
  if (simple !== undefined) return Buffer.from(SIMPLE[simple] ?? "");
  const byte = hex === undefined ? octal && Number.parseInt(octal, 8) : Number.parseInt(hex, 16);
  if (typeof byte === "number") {
    if (byte > 0xff) throw new ConditionFault(`${whole} is no byte.`);
    return Uint8Array.of(byte);
  }
  const code = Number.parseInt(short ?? long ?? "", 16);
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw new ConditionFault(`${whole} is no character.`);
  return Buffer.from(String.fromCodePoint(code));
}
