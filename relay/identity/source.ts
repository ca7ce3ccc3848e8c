/**
 * Where the relay's Teleport credentials lie: the three files of `tctl auth sign --format=tls`, one identity file, or the
 * directory that tbot writes. Finds out which files these are just now, and what to do about them; it reads none.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";

/** The three files of `tctl auth sign --format=tls`; absolute paths. */
export interface TripleSource {
  readonly kind: "files";
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly authoritiesFile: string;
}

/** As configured; absolute paths. */
export type IdentitySource =
  | TripleSource
  | {
      readonly kind: "identity_file";
      /** An identity file of tctl or tbot, or the directory of one of tbot's outputs. */
      readonly file: string;
    };

/** The files to read. `directory` is tbot's, when the configuration names one. */
export type Layout = IdentitySource & { readonly directory: string | null };

/** What tbot calls its files (Machine ID, the output types `identity` and `directory`). */
const TBOT = { identity: "identity", certificate: "tlscert", key: "key", authorities: "teleport-host-ca.crt" } as const;

/**
 * The files that a source consists of now. In a directory tbot's identity file comes first, then its `tlscert`, `key` and
 * `teleport-host-ca.crt`. Never throws: what is missing shows when it is read.
 */
export async function layoutOf(source: IdentitySource): Promise<Layout> {
  if (source.kind === "files" || !(await isDirectory(source.file))) return { ...source, directory: null };
  const directory = source.file;
  const file = join(directory, TBOT.identity);
  const certificateFile = join(directory, TBOT.certificate);
  if ((await exists(file)) || !(await exists(certificateFile))) return { kind: "identity_file", file, directory };
  return {
    kind: "files",
    certificateFile,
    keyFile: join(directory, TBOT.key),
    authoritiesFile: join(directory, TBOT.authorities),
    directory,
  };
}

/**
 * Tells the state of a source's files: another text whenever one of them was written, replaced or linked elsewhere. Costs a
 * few `stat` calls and reads nothing. Never throws.
 */
export async function fingerprintOf(source: IdentitySource): Promise<string> {
  return (await Promise.all(everyFileOf(source).map(fileFingerprint))).join("\n");
}

/** What a person should do to get good credentials there, as one sentence; a command stands in backquotes. */
export function mendFor(layout: Layout, user = "…"): string {
  if (layout.directory !== null) return `See that tbot runs and renews ${layout.directory}; its own log says more.`;
  const isTriple = layout.kind === "files";
  const out = isTriple ? layout.certificateFile.replace(/\.crt$/, "") : layout.file;
  const command = `\`tctl auth sign --format=${isTriple ? "tls" : "file"} --user=${user} --out=${out}\``;
  return isTriple ? `Issue it again: ${command}.` : `See that tbot renews it, or issue it again: ${command}.`;
}

function everyFileOf(source: IdentitySource): string[] {
  if (source.kind === "files") return [source.certificateFile, source.keyFile, source.authoritiesFile];
  return [source.file, ...Object.values(TBOT).map((name) => join(source.file, name))];
}

// The time of the last status change cannot be set back by a copying tool. A directory's own times move with files that
// are none of ours.
async function fileFingerprint(file: string): Promise<string> {
  try {
    const stats = await stat(file, { bigint: true });
    if (stats.isDirectory()) return "directory";
    return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(" ");
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "unreadable";
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
