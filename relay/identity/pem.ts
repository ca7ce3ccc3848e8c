/**
 * PEM blocks out of a text, line by line, as Teleport reads its identity files: whatever stands between blocks, such as
 * certificates for SSH, is skipped. Pure; it knows nothing of what a block holds.
 */

export interface PemBlock {
  /** What stands after `BEGIN`, such as `CERTIFICATE` or `RSA PRIVATE KEY`. */
  readonly label: string;
  /** The whole block, its two border lines included, with a line break at its end. */
  readonly text: string;
}

const BEGIN = /^-----BEGIN ([A-Z0-9 ]+)-----$/;
const END = /^-----END ([A-Z0-9 ]+)-----$/;

/** Every block in order; undefined when one does not end, as in a file that is still being written. */
export function pemBlocksIn(text: string): PemBlock[] | undefined {
  const blocks: PemBlock[] = [];
  let open: { label: string; lines: string[] } | undefined;
  for (const line of text.split("\n").map((raw) => raw.trim())) {
    const begun = BEGIN.exec(line)?.[1];
    if (open === undefined) {
      if (begun !== undefined) open = { label: begun, lines: [line] };
      continue;
    }
    open.lines.push(line);
    if (begun !== undefined) return undefined;
    const ended = END.exec(line)?.[1];
    if (ended === undefined) continue;
    if (ended !== open.label) return undefined;
    blocks.push({ label: open.label, text: `${open.lines.join("\n")}\n` });
    open = undefined;
  }
  return open === undefined ? blocks : undefined;
}
