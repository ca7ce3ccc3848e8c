/**
 * What has been counted in a cluster's life, by metric and label. It is stored in the row of whichever live request is
 * written anyway, and only what is stored is told: a count never goes back, and costs no row. Pure.
 */
import * as z from "zod/mini";
import { bucketOf } from "../../shared/metrics.ts";
import type { News } from "../news.ts";

/** Counts, and sums of seconds, by keys such as `refusals stale`. */
export const tallySchema = z.catchall(z.object({}), z.number());
export type Tally = Readonly<Record<string, number>>;

/** What is to be added under a key. */
export type Count = readonly [key: string, by: number];

/** A tally with more counted. */
export function withCounts(tally: Tally, counts: Iterable<Count>): Tally {
  const sums = { ...tally };
  for (const [key, by] of counts) sums[key] = (sums[key] ?? 0) + by;
  return sums;
}

/** What an event counts for. */
export function countsOf(news: News): Count[] {
  switch (news.kind) {
    case "seen":
      return [["seen", 1]];
    case "paged":
      return [["opened", 1], ...(news.afterMs === null ? [] : observed("paging", news.afterMs))];
    case "clicked":
      return [[`clicks ${news.channel}`, 1]];
    case "applied":
      return [[`decisions ${news.verdict}`, 1], ...observed("decision", news.afterMs)];
    case "refused":
    case "not_auto_approved":
      return [[`refusals ${news.refusal}`, 1]];
    case "ended":
      return [[`ended ${news.end}`, 1]];
  }
}

// A histogram holds how many fell into each bucket by itself, and what they come to.
function observed(name: string, ms: number): Count[] {
  return [
    [`${name} ${bucketOf(ms / 1000)}`, 1],
    [`${name} sum`, ms / 1000],
  ];
}
