/** Raw bytes in and out of text: base64 for frames, base64url for tokens, and JSON with a bound on its depth. */

/** Deepest nesting that is parsed. PagerDuty's own events stay under ten; a recursive reader must not be driven deeper. */
export const MAX_JSON_DEPTH = 32;

/** Bytes as standard base64 (RFC 4648 section 4). */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The bytes of standard base64, or undefined when it is not base64. White space and missing padding are let pass. */
export function fromBase64(text: string): Uint8Array | undefined {
  try {
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
    return bytes;
  } catch {
    return undefined;
  }
}

/** Bytes as base64url without padding (RFC 4648 section 5). */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The bytes of base64url without padding, or undefined when it is not that. */
export function fromBase64Url(text: string): Uint8Array | undefined {
  return /^[\w-]*$/.test(text) ? fromBase64(text.replaceAll("-", "+").replaceAll("_", "/")) : undefined;
}

/**
 * The value of UTF-8 JSON bytes; undefined when they are not UTF-8, not JSON, start with a byte order mark, or nest deeper
 * than {@link MAX_JSON_DEPTH}. The depth is measured before parsing.
 */
export function parseJsonBytes(raw: Uint8Array): unknown {
  const text = decodeUtf8(raw);
  return text === undefined ? undefined : parseJsonText(text);
}

/** As {@link parseJsonBytes}, for text that a runtime has decoded already. */
export function parseJsonText(text: string): unknown {
  if (nestsTooDeep(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeUtf8(raw: Uint8Array): string | undefined {
  try {
    return UTF8.decode(raw);
  } catch {
    return undefined;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function nestsTooDeep(json: string): boolean {
  let depth = 0;
  for (let index = 0; index < json.length; index++) {
    switch (json.charCodeAt(index)) {
      case QUOTE:
        index = endOfString(json, index + 1);
        break;
      // "[" and "{"
      case 0x5b:
      case 0x7b:
        if (++depth > MAX_JSON_DEPTH) return true;
        break;
      // "]" and "}"
      case 0x5d:
      case 0x7d:
        depth--;
    }
  }
  return false;
}

// Where the string that begins here has its closing quote, or past the end.
function endOfString(json: string, from: number): number {
  let index = from;
  for (; index < json.length; index++) {
    const code = json.charCodeAt(index);
    if (code === QUOTE) return index;
    if (code === BACKSLASH) index++;
  }
  return index;
}
