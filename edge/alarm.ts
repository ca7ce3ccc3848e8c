/**
 * The one alarm that an object has. Each time that it is set is a row written, so one that comes early enough is left as it
 * is, and one that comes too early is left to come.
 */

/** How late an alarm can be before it counts as lost, in ms: a host rings it within moments. */
const LOST_AFTER_MS = 15_000;

export interface AlarmOptions {
  /** When it is set for as this life of the object begins, ms since the epoch; null when it is not. */
  readonly armedMs: number | null;
  /** Sets it, in place of when it was set for. */
  readonly set: (atMs: number) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class Alarm {
  readonly #options: AlarmOptions;
  #armedMs: number | null;

  constructor(options: AlarmOptions) {
    this.#options = options;
    this.#armedMs = options.armedMs;
  }

  /** It went off, and is not set any more. */
  rang(): void {
    this.#armedMs = null;
  }

  /** Whatever it was set for has been looked after: one that is late may be lost, and is not waited for. */
  overtaken(): void {
    if (this.#armedMs !== null && this.#armedMs <= this.#options.now()) this.#armedMs = null;
  }

  /** Sees to it that it goes off by the earliest of these moments; null asks for nothing. */
  armBy(...wanted: readonly (number | null)[]): void {
    const { now, set } = this.#options;
    const times = wanted.filter((atMs) => atMs !== null);
    if (times.length === 0) return;
    const nowMs = now();
    const atMs = Math.max(nowMs, Math.min(...times));
    const isArmed = this.#armedMs !== null && this.#armedMs > nowMs - LOST_AFTER_MS;
    if (isArmed && this.#armedMs !== null && this.#armedMs <= atMs) return;
    this.#armedMs = atMs;
    set(atMs);
  }
}
