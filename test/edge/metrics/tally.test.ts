import { describe, expect, it } from "vitest";
import { countsOf, withCounts } from "../../../edge/metrics/tally.ts";
import type { News } from "../../../edge/news.ts";

const of = { clickId: "E1", incidentId: "Q1", verdict: "approve" } as const;

describe("a tally", () => {
  it.each<[News, Record<string, number>]>([
    [{ kind: "seen" }, { seen: 1 }],
    [{ kind: "paged", incidentId: "Q1", afterMs: null }, { opened: 1 }],
    [
      { kind: "paged", incidentId: "Q1", afterMs: 1500 },
      { opened: 1, "paging 2.5": 1, "paging sum": 1.5 },
    ],
    [{ ...of, kind: "clicked", channel: "note" }, { "clicks note": 1 }],
    [
      { ...of, kind: "applied", afterMs: 90 },
      { "decisions approve": 1, "decision 0.1": 1, "decision sum": 0.09 },
    ],
    [{ ...of, kind: "refused", refusal: "stale" }, { "refusals stale": 1 }],
    [{ kind: "not_auto_approved", refusal: "not_pending" }, { "refusals not_pending": 1 }],
    [{ kind: "ended", end: "denied" }, { "ended denied": 1 }],
  ])("counts %j", (news, counted) => {
    expect(withCounts({}, countsOf(news))).toEqual(counted);
  });

  it("adds up, and leaves the one before as it was", () => {
    const before = { seen: 2 };
    expect(withCounts(before, [["seen", 1], ["opened", 1], ["seen", 1]])).toEqual({ seen: 4, opened: 1 }); // biome-ignore format: one line
    expect(before).toEqual({ seen: 2 });
  });
});
