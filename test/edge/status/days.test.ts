import { describe, expect, it } from "vitest";
import type { RequestRecord } from "../../../edge/record.ts";
import { daysOf, SHOWN_DAYS } from "../../../edge/status/days.ts";
import { clicked, decided } from "../../../edge/steps/click.ts";
import { requestEnded } from "../../../edge/steps/request.ts";
import type { RequestEnd } from "../../../shared/access-request.ts";
import { BOB, click, DAY_MS, NOW, paged, RETAIN_MS } from "../samples.ts";

const TODAY = NOW - (NOW % DAY_MS);

function ended(end: RequestEnd, endMs: number, askedMs = endMs): RequestRecord {
  const ending = { end, who: null, why: null, clickId: null };
  return requestEnded(paged({ createdMs: askedMs }), ending, endMs, RETAIN_MS);
}

function clickedAndDone(tookMs: number): RequestRecord {
  const identity = { email: BOB.email, name: BOB.name, onCallLevels: null, botUserId: null };
  const waiting = clicked(paged(), click(), { nowMs: NOW, identity });
  const settle = { nowMs: NOW + tookMs, retainMs: RETAIN_MS };
  return decided(waiting, click().id, { result: "applied", state: "APPROVED" }, settle);
}

describe("the days", () => {
  it("are the last ones by UTC, today first, also those on which nothing was decided", () => {
    const days = daysOf([], NOW, true);
    expect(days).toHaveLength(SHOWN_DAYS);
    expect(days[0]).toEqual({
      startsMs: TODAY,
      approved: 0,
      denied: 0,
      other: 0,
      medianAnswerMs: null,
      medianClickMs: null,
    });
    expect(days.at(-1)?.startsMs).toBe(TODAY - 13 * DAY_MS);
  });

  it("count each request on the day of its end", () => {
    const records = [
      ended("approved", TODAY),
      ended("denied", TODAY - 1),
      ended("expired", TODAY - 1),
      ended("promoted", TODAY - DAY_MS),
      ended("approved", TODAY - 14 * DAY_MS),
    ];
    expect(daysOf(records, NOW, true).slice(0, 3)).toMatchObject([
      { approved: 1, denied: 0, other: 0 },
      { approved: 0, denied: 1, other: 2 },
      { approved: 0, denied: 0, other: 0 },
    ]);
  });

  it("are left out when not all that ended on them is known", () => {
    const records = [ended("approved", TODAY), ended("denied", TODAY - 1), ended("denied", TODAY - DAY_MS - 1)];
    expect(daysOf(records, NOW, false).map(({ startsMs }) => startsMs)).toEqual([TODAY, TODAY - DAY_MS]);
  });

  it("tell the median of how long answers took, of those that people gave", () => {
    const took = (ms: number) => ended("approved", NOW, NOW - ms);
    const [today] = daysOf([took(1000), took(2000), took(90_000), ended("expired", NOW, NOW - DAY_MS)], NOW, true);
    expect(today?.medianAnswerMs).toBe(2000);
  });

  it("tell the median of how long clicks took by our own clock", () => {
    const [today] = daysOf(
      [clickedAndDone(80), clickedAndDone(120), clickedAndDone(100), ended("denied", NOW)],
      NOW,
      true,
    );
    expect(today?.medianClickMs).toBe(100);
  });
});
