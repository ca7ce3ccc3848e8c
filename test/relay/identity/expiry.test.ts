import { describe, expect, it } from "vitest";
import { type Nearness, nearnessOf } from "../../../relay/identity/expiry.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A life as Teleport dates it: beginning a minute before it was issued. */
function nearness(lifeMs: number, leftMs: number): Nearness {
  return nearnessOf({ notBeforeMs: -MINUTE_MS, expiresMs: lifeMs }, lifeMs - leftMs);
}

describe("nearnessOf", () => {
  it.each<[string, number, number, Nearness]>([
    ["a year, just issued", 365 * DAY_MS, 365 * DAY_MS, "ample"],
    ["a year, a week and a moment left", 365 * DAY_MS, 7 * DAY_MS + 1, "ample"],
    ["a year, a week left", 365 * DAY_MS, 7 * DAY_MS, "within_a_week"],
    ["a year, a day and a moment left", 365 * DAY_MS, DAY_MS + 1, "within_a_week"],
    ["a year, a day left", 365 * DAY_MS, DAY_MS, "within_a_day"],
    ["a year, a moment left", 365 * DAY_MS, 1, "within_a_day"],
    ["a year, nothing left", 365 * DAY_MS, 0, "expired"],
    ["a week, just issued", 7 * DAY_MS, 7 * DAY_MS, "ample"],
    ["three days, two left", 3 * DAY_MS, 2 * DAY_MS, "ample"],
    ["three days, one left", 3 * DAY_MS, DAY_MS, "within_a_day"],
    ["a day, just issued", DAY_MS, DAY_MS, "ample"],
    ["twelve hours of tctl, four left", 12 * HOUR_MS, 4 * HOUR_MS, "ample"],
    ["twelve hours of tctl, less than a quarter left", 12 * HOUR_MS, 170 * MINUTE_MS, "last_quarter"],
    ["an hour of tbot, renewed in time", HOUR_MS, 40 * MINUTE_MS, "ample"],
    ["an hour of tbot, two renewals missed", HOUR_MS, 13 * MINUTE_MS, "last_quarter"],
    ["an hour of tbot, none left", HOUR_MS, 0, "expired"],
    ["a minute, just issued", MINUTE_MS, MINUTE_MS, "ample"],
    ["a life that ended long ago", HOUR_MS, -DAY_MS, "expired"],
  ])("%s", (_, lifeMs, leftMs, expected) => {
    expect(nearness(lifeMs, leftMs)).toBe(expected);
  });
});
