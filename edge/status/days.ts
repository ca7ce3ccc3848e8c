/** What was decided on each of the last days, and how long it took, from the records of finished requests. Pure. */
import type { RequestRecord } from "../record.ts";
import { isDecisive } from "./timeline.ts";

/** How many days are told of, today among them. */
export const SHOWN_DAYS = 14;

const DAY_MS = 24 * 60 * 60 * 1000;

/** One day, by UTC. The medians are null when there is nothing to take them of. */
export interface Day {
  /** When it began, milliseconds since the epoch. */
  readonly startsMs: number;
  readonly approved: number;
  readonly denied: number;
  /** Expired, promoted or deleted. */
  readonly other: number;
  /** From being asked for to its end, for those that were approved or denied: the time that people take. */
  readonly medianAnswerMs: number | null;
  /** From a click's arrival here to Teleport's word that it has taken effect: the time that we take. */
  readonly medianClickMs: number | null;
}

/** The last days, today first, with whatever ended on each; unless `isWhole`, those alone of which nothing can be missing. */
export function daysOf(finished: readonly RequestRecord[], nowMs: number, isWhole: boolean): Day[] {
  const today = startOf(nowMs);
  const sinceMs = isWhole ? 0 : (finished.at(-1)?.end?.atMs ?? 0);
  const byDay = Map.groupBy(finished, ({ end }) => startOf(end?.atMs ?? 0));
  return Array.from({ length: SHOWN_DAYS }, (_, ago) => {
    const startsMs = today - ago * DAY_MS;
    return dayOf(startsMs, byDay.get(startsMs) ?? []);
  }).filter(({ startsMs }) => startsMs >= sinceMs);
}

function dayOf(startsMs: number, records: readonly RequestRecord[]): Day {
  const ended = (end: string) => records.filter((record) => record.end?.end === end);
  const [approved, denied] = [ended("approved"), ended("denied")];
  return {
    startsMs,
    approved: approved.length,
    denied: denied.length,
    other: records.length - approved.length - denied.length,
    medianAnswerMs: medianOf([...approved, ...denied].map(answerMs)),
    medianClickMs: medianOf(records.flatMap(clickMs)),
  };
}

function answerMs({ request, firstSeenMs, end }: RequestRecord): number {
  return Math.max(0, (end?.atMs ?? 0) - (request.createdMs ?? firstSeenMs));
}

function clickMs({ decisions }: RequestRecord): number[] {
  return decisions.flatMap((decision) =>
    isDecisive(decision) && decision.decidedMs !== null ? [decision.decidedMs - decision.receivedMs] : [],
  );
}

function medianOf(values: readonly number[]): number | null {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

function startOf(atMs: number): number {
  return atMs - (atMs % DAY_MS);
}
