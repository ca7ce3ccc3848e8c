/** Reads an audit log from its first line to its last and says where its chain breaks. Flat in memory, however long. */
import { createReadStream } from "node:fs";
import { GENESIS, hashOf, MAX_LINE_BYTES, readAuditLine, sha256 } from "./record.ts";

/** A line, counted from 1, that does not hold. */
export interface AuditBreak {
  readonly line: number;
  readonly problem: string;
}

/** What was read: how many lines, and the hash of the last one that has one, which the next line must name. */
export interface AuditSummary {
  readonly lines: number;
  readonly head: string;
}

/**
 * Yields every break of a log's chain and returns what it read. After a break it goes on from that line's own hash, so
 * that one changed line is one break, not thousands. `after` is the head of the file before, for a log that was moved
 * away and continued.
 * @throws the file system's error when the file cannot be read.
 */
export async function* verifyAuditLog(file: string, after = GENESIS): AsyncGenerator<AuditBreak, AuditSummary> {
  let head = after;
  let lines = 0;
  for await (const { text, complete } of linesOf(file)) {
    lines++;
    if (!complete) {
      yield { line: lines, problem: "is cut short; the relay takes it off at its next start" };
      continue;
    }
    const problem = text === undefined ? "is longer than a record can be" : problemOf(text, head);
    if (problem !== undefined) yield { line: lines, problem };
    if (text !== undefined) head = hashOf(text) ?? sha256(text);
  }
  return { lines, head };
}

function problemOf(text: string, head: string): string | undefined {
  const reading = readAuditLine(text);
  if (reading.kind === "broken") return reading.problem;
  if (reading.prev === head) return undefined;
  return "does not follow the line before it: lines were taken out, put in, or moved";
}

interface Line {
  /** Undefined when the line is longer than {@link MAX_LINE_BYTES}. */
  readonly text: string | undefined;
  /** Whether a line break ends it. */
  readonly complete: boolean;
}

const LINE_BREAK = 0x0a;

async function* linesOf(file: string): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let bytes = 0;
  const keep = (part: Buffer): void => {
    bytes += part.length;
    if (bytes <= MAX_LINE_BYTES) parts.push(part);
  };
  const take = (complete: boolean): Line => {
    const text = bytes > MAX_LINE_BYTES ? undefined : Buffer.concat(parts).toString("utf8");
    parts = [];
    bytes = 0;
    return { text, complete };
  };
  for await (const chunk of createReadStream(file)) {
    const buffer = Buffer.from(chunk);
    let start = 0;
    for (let end = buffer.indexOf(LINE_BREAK); end >= 0; end = buffer.indexOf(LINE_BREAK, start)) {
      keep(buffer.subarray(start, end));
      yield take(true);
      start = end + 1;
    }
    keep(buffer.subarray(start));
  }
  if (bytes > 0) yield take(false);
}
