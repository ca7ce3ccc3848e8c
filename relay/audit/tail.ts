/**
 * Where an audit log ends, read off its last lines: its head, the digests that lead there, and what was begun and not ended.
 * Pure.
 */
import { type AuditHead, GENESIS } from "../../shared/audit-chain.ts";
import type { Verdict } from "../../shared/decisions.ts";
import { type AuditRecord, type CutRecord, headIn, readAuditLine } from "./record.ts";

/** A verdict that was about to be sent, and of which no line says what came of it. */
export interface OpenIntent {
  readonly requestId: string;
  readonly clickId: string;
  readonly verdict: Verdict;
}

export interface Tail {
  readonly end: AuditHead;
  /** Of the lines behind the last break of the chain, oldest first. */
  readonly digests: readonly string[];
  /** Whether each of the lines is one of a relay's, unchanged, and follows the one before it. */
  readonly isChained: boolean;
  readonly openIntents: readonly OpenIntent[];
}

/** Reads the last lines of a log, oldest first; of a log that has no line, its beginning. Never throws. */
export function tailOf(texts: readonly string[]): Tail {
  let end: AuditHead = { lines: 0, head: GENESIS };
  let isChained = true;
  const digests: string[] = [];
  const open = new Map<string, OpenIntent>();
  for (const [index, text] of texts.entries()) {
    const reading = readAuditLine(text);
    const follows = reading.kind === "line" && (index === 0 || reading.prev === end.head);
    if (!follows) {
      isChained = false;
      digests.length = 0;
    }
    end = reading.kind === "line" ? reading.end : { lines: end.lines + 1, head: headIn(text) };
    if (reading.kind === "line") {
      digests.push(reading.digest);
      note(open, reading.record);
    }
  }
  return { end, digests, isChained, openIntents: [...open.values()] };
}

function note(open: Map<string, OpenIntent>, record: AuditRecord | CutRecord): void {
  switch (record.kind) {
    case "intent":
    case "late":
    case "auto_intent": {
      const { requestId, clickId, verdict } = record;
      open.set(keyOf(record), { requestId, clickId, verdict });
      return;
    }
    case "outcome":
    case "refusal":
    case "auto_refusal":
      open.delete(keyOf(record));
      return;
    case "resumed":
    case "cut":
      return;
  }
}

function keyOf({
  requestId,
  clickId,
  verdict,
}: {
  requestId: string;
  clickId: string;
  verdict: Verdict | null;
}): string {
  return JSON.stringify([requestId, clickId, verdict]);
}
