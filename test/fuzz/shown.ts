/** A counterexample for people: bytes as text, and no more of it than can be looked at. */
import fc from "fast-check";

/** Longest example that is shown, in characters; a replay has it whole. */
const MAX_CHARACTERS = 4000;

/** A value on a few lines. */
export function shown(value: unknown): string {
  const text = value instanceof Uint8Array ? bytesText(value) : fc.stringify(value);
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}… (${text.length} characters)`;
}

function bytesText(bytes: Uint8Array): string {
  return `${bytes.length} bytes, as Latin-1 ${JSON.stringify(Buffer.from(bytes).toString("latin1"))}`;
}
