/**
 * The audit log: JSON lines, each chained to the one before by its hash, on disk before an approval reaches Teleport.
 * Appends that wait at the same time share one sync. It keeps what it has said is written, and comes back by itself when
 * the disk takes writes again. The relay is its only writer; `audit/record.ts` says what a line holds.
 */
import { type AuditHead, MAX_AUDIT_DIGESTS } from "../shared/audit-chain.ts";
import type { Logger } from "../shared/log.ts";
import { AuditFile, type Cut, NOT_AN_AUDIT_LOG } from "./audit/file.ts";
import { type AuditRecord, auditLineFor } from "./audit/record.ts";
import type { OpenIntent } from "./audit/tail.ts";
import type { AuditSink } from "./audit/trail.ts";

/** The log could not be written; nothing of the record counts as written. The message is a sentence for the admin. */
export class AuditError extends Error {
  override readonly name = "AuditError";
}

interface Waiting {
  readonly record: AuditRecord;
  readonly written: () => void;
  readonly failed: (error: AuditError) => void;
}

/** An audit log that is open for appending. */
export class AuditLog implements AuditSink {
  readonly #path: string;
  readonly #log: Logger;
  /** What had been begun and not ended when the log was opened. */
  readonly openIntents: readonly OpenIntent[];
  #file: AuditFile | undefined;
  /** Where the log ends, on disk. */
  #end: AuditHead;
  #digests: readonly string[] = [];
  /** What was taken off at opening and no line tells of yet. */
  #cut: Cut | undefined;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  private constructor(path: string, log: Logger, file: AuditFile) {
    this.#path = path;
    this.#log = log;
    this.#end = file.tail.end;
    this.openIntents = file.tail.openIntents;
    this.#take(file);
  }

  /**
   * Opens a log, or begins one, and finds the end of its chain. A last line cut short by a crash is taken off; the next
   * line tells of it.
   * @throws AuditError when the file cannot be opened for writing.
   */
  static async open(path: string, log: Logger): Promise<AuditLog> {
    try {
      return new AuditLog(path, log, await AuditFile.open(path));
    } catch (error) {
      throw new AuditError(sentenceFor(path, error), { cause: error });
    }
  }

  /** Where the log ends, on disk. */
  get end(): AuditHead {
    return this.#end;
  }

  /** The digests of its last lines, oldest first. */
  get digests(): readonly string[] {
    return this.#digests;
  }

  /**
   * Appends a record; resolves when it is synced to the disk, in the order of the calls.
   * @throws AuditError when it cannot be written. The next append tries afresh.
   */
  append(record: AuditRecord): Promise<void> {
    return new Promise((written, failed) => {
      this.#waiting.push({ record, written, failed });
      // Begun a moment later, so that what else is appended in this turn shares the sync.
      this.#writing ??= Promise.resolve().then(() => this.#writeAll());
    });
  }

  /** Waits for what is being appended and closes the file. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      try {
        await this.#write(batch.map(({ record }) => record));
        for (const { written } of batch) written();
      } catch (error) {
        await this.#file?.close();
        this.#file = undefined;
        const fault = new AuditError(sentenceFor(this.#path, error), { cause: error });
        for (const { failed } of batch) failed(fault);
      }
    }
    this.#writing = undefined;
  }

  async #write(records: readonly AuditRecord[]): Promise<void> {
    const file = await this.#current();
    const time = records[0]?.time;
    const cut = this.#cut !== undefined && time !== undefined ? [{ kind: "cut", time, ...this.#cut } as const] : [];
    let end = this.#end;
    let text = "";
    const digests: string[] = [];
    for (const record of [...cut, ...records]) {
      const line = auditLineFor(record, end);
      end = line.end;
      digests.push(line.digest);
      text += `${line.text}\n`;
    }
    await file.append(text);
    this.#end = end;
    this.#digests = [...this.#digests, ...digests].slice(-MAX_AUDIT_DIGESTS);
    this.#cut = undefined;
  }

  /** The file to write to, opened again after a fault, a rotation, or when somebody else has written to it. */
  async #current(): Promise<AuditFile> {
    if (this.#file !== undefined && (await this.#file.isCurrent())) return this.#file;
    await this.#file?.close();
    this.#file = undefined;
    const file = await AuditFile.open(this.#path);
    this.#take(file);
    this.#log.info("The audit log was opened again", { file: this.#path });
    return file;
  }

  #take(file: AuditFile): void {
    this.#file = file;
    const { end, digests, isEmpty, cut } = file.tail;
    // A new file goes on from the old one's head, so that taking a file away shows.
    if (!isEmpty) {
      this.#end = end;
      this.#digests = digests;
    }
    this.#cut = cut ?? this.#cut;
    const fields = { file: this.#path };
    if (cut !== undefined) this.#log.warn("The audit log's last line was cut short and was taken off", fields);
    if (!file.tail.isChained) this.#log.error("The audit log's last lines are not as a relay wrote them", fields);
  }
}

function sentenceFor(path: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : messageOf(error);
  return `The audit log ${path} cannot be written (${code}): ${MENDS[code] ?? "see that the disk takes writes"}.`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const MENDS: Readonly<Record<string, string>> = {
  ENOENT: "its directory does not exist",
  ENOTDIR: "its directory does not exist",
  EISDIR: "it is a directory",
  EACCES: "the user that the relay runs as may not write there",
  EPERM: "the user that the relay runs as may not write there",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the quota is used up",
  [NOT_AN_AUDIT_LOG]: "name another file in policy.audit_log, or move this one away",
};
