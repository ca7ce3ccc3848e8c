/**
 * How near a certificate is to its end, and which nearness is worth a word: a week and a day ahead, or the last quarter of
 * a life that is too short for those. Pure.
 */
import type { Identity } from "../identity.ts";

/** From far to near; `ample` is worth no word. */
export type Nearness = "ample" | "within_a_week" | "within_a_day" | "last_quarter" | "expired";

const DAY_MS = 24 * 60 * 60 * 1000;
const WEEK_MS = 7 * DAY_MS;

/** Teleport dates the beginning of a certificate a minute back, which makes none a longer-lived one. */
const BACKDATED_MS = 5 * 60 * 1000;

/**
 * How near the end is at `nowMs` since the epoch. A week and a day count only for certificates that live longer; one that
 * lives no longer than a day, as tbot's do, is near its end in the last quarter of its life.
 */
export function nearnessOf(
  { notBeforeMs, expiresMs }: Pick<Identity, "notBeforeMs" | "expiresMs">,
  nowMs: number,
): Nearness {
  const leftMs = expiresMs - nowMs;
  const lifeMs = expiresMs - notBeforeMs - BACKDATED_MS;
  if (leftMs <= 0) return "expired";
  if (lifeMs <= DAY_MS) return leftMs < lifeMs / 4 ? "last_quarter" : "ample";
  if (leftMs <= DAY_MS) return "within_a_day";
  return leftMs <= WEEK_MS && lifeMs > WEEK_MS ? "within_a_week" : "ample";
}
