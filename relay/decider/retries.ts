/**
 * When clicks that could not be decided are judged again: soon, then later and later; slowly where only a person can mend
 * what is wrong.
 */

import { TeleportError } from "../teleport/error.ts";
import type { Clock } from "../time/clock.ts";
import { Postponed } from "./postponed.ts";

/** Shortest and longest wait after Teleport could not be asked, in ms. */
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 30_000;
/** The wait when only a person can mend what is wrong. */
const RETRY_MENDING_MS = 60_000;
/** The wait when another's claim or the disk is in the way. */
const POSTPONED_MS = 1_000;

/** The attempts that failed since the last that did not, and what takes back the next. */
interface Retry {
  readonly attempts: number;
  readonly cancel: () => void;
}

/** Whether only a person can mend what an attempt failed by. */
export function needsMending(error: unknown): error is TeleportError {
  return error instanceof TeleportError && !error.retryable;
}

/** How long after so many attempts the next is made, the last of which failed by an error; `random` from 0 up to 1. */
export function retryWaitMs(error: unknown, attempts: number, random: number): number {
  if (needsMending(error)) return RETRY_MENDING_MS;
  if (error instanceof Postponed) return POSTPONED_MS;
  const span = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(attempts, 8));
  return RETRY_MIN_MS + random * span;
}

export class Retries {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #retries = new Map<string, Retry>();

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** An attempt failed by an error: another is made in its time, in the place of any that was to come. */
  again(requestId: string, error: unknown, attempt: () => void): void {
    const { attempts: before = 0, cancel } = this.#retries.get(requestId) ?? {};
    cancel?.();
    const attempts = before + 1;
    this.#retries.set(requestId, {
      attempts,
      cancel: this.#clock.after(retryWaitMs(error, attempts, this.#random()), attempt),
    });
  }

  /** An attempt succeeded. */
  done(requestId: string): void {
    this.#retries.get(requestId)?.cancel();
    this.#retries.delete(requestId);
  }
}
