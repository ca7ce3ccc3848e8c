/**
 * The audit log's file: opened at the end of its chain, appended to, synced. A last line that a crash cut short is taken
 * off when the file is opened. Nothing that was synced is ever changed.
 */
import { constants, type Stats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { MAX_AUDIT_DIGESTS, sha256 } from "../../shared/audit-chain.ts";
import { couldBeginLine, MAX_LINE_BYTES } from "./record.ts";
import { type Tail, tailOf } from "./tail.ts";

/** What was taken off the end of a file. */
export interface Cut {
  readonly bytes: number;
  readonly sha256: string;
}

/** How a file ends. */
export interface FileTail extends Tail {
  readonly isEmpty: boolean;
  readonly cut: Cut | undefined;
}

/** Only its owner reads it: it holds who did what. */
const MODE = 0o600;

/** How much of the end is read, in bytes: what was begun and not ended lies no further back. */
const TAIL_BYTES = 8 * 1024 * 1024;

/** Why a file is refused that holds something else. */
export const NOT_AN_AUDIT_LOG = "it is not an audit log";

const LINE_BREAK = 0x0a;

/** An open log file of which this process is the only writer. */
export class AuditFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  /** Which file it is: no other has this number while it is open. */
  readonly #identity: Pick<Stats, "ino" | "dev">;
  /** Bytes of the file that are synced. */
  #size: number;
  readonly tail: FileTail;

  private constructor(path: string, handle: FileHandle, stats: Stats, { texts, torn }: LastLines) {
    this.#path = path;
    this.#handle = handle;
    this.#identity = stats;
    this.#size = stats.size - torn.length;
    this.tail = tailFor(texts, torn);
  }

  /**
   * Opens the file, makes it if need be, and finds the end of its chain.
   * @throws the file system's error.
   */
  static async open(path: string): Promise<AuditFile> {
    const handle = await open(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, MODE);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw new Error("it is not a regular file");
      const { size, mode } = stats;
      if (size === 0) await syncDirectory(dirname(path));
      const lines = await lastLines(handle, size);
      // Its owner can; where somebody else owns it, that one has chosen the mode.
      if ((mode & 0o777) !== MODE) await handle.chmod(MODE).catch(() => undefined);
      const { torn } = lines;
      if (torn.length > 0) {
        await handle.truncate(size - torn.length);
        await handle.datasync();
      }
      return new AuditFile(path, handle, stats, lines);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Whether the path still leads to this file and nobody else has written to it: false after a rotation. */
  async isCurrent(): Promise<boolean> {
    try {
      const { ino, dev, size } = await stat(this.#path);
      return ino === this.#identity.ino && dev === this.#identity.dev && size === this.#size;
    } catch {
      return false;
    }
  }

  /**
   * Appends and syncs. When that fails, what got written is taken off again as far as possible, so that what was reported
   * as not written is not there.
   * @throws the file system's error.
   */
  async append(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    try {
      await writeWhole(this.#handle, bytes);
      await this.#handle.datasync();
      this.#size += bytes.length;
    } catch (error) {
      await this.#handle.truncate(this.#size).catch(() => undefined);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
  }
}

function tailFor(texts: readonly string[], torn: Uint8Array): FileTail {
  const cut = torn.length === 0 ? undefined : { bytes: torn.length, sha256: sha256(torn) };
  return { ...tailOf(texts), isEmpty: texts.length === 0, cut };
}

async function writeWhole(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written);
    written += bytesWritten;
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The last complete lines, oldest first, and what stands behind them. */
interface LastLines {
  readonly texts: readonly string[];
  readonly torn: Buffer;
}

async function lastLines(handle: FileHandle, size: number): Promise<LastLines> {
  const start = Math.max(0, size - TAIL_BYTES);
  const end = await readWhole(handle, start, size - start);
  const last = end.lastIndexOf(LINE_BREAK);
  const torn = end.subarray(last + 1);
  // What is taken off must have been ours.
  const begun = torn.subarray(0, lengthWithoutZeros(torn));
  if (begun.length > MAX_LINE_BYTES || !couldBeginLine(begun)) throw new Error(NOT_AN_AUDIT_LOG);
  // What it begins in the middle of is no line.
  const first = start === 0 ? 0 : end.indexOf(LINE_BREAK) + 1;
  const texts = last < first ? [] : end.toString("utf8", first, last).split("\n").slice(-MAX_AUDIT_DIGESTS);
  return { texts, torn };
}

// Some file systems leave zeros where a crash came before the bytes.
function lengthWithoutZeros(bytes: Buffer): number {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length--;
  return length;
}

async function readWhole(handle: FileHandle, from: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let read = 0; read < length; ) {
    const { bytesRead } = await handle.read(bytes, read, length - read, from + read);
    if (bytesRead === 0) return bytes.subarray(0, read);
    read += bytesRead;
  }
  return bytes;
}
