/**
 * The networks between the machines: how long what is sent takes, and whether it arrives. Calm from a moment on, for good.
 */
import type { Dice } from "../chaos/dice.ts";
import type { Climate } from "./plan.ts";
import type { Scheduler } from "./scheduler.ts";

export type Party = "teleport" | "edge" | "pagerduty" | "east" | "west";

/** What becomes of one call: when it arrives, and when its answer does, in ms from now; null: never. */
export interface Fate {
  readonly arrivesMs: number | null;
  readonly answersMs: number | null;
}

export class Weather {
  isCalm = false;
  readonly #dice: Dice;
  readonly #scheduler: Scheduler;
  readonly #climate: Climate;
  readonly #cuts = new Map<string, number>();

  constructor(dice: Dice, scheduler: Scheduler, climate: Climate) {
    this.#dice = dice;
    this.#scheduler = scheduler;
    this.#climate = climate;
  }

  /** Cuts the way between two until a moment. */
  cut(a: Party, b: Party, untilMs: number): void {
    this.#cuts.set(wayOf(a, b), untilMs);
  }

  isCut(a: Party, b: Party): boolean {
    return !this.isCalm && (this.#cuts.get(wayOf(a, b)) ?? 0) > this.#scheduler.nowMs;
  }

  /** When the way between two is there, ms from now. */
  clearInMs(a: Party, b: Party): number {
    if (this.isCalm) return 0;
    return Math.max(0, (this.#cuts.get(wayOf(a, b)) ?? 0) - this.#scheduler.nowMs);
  }

  /** A call from one to the other and back. */
  call(a: Party, b: Party): Fate {
    if (this.isCut(a, b)) return { arrivesMs: null, answersMs: null };
    const lost = this.#dice.chance(this.isCalm ? 0 : this.#lossOf(b));
    const arrivesMs = this.#delayMs();
    if (!lost) return { arrivesMs, answersMs: this.#delayMs() };
    return this.#dice.chance(0.5) ? { arrivesMs: null, answersMs: null } : { arrivesMs, answersMs: null };
  }

  /** How long one message of an open connection takes, in ms. */
  messageMs(): number {
    const isLate = !this.isCalm && this.#dice.chance(this.#climate.linkDelays);
    return isLate ? this.#dice.between(100, 8_000) : this.#dice.between(1, 20);
  }

  #lossOf(to: Party): number {
    if (to === "teleport") return this.#climate.teleportFails / 2;
    return to === "pagerduty" ? this.#climate.pagerDutyFails / 2 : this.#climate.webhooksFail / 2;
  }

  #delayMs(): number {
    const isSlow = !this.isCalm && this.#dice.chance(this.#climate.slow);
    return isSlow ? this.#dice.between(50, 6_000) : this.#dice.between(1, 30);
  }
}

function wayOf(a: Party, b: Party): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
