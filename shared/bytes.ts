/** Raw bytes in and out of text: base64 for frames, and JSON with a bound on its depth. */

/** Deepest nesting that is parsed. PagerDuty's own events stay under ten; a recursive reader must not be driven deeper. */
export const MAX_JSON_DEPTH = 32;

/** Bytes as standard base64 (RFC 4648 section 4). */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The bytes of standard base64, or undefined when it is not base64. */
export function fromBase64(text: string): Uint8Array | undefined {
  try {
    const binary = atob(text);
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/**
 * The value of UTF-8 JSON bytes; undefined when they are not UTF-8, not JSON, start with a byte order mark, or nest deeper
 * than {@link MAX_JSON_DEPTH}. The depth is measured before parsing.
 */
export function parseJsonBytes(raw: Uint8Array): unknown {
  if (nestsTooDeep(raw)) return undefined;
  try {
    return JSON.parse(UTF8.decode(raw));
  } catch {
    return undefined;
  }
}

/** As {@link parseJsonBytes}, for text that a runtime has decoded already. */
export function parseJsonText(text: string): unknown {
  return parseJsonBytes(new TextEncoder().encode(text));
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

function nestsTooDeep(raw: Uint8Array): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < raw.length; index++) {
    const byte = raw[index] ?? 0;
    if (inString) {
      if (byte === BACKSLASH) index++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (OPENING.has(byte)) {
      if (++depth > MAX_JSON_DEPTH) return true;
    } else if (CLOSING.has(byte)) depth--;
  }
  return false;
}
