import { describe, expect, it } from "vitest";
import {
  type Budget,
  DOCUMENTED_LIMIT,
  FRESH_PACE,
  type Pace,
  paceAfterAnswer,
  paceAfterCall,
  paceAfterRefusal,
  roomFromMs,
  roomIn,
} from "../../../edge/pagerduty/pace.ts";
import { NOW } from "../samples.ts";

const MINUTE_MS = 60_000;

function afterCalls(pace: Pace, count: number, nowMs = NOW): Pace {
  let paced = pace;
  for (let call = 0; call < count; call++) paced = paceAfterCall(paced, nowMs);
  return paced;
}

function budget(remaining: number, resetSeconds: number, nowMs = NOW): Budget {
  return { limit: DOCUMENTED_LIMIT, remaining, resetMs: nowMs + resetSeconds * 1000 };
}

describe("the room that the account's rate leaves", () => {
  it("is the documented limit a minute while PagerDuty says nothing", () => {
    const spent = afterCalls(FRESH_PACE, DOCUMENTED_LIMIT);
    expect([roomIn(FRESH_PACE, NOW), roomIn(spent, NOW), roomIn(spent, NOW + MINUTE_MS)]).toEqual([960, 0, 960]);
    expect(roomFromMs(spent, 0, NOW + 20_000)).toBe(NOW + MINUTE_MS);
  });

  it.each<[string, Budget, room: number]>([
    ["that others of the account use it too", budget(100, 30), 100],
    ["no less than was sent, whose answers are on their way", budget(955, 30), 950],
    ["another limit", { limit: 60, remaining: 20, resetMs: NOW + 30_000 }, 20],
    ["nothing left", budget(0, 30), 0],
    ["nonsense", { limit: 0, remaining: 0, resetMs: NOW + 30_000 }, 950],
  ])("heeds what an answer tells: %s", (_, told, room) => {
    const pace = paceAfterAnswer({ ...FRESH_PACE, spent: 10, endsMs: NOW + 30_500 }, told, NOW);
    expect(roomIn(pace, NOW)).toBe(room);
  });

  it("begins anew with PagerDuty's own count, and is not misled by an answer of the count before", () => {
    const before = afterCalls(FRESH_PACE, 960);
    const anew = paceAfterAnswer(before, budget(959, 60, NOW + MINUTE_MS + 5_000), NOW + MINUTE_MS + 5_000);
    expect(roomIn(anew, NOW + MINUTE_MS + 5_000)).toBe(959);
    const late = paceAfterAnswer(anew, budget(0, 1, NOW + MINUTE_MS + 5_000), NOW + MINUTE_MS + 5_000);
    expect(late).toEqual(anew);
  });

  it("leaves to others what the one who asks keeps for them", () => {
    const pace = afterCalls(FRESH_PACE, 920);
    expect([roomFromMs(pace, 48, NOW), roomFromMs(pace, 0, NOW)]).toEqual([NOW + MINUTE_MS, NOW]);
  });
});

describe("a pause", () => {
  it("lasts until the count begins anew, and then lets one call go first", () => {
    const paused = paceAfterRefusal(FRESH_PACE, budget(0, 42), NOW);
    expect([roomIn(paused, NOW), roomFromMs(paused, 0, NOW)]).toEqual([0, NOW + 42_000]);
    expect(roomIn(paused, NOW + 42_000)).toBe(1);
    const taken = paceAfterAnswer(paused, budget(959, 60, NOW + 42_100), NOW + 42_100);
    expect(roomIn(taken, NOW + 42_100)).toBe(959);
  });

  it("grows to a minute where PagerDuty does not say how long, and begins small again", () => {
    let pace = FRESH_PACE;
    let nowMs = NOW;
    const pauses = Array.from({ length: 9 }, () => {
      pace = paceAfterRefusal(pace, null, nowMs);
      const pauseMs = pace.pausedUntilMs - nowMs;
      nowMs = pace.pausedUntilMs;
      return pauseMs / 1000;
    });
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(paceAfterRefusal(paceAfterAnswer(pace, null, nowMs), null, nowMs).pausedUntilMs).toBe(nowMs + 1000);
  });

  it("grows once, however many calls were under way when it began", () => {
    let pace = FRESH_PACE;
    for (let call = 0; call < 24; call++) pace = paceAfterRefusal(pace, null, NOW + call);
    expect([pace.pauses, pace.pausedUntilMs]).toEqual([1, NOW + 1000]);
  });

  it("is not ended by an answer to what was sent before it", () => {
    const paused = paceAfterRefusal(FRESH_PACE, null, NOW);
    expect(paceAfterAnswer(paused, null, NOW + 500)).toEqual(paused);
  });
});
