/**
 * One line of the bench: what was measured, round for round, what limits it in the same rounds, and what is aimed at. A
 * count is the same on every machine; a figure in time or memory is not. Pure.
 */
import { median } from "./figures.ts";

/** The units in which something is measured. */
export type Unit = "ms" | "/s" | "MB" | "rows" | "calls" | "wake-ups" | "bytes" | "syncs";

/** Bounds that a row is to keep, all that are given. A ratio is the measured figure over its limit. */
export interface Goal {
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly ratioAtMost?: number;
  readonly ratioAtLeast?: number;
}

/** The figure that a row cannot be better than, and what it is of. */
export interface Limit {
  readonly of: string;
  readonly rounds: readonly number[];
}

export interface Row {
  readonly what: string;
  readonly unit: Unit;
  /** Whether it is the same on every machine. */
  readonly isCount: boolean;
  /** One figure a round. */
  readonly rounds: readonly number[];
  /** Measured in the same rounds. */
  readonly limit?: Limit;
  readonly goal?: Goal;
  /** What a reader should know beside it. */
  readonly remark?: string;
}

/** A row whose rounds are put into one figure, and judged. */
export interface Verdict extends Row {
  readonly measured: number;
  /** The least and the most of its rounds. */
  readonly spread: readonly [least: number, most: number];
  readonly limited: number | null;
  /** The measured figure over the limit: the middle of the rounds' own ratios. */
  readonly ratio: number | null;
  /** Whether every bound is kept; null where there is none. */
  readonly isMet: boolean | null;
}

/** Judges one row. A round without a figure keeps no bound. */
export function judged(row: Row): Verdict {
  const { rounds, limit, goal } = row;
  const measured = median(rounds);
  const ratios = limit === undefined ? [] : rounds.map((figure, round) => figure / (limit.rounds[round] ?? Number.NaN));
  const ratio = limit === undefined ? null : median(ratios);
  return {
    ...row,
    measured,
    spread: [Math.min(...rounds), Math.max(...rounds)],
    limited: limit === undefined ? null : median(limit.rounds),
    ratio,
    isMet: goal === undefined ? null : isKept(goal, measured, ratio ?? Number.NaN),
  };
}

function isKept({ atMost, atLeast, ratioAtMost, ratioAtLeast }: Goal, measured: number, ratio: number): boolean {
  const bounds = [
    atMost === undefined || measured <= atMost,
    atLeast === undefined || measured >= atLeast,
    ratioAtMost === undefined || ratio <= ratioAtMost,
    ratioAtLeast === undefined || ratio >= ratioAtLeast,
  ];
  return bounds.every((isWithin) => isWithin);
}
