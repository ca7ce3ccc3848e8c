/**
 * The audit log's file: opened at the end of its chain, appended to, synced. A last line that a crash cut short is taken
 * off when the file is opened. Nothing that was synced is ever changed.
 */
import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { GENESIS, hashOf, MAX_LINE_BYTES, sha256 } from "./record.ts";

/** What was taken off the end of a file. */
export interface Cut {
  readonly bytes: number;
  readonly sha256: string;
}

/** Where a file ends. */
export interface Tail {
  /** The hash of the last line, or {@link GENESIS}. */
  readonly head: string;
  readonly isEmpty: boolean;
  /** Whether the last line carries a hash at all; if not, somebody else wrote it. */
  readonly isChained: boolean;
  readonly cut: Cut | undefined;
}

/** Only its owner reads it: it holds who did what. */
const MODE = 0o600;

/** How much of the end is read at a time, in bytes. */
const CHUNK_BYTES = 64 * 1024;

const LINE_BREAK = 0x0a;
/** An open log file of which this process is the only writer. */
export class AuditFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  /** Bytes of the file that are synced. */
  #size: number;
  readonly tail: Tail;

  private constructor(path: string, handle: FileHandle, size: number, tail: Tail) {
    this.#path = path;
    this.#handle = handle;
    this.#size = size;
    this.tail = tail;
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
      // Its owner can; where somebody else owns it, that one has chosen the mode.
      if ((mode & 0o777) !== MODE) await handle.chmod(MODE).catch(() => undefined);
      if (size === 0) await syncDirectory(dirname(path));
      const { text, torn } = await lastLine(handle, size);
      if (torn.length > 0) {
        await handle.truncate(size - torn.length);
        await handle.datasync();
      }
      return new AuditFile(path, handle, size - torn.length, tailFor(text, torn));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Whether the path still leads to this file and nobody else has written to it: false after a rotation. */
  async isCurrent(): Promise<boolean> {
    try {
      const [named, held] = await Promise.all([stat(this.#path), this.#handle.stat()]);
      return named.ino === held.ino && named.dev === held.dev && held.size === this.#size;
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

function tailFor(text: string | undefined, torn: Uint8Array): Tail {
  const cut = torn.length === 0 ? undefined : { bytes: torn.length, sha256: sha256(torn) };
  if (text === undefined) return { head: GENESIS, isEmpty: true, isChained: true, cut };
  const hash = hashOf(text);
  return { head: hash ?? sha256(text), isEmpty: false, isChained: hash !== undefined, cut };
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

/** The last complete line, undefined when there is none, and what stands behind it. */
async function lastLine(handle: FileHandle, size: number): Promise<{ text: string | undefined; torn: Buffer }> {
  let end = Buffer.alloc(0);
  for (let start = size; start > 0; ) {
    const length = Math.min(CHUNK_BYTES, start);
    start -= length;
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start);
    end = Buffer.concat([buffer.subarray(0, bytesRead), end]);
    const last = end.lastIndexOf(LINE_BREAK);
    const before = last > 0 ? end.lastIndexOf(LINE_BREAK, last - 1) : -1;
    if (before >= 0) return split(end, before + 1, last);
    if (end.length > MAX_LINE_BYTES * 2) throw new Error("it is not an audit log");
  }
  return split(end, 0, end.lastIndexOf(LINE_BREAK));
}

function split(end: Buffer, from: number, to: number): { text: string | undefined; torn: Buffer } {
  return { text: to < 0 ? undefined : end.toString("utf8", from, to), torn: Buffer.from(end.subarray(to + 1)) };
}
