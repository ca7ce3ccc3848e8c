/** Values from elsewhere in TOML, also in its comments: on one line, and nothing of them taken for TOML. Pure. */

/** Text as a TOML string. */
export function quoted(text: string): string {
  // What TOML allows neither in strings nor in comments, JSON does.
  return JSON.stringify(text).replace(/\u007f/g, "\\u007f");
}

/** A list of texts as TOML. */
export function quotedList(texts: readonly string[]): string {
  return `[${texts.map(quoted).join(", ")}]`;
}
