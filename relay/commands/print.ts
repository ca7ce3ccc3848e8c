/**
 * How commands write for people: colours where a person wants them, columns, spans of time, and nothing that a terminal
 * would obey.
 */
import type { Terminal } from "./command.ts";

/** What a terminal would act on, or show out of order. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Text from elsewhere as one harmless line. */
export function plain(text: string): string {
  return text
    .replace(/[\r\n\t]+/g, " ")
    .replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

/** Colours for a terminal that is looked at, unless NO_COLOR is set to anything (no-color.org). */
export function paintFor({ isTerminal = false, env }: Pick<Terminal, "isTerminal" | "env">): Paint {
  const isWanted = isTerminal && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
  const ink =
    (code: number, end: number) =>
    (text: string): string =>
      isWanted ? `\u001b[${code}m${text}\u001b[${end}m` : text;
  return { good: ink(32, 39), bad: ink(31, 39), strong: ink(1, 22), faint: ink(2, 22) };
}

/** Rows as lines, each column as wide as its widest cell; cells come without colours. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

const SECOND_MS = 1000;
const UNITS = [
  ["d", 24 * 3600 * SECOND_MS],
  ["h", 3600 * SECOND_MS],
  ["min", 60 * SECOND_MS],
  ["s", SECOND_MS],
] as const;

/** A span of time in the largest unit that it has twice: `47 h`, `3 d`. */
export function spanFor(ms: number): string {
  const [unit, unitMs] = UNITS.find(([, each]) => Math.abs(ms) >= 2 * each) ?? (["s", SECOND_MS] as const);
  return `${Math.round(Math.abs(ms) / unitMs)} ${unit}`;
}

/** A moment as seen from another: `in 3 h`, `5 min ago`. */
export function fromNow(atMs: number, nowMs: number): string {
  return atMs > nowMs ? `in ${spanFor(atMs - nowMs)}` : `${spanFor(nowMs - atMs)} ago`;
}
