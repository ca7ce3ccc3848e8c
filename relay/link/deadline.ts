/** A timer for something that keeps happening: it goes off once nothing has happened for a while. */
import type { Clock } from "../time/clock.ts";

/** Putting it off costs no timer: it looks at the time of the last event only when it would go off. */
export class Deadline {
  readonly #clock: Clock;
  readonly #withinMs: number;
  readonly #passed: () => void;
  #lastMs = 0;
  #cancel: (() => void) | undefined;

  /** Calls `passed` when `withinMs` have gone by since the last {@link restart}. */
  constructor(clock: Clock, withinMs: number, passed: () => void) {
    this.#clock = clock;
    this.#withinMs = withinMs;
    this.#passed = passed;
  }

  /** Counts from now on, whether it was running or not. */
  restart(): void {
    this.#lastMs = this.#clock.now();
    this.#cancel ??= this.#clock.after(this.#withinMs, () => this.#look());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #look(): void {
    const leftMs = this.#lastMs + this.#withinMs - this.#clock.now();
    this.#cancel = leftMs > 0 ? this.#clock.after(leftMs, () => this.#look()) : undefined;
    if (this.#cancel === undefined) this.#passed();
  }
}
