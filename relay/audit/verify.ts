/** Reads an audit log from its first line to its last and says where its chain breaks. Flat in memory, however long. */
import { createReadStream } from "node:fs";
import { type AuditHead, GENESIS } from "../../shared/audit-chain.ts";
import { type ChainedLine, couldBeginLine, headIn, MAX_LINE_BYTES, NO_LINE, readAuditLine } from "./record.ts";

const CUT_SHORT = "is cut short; the relay takes it off at its next start";

/** A line, counted from 1, that does not hold. */
export interface AuditBreak {
  readonly line: number;
  readonly problem: string;
}

/** What was read. */
export interface AuditSummary {
  /** How many lines the file has, and the number of the last: the same unless it goes on from another file. */
  readonly lines: number;
  readonly lastNumber: number;
  /** The head after the last line, which the next line must name. */
  readonly head: string;
  /** Whether it came by the head that was asked for; true when none was. */
  readonly holds: boolean;
}

export interface VerifyOptions {
  /** The head of the file before, for a log that was moved away and continued. */
  readonly after?: string | undefined;
  /** A head that was kept elsewhere and that the log must come by. */
  readonly holding?: string | undefined;
}

/**
 * Yields every break of a log's chain and returns what it read. After a break it goes on from that line's own hash, so
 * that one changed line is one break, not thousands.
 * @throws the file system's error when the file cannot be read.
 */
export async function* verifyAuditLog(
  file: string,
  { after = GENESIS, holding }: VerifyOptions = {},
): AsyncGenerator<AuditBreak, AuditSummary> {
  let end: AuditHead = { lines: 0, head: after };
  let lines = 0;
  let holds = holding === undefined || holding === after;
  for await (const { text, complete } of linesOf(file)) {
    lines++;
    if (text === undefined) yield { line: lines, problem: "is longer than a record can be" };
    else if (!complete) yield { line: lines, problem: couldBeginLine(Buffer.from(text)) ? CUT_SHORT : NO_LINE };
    else {
      const reading = readAuditLine(text);
      const isCounted = lines > 1 || after === GENESIS;
      const problem = reading.kind === "broken" ? reading.problem : problemOf(reading, end, isCounted);
      if (problem !== undefined) yield { line: lines, problem };
      end = reading.kind === "line" ? reading.end : { lines: end.lines + 1, head: headIn(text) };
      holds ||= reading.kind === "line" && end.head === holding;
    }
  }
  return { lines, lastNumber: end.lines, head: end.head, holds };
}

/** `isCounted`: whether it is known how many lines came before. */
function problemOf({ prev, end }: ChainedLine, before: AuditHead, isCounted: boolean): string | undefined {
  if (prev !== before.head) return "does not follow the line before it: lines were taken out, put in, or moved";
  return isCounted && end.lines !== before.lines + 1 ? "bears the number of another line" : undefined;
}

interface Line {
  /** Undefined when the line is longer than {@link MAX_LINE_BYTES}. */
  readonly text: string | undefined;
  /** Whether a line break ends it. */
  readonly complete: boolean;
}

const LINE_BREAK = 0x0a;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// Bytes that are no text must not read as some other text: a relay writes none.
function textOf(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    return "";
  }
}

async function* linesOf(file: string): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let bytes = 0;
  const keep = (part: Buffer): void => {
    bytes += part.length;
    if (bytes <= MAX_LINE_BYTES) parts.push(part);
  };
  const take = (complete: boolean): Line => {
    const text = bytes > MAX_LINE_BYTES ? undefined : textOf(Buffer.concat(parts));
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
