import { describe, expect, it } from "vitest";
import { createBackoff } from "../../../relay/time/backoff.ts";

function backoff(random: () => number) {
  const time = { nowMs: 0 };
  return { time, ...createBackoff({ minMs: 200, maxMs: 1_000, resetAfterMs: 10_000, random, now: () => time.nowMs }) };
}

const ALMOST_ONE = 1 - 2 ** -53;

describe("createBackoff", () => {
  it("waits at most the least at first, then twice as long each time, up to the most", () => {
    const { next } = backoff(() => ALMOST_ONE);
    expect([next(), next(), next(), next(), next()]).toEqual([199, 399, 799, 999, 999]);
  });

  it("may not wait at all", () => {
    const { next } = backoff(() => 0);
    expect([next(), next()]).toEqual([0, 0]);
  });

  it.each([
    { upForMs: 9_999, waitMs: 799 },
    { upForMs: 10_000, waitMs: 199 },
  ])("waits at most $waitMs ms after $upForMs ms of uptime", ({ upForMs, waitMs }) => {
    const { next, up, down, time } = backoff(() => ALMOST_ONE);
    next();
    next();
    up();
    time.nowMs += upForMs;
    down();
    expect(next()).toBe(waitMs);
  });

  it("counts uptime from the first of several signs of it", () => {
    const { next, up, down, time } = backoff(() => ALMOST_ONE);
    next();
    up();
    time.nowMs += 9_999;
    up();
    time.nowMs += 1;
    down();
    expect(next()).toBe(199);
  });

  it("takes a loss without uptime before it for nothing", () => {
    const { next, down, time } = backoff(() => ALMOST_ONE);
    next();
    time.nowMs += 60_000;
    down();
    expect(next()).toBe(399);
  });
});
