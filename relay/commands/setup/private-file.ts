/**
 * Files that hold secrets: read whole, and written so that a crash leaves the old text or the new one, on the disk, for
 * their owner's eyes only.
 */
import {
  chmodSync,
  closeSync,
  fchownSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { SetupFault } from "./fault.ts";

const OWNER_ONLY = 0o600;

/**
 * A file's text; undefined when there is no such file.
 * @throws SetupFault when it cannot be read.
 */
export function readPrivate(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw new SetupFault(`${file} cannot be read by this user (${codeOf(error)}).`);
  }
}

/**
 * Writes a file with mode 0600 and waits for the disk. A file that has this text already keeps its times.
 * @returns whether its text has changed.
 * @throws SetupFault when it cannot be written.
 */
export function writePrivate(file: string, text: string): boolean {
  const isSame = readPrivate(file) === text;
  try {
    if (isSame) chmodSync(file, OWNER_ONLY);
    else replace(file, text);
    return !isSame;
  } catch (error) {
    throw new SetupFault(`${file} cannot be written by this user (${codeOf(error)}).`);
  }
}

function replace(file: string, text: string): void {
  const draft = join(dirname(file), `.${basename(file)}.new`);
  // A run that was killed may have left its own.
  rmSync(draft, { force: true });
  try {
    const descriptor = openSync(draft, "wx", OWNER_ONLY);
    try {
      keepOwner(file, descriptor);
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncDirectory(dirname(file));
}

// Root may write into the folder of the user that the relay runs as, who must still be able to read it.
function keepOwner(file: string, descriptor: number): void {
  const before = statSync(file, { throwIfNoEntry: false });
  if (before === undefined || process.getuid?.() !== 0) return;
  fchownSync(descriptor, before.uid, before.gid);
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
