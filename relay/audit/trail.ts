/**
 * What the audit log is told of decisions. An approval waits for its line; a denial never does, and is told late when the
 * log can be written again.
 */
import type { RequestState } from "../../shared/access-request.ts";
import type { Click } from "../../shared/click.ts";
import type { Logger } from "../../shared/log.ts";
import type { EdgeFrame, FrameOf } from "../../shared/protocol.ts";
import type { Refusal } from "../../shared/refusal.ts";
import type { Clock } from "../time/clock.ts";
import { type AuditRecord, auditEvidenceFor } from "./record.ts";

type DecideFrame = FrameOf<EdgeFrame, "decide">;

/** Where records go: resolves when a record is on disk, rejects when it could not be written. */
export interface AuditSink {
  append(record: AuditRecord): Promise<void>;
}

/** Most records kept in memory while the log cannot be written. */
const MAX_LATE_RECORDS = 1000;

export class AuditTrail {
  readonly #sink: AuditSink;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** Whose line has been written, or will be late: the same click on another request has a line of its own. */
  readonly #intended = new Set<string>();
  #late: AuditRecord[] = [];
  #isWritable = true;

  constructor(sink: AuditSink, clock: Clock, log: Logger) {
    this.#sink = sink;
    this.#clock = clock;
    this.#log = log;
  }

  /** Whether the last record could be written. */
  get isWritable(): boolean {
    return this.#isWritable;
  }

  /** Before Teleport is called: whether the call may be made. Said once for a click, however many attempts it takes. */
  async intended(frame: DecideFrame, click: Click): Promise<boolean> {
    const intent = intentOf(frame, click);
    if (this.#intended.has(intent)) return true;
    if (await this.#write({ kind: "intent", ...this.#judged(frame, click) })) {
      this.#intended.add(intent);
      return true;
    }
    if (click.verdict === "approve") return false;
    this.#intended.add(intent);
    this.#keep({ kind: "late", ...this.#judged(frame, click) });
    return true;
  }

  /** What Teleport says of the request after the call. */
  async ended(frame: DecideFrame, click: Click, state: RequestState): Promise<void> {
    this.#intended.delete(intentOf(frame, click));
    const { requestId } = frame;
    const { id: clickId, verdict } = click;
    await this.#writeOrKeep({ kind: "outcome", time: this.#time(), requestId, clickId, verdict, state });
  }

  /** A click that was not let through. */
  async refused(frame: DecideFrame, click: Click | undefined, refusal: Refusal, detail: string): Promise<void> {
    if (click !== undefined) this.#intended.delete(intentOf(frame, click));
    const judged = click === undefined ? this.#unreadable(frame) : this.#judged(frame, click);
    await this.#writeOrKeep({ kind: "refusal", ...judged, refusal, detail });
  }

  /** Tries whether the log can be written again, with what it has not been told yet. */
  async probe(): Promise<void> {
    const [first] = this.#late;
    // With nothing to tell, the next record tells.
    if (first === undefined) this.#isWritable = true;
    else await this.#writeLate();
  }

  async #writeOrKeep(record: AuditRecord): Promise<void> {
    if (!(await this.#write(record))) this.#keep(record);
  }

  async #write(record: AuditRecord): Promise<boolean> {
    try {
      await this.#sink.append(record);
    } catch (error) {
      this.#broken(error);
      return false;
    }
    this.#mended();
    if (this.#late.length > 0) await this.#writeLate();
    return true;
  }

  async #writeLate(): Promise<void> {
    const late = this.#late;
    this.#late = [];
    for (const [index, record] of late.entries()) {
      try {
        await this.#sink.append(record);
        this.#mended();
      } catch (error) {
        this.#broken(error);
        this.#late = [...late.slice(index), ...this.#late];
        return;
      }
    }
  }

  #broken(error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    if (this.#isWritable) this.#log.error("The audit log cannot be written: approvals wait", { problem });
    this.#isWritable = false;
  }

  #mended(): void {
    if (!this.#isWritable) this.#log.info("The audit log can be written again");
    this.#isWritable = true;
  }

  #keep(record: AuditRecord): void {
    if (this.#late.length < MAX_LATE_RECORDS) this.#late.push(record);
  }

  #judged({ requestId, word, evidence }: DecideFrame, click: Click) {
    const { email, name, onCallLevels } = word;
    return {
      time: this.#time(),
      requestId,
      clickId: click.id,
      verdict: click.verdict,
      personId: click.agent?.id ?? null,
      edgeWord: { email, name, onCallLevels },
      evidence: auditEvidenceFor(evidence),
    };
  }

  #unreadable({ requestId, clickId, word, evidence }: DecideFrame) {
    const { email, name, onCallLevels } = word;
    return {
      time: this.#time(),
      requestId,
      clickId,
      verdict: null,
      personId: null,
      edgeWord: { email, name, onCallLevels },
      evidence: auditEvidenceFor(evidence),
    };
  }

  #time(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}

function intentOf({ requestId }: DecideFrame, { verdict, id }: Click): string {
  return JSON.stringify([requestId, verdict, id]);
}
