/** Judged rows as people read them: ratios first, each figure with the spread of its rounds. Pure. */
import type { Goal, Unit, Verdict } from "./row.ts";

const HEADINGS = ["ratio", "measured", "least – most", "limit", "goal", "met", "what"] as const;

/** The lines of one case's table. */
export function tableOf(verdicts: readonly Verdict[]): string[] {
  const rows = [[...HEADINGS], ...verdicts.map(cellsOf)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows.map((cells) =>
    cells
      .map((cell, column) => padded(cell, column, widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function padded(cell: string, column: number, width: number): string {
  return column === 0 || column === 1 ? cell.padStart(width) : cell.padEnd(width);
}

function cellsOf(verdict: Verdict): string[] {
  const { what, unit, ratio, measured, spread, limited, limit, goal, isMet, remark } = verdict;
  return [
    ratio === null ? "" : ratioText(ratio),
    figureText(measured, unit),
    verdict.rounds.length < 2 ? "" : `${plain(spread[0])} – ${plain(spread[1])}`,
    limited === null || limit === undefined ? "" : `${figureText(limited, unit)} ${limit.of}`,
    goal === undefined ? "" : goalText(goal, unit),
    isMet === null ? "" : isMet ? "yes" : "NO",
    remark === undefined ? what : `${what} (${remark})`,
  ];
}

/** A goal in words: `≤ 6 ms, ≤ 3×`. */
export function goalText({ atMost, atLeast, ratioAtMost, ratioAtLeast }: Goal, unit: Unit): string {
  const bounds = [
    atMost === undefined ? [] : [`≤ ${figureText(atMost, unit)}`],
    atLeast === undefined ? [] : [`≥ ${figureText(atLeast, unit)}`],
    ratioAtMost === undefined ? [] : [`≤ ${ratioAtMost}×`],
    ratioAtLeast === undefined ? [] : [`≥ ${ratioAtLeast}×`],
  ];
  return bounds.flat().join(", ");
}

function figureText(figure: number, unit: Unit): string {
  return unit === "/s" ? `${plain(figure)}/s` : `${plain(figure)} ${unit}`;
}

function ratioText(ratio: number): string {
  return `${ratio.toFixed(2)}×`;
}

// Three digits are more than a machine repeats.
function plain(figure: number): string {
  if (!Number.isFinite(figure)) return "none";
  if (Number.isInteger(figure) || Math.abs(figure) >= 100) return String(Math.round(figure));
  return Math.abs(figure) >= 10 ? figure.toFixed(1) : figure.toFixed(2);
}
