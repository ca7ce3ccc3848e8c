/**
 * What the audit log is told of decisions. An approval waits for its line; a denial never does, and is told late when the
 * log can be written again. Once the log has failed it counts as writable only when a line is on disk again.
 */
import type { RequestState } from "../../shared/access-request.ts";
import type { Click } from "../../shared/click.ts";
import type { EdgeFrame } from "../../shared/edge-frames.ts";
import type { Logger } from "../../shared/log.ts";
import type { FrameOf } from "../../shared/protocol.ts";
import type { Refusal } from "../../shared/refusal.ts";
import type { Clock } from "../time/clock.ts";
import { type AuditRecord, auditEvidenceFor, unprovenEvidenceFor } from "./record.ts";
import type { OpenIntent } from "./tail.ts";

type DecideFrame = FrameOf<EdgeFrame, "decide">;

/** Where records go: resolves when a record is on disk, rejects when it could not be written. */
export interface AuditSink {
  append(record: AuditRecord): Promise<void>;
}

/** Most records kept in memory while the log cannot be written. */
export const MAX_LATE_RECORDS = 1000;

export interface AuditTrailOptions {
  readonly sink: AuditSink;
  /** Told when what an operator should mend has changed: a sentence or two; null when nothing is wrong. */
  readonly concern: (problem: string | null) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

export class AuditTrail {
  readonly #options: AuditTrailOptions;
  /** Whose line has been written, or will be late: the same click on another request has a line of its own. */
  readonly #intended = new Set<string>();
  /** Whose end has been written before anybody asked for it, and as what. */
  readonly #settled = new Map<string, RequestState>();
  #late: AuditRecord[] = [];
  /** Since when the log cannot be written, ms since the epoch; undefined while it can. */
  #brokenSinceMs: number | undefined;
  /** How many records there was no room for, since the log could last be written and in all. */
  #lost = 0;
  #lostInAll = 0;
  #probing: Promise<void> | undefined;

  constructor(options: AuditTrailOptions) {
    this.#options = options;
  }

  /** Whether the last record could be written. */
  get isWritable(): boolean {
    return this.#brokenSinceMs === undefined;
  }

  /** Before Teleport is called: whether the call may be made. Said once for a click, however many attempts it takes. */
  async intended(frame: DecideFrame, click: Click): Promise<boolean> {
    const intent = keyOf(subjectOf(frame, click));
    if (this.#intended.has(intent)) return true;
    if (await this.write({ kind: "intent", ...this.#judged(frame, click) })) {
      this.#intended.add(intent);
      return true;
    }
    if (click.verdict === "approve") return false;
    this.#intended.add(intent);
    this.#keep({ kind: "late", ...this.#judged(frame, click) });
    return true;
  }

  /** What Teleport says of the request after the call. */
  async ended(subject: OpenIntent, state: RequestState): Promise<void> {
    const key = keyOf(subject);
    this.#intended.delete(key);
    const isTold = this.#settled.get(key) === state;
    this.#settled.delete(key);
    if (!isTold) await this.tell({ kind: "outcome", time: this.#time(), ...subject, state });
  }

  /** What Teleport says of the request of an intent that was left open by a crash. */
  async settled(intent: OpenIntent, state: RequestState): Promise<void> {
    await this.ended(intent, state);
    this.#settled.set(keyOf(intent), state);
  }

  /** A click that was not let through; `isAuthentic`: whether its evidence is PagerDuty's at all. */
  async refused(
    frame: DecideFrame,
    click: Click | undefined,
    refusal: Refusal,
    detail: string,
    isAuthentic = true,
  ): Promise<void> {
    if (click !== undefined) this.#intended.delete(keyOf(subjectOf(frame, click)));
    const judged = click === undefined ? this.#unreadable(frame, isAuthentic) : this.#judged(frame, click);
    await this.tell({ kind: "refusal", ...judged, refusal, detail });
  }

  /** Writes a record now; whether that was done. What the log has missed is written before. */
  async write(record: AuditRecord): Promise<boolean> {
    if (!this.isWritable) await this.probe();
    // Begun anew, it ends anew.
    if (record.kind === "intent" || record.kind === "auto_intent") this.#settled.delete(keyOf(record));
    return this.isWritable && (await this.#append(record));
  }

  /** Writes a record now, or when the log can be written again. */
  async tell(record: AuditRecord): Promise<void> {
    if (!(await this.write(record))) this.#keep(record);
  }

  /** Tries whether a log that could not be written can be again, by writing that it could not and what it has missed. */
  probe(): Promise<void> {
    this.#probing ??= this.#resume().finally(() => {
      this.#probing = undefined;
    });
    return this.#probing;
  }

  async #resume(): Promise<void> {
    if (this.#brokenSinceMs === undefined) return;
    const since = new Date(this.#brokenSinceMs).toISOString();
    if (!(await this.#append({ kind: "resumed", time: this.#time(), since, lost: this.#lost }))) return;
    this.#lost = 0;
    while (this.#late.length > 0) {
      const late = this.#late.splice(0);
      const written = await Promise.all(late.map((record) => this.#append(record)));
      this.#late = [...late.filter((_, index) => written[index] !== true), ...this.#late];
      if (written.includes(false)) return;
    }
    this.#brokenSinceMs = undefined;
    this.#options.log.info("The audit log can be written again");
    this.#tellConcern(null);
  }

  async #append(record: AuditRecord): Promise<boolean> {
    try {
      await this.#options.sink.append(record);
      return true;
    } catch (error) {
      this.#broken(error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  #broken(problem: string): void {
    if (this.#brokenSinceMs !== undefined) return;
    const { clock, log } = this.#options;
    this.#brokenSinceMs = clock.now();
    log.error("The audit log cannot be written: approvals wait", { problem });
    this.#tellConcern(`Approvals wait, because the audit log cannot be written. ${problem}`);
  }

  #keep(record: AuditRecord): void {
    if (this.#late.length < MAX_LATE_RECORDS) {
      this.#late.push(record);
      return;
    }
    if (this.#lost === 0) this.#options.log.error("The audit log has missed more than can be kept: records are lost");
    this.#lost++;
    this.#lostInAll++;
  }

  // What is lost stays lost, and somebody should look into it.
  #tellConcern(problem: string | null): void {
    const lost =
      this.#lostInAll === 0
        ? null
        : `${this.#lostInAll} records of decisions are missing from the audit log, which could not be written for too long.`;
    this.#options.concern(problem ?? lost);
  }

  #judged(frame: DecideFrame, click: Click) {
    const { email, name, onCallLevels } = frame.word;
    return {
      time: this.#time(),
      ...subjectOf(frame, click),
      personId: click.agent?.id ?? null,
      edgeWord: { email, name, onCallLevels },
      evidence: auditEvidenceFor(frame.evidence),
    };
  }

  #unreadable({ requestId, clickId, word, evidence }: DecideFrame, isAuthentic: boolean) {
    const { email, name, onCallLevels } = word;
    return {
      time: this.#time(),
      requestId,
      clickId,
      verdict: null,
      personId: null,
      edgeWord: { email, name, onCallLevels },
      evidence: isAuthentic ? auditEvidenceFor(evidence) : unprovenEvidenceFor(evidence),
    };
  }

  #time(): string {
    return new Date(this.#options.clock.now()).toISOString();
  }
}

function subjectOf({ requestId }: DecideFrame, { id: clickId, verdict }: Click): OpenIntent {
  return { requestId, clickId, verdict };
}

function keyOf({ requestId, clickId, verdict }: OpenIntent): string {
  return JSON.stringify([requestId, clickId, verdict]);
}
