/** What is written down of a run: how often what happened, and, if somebody wants to read along, each thing in its turn. */
import type { Scheduler } from "./scheduler.ts";

export class Journal {
  /** How often what happened. */
  readonly counts: Record<string, number> = {};
  readonly #scheduler: Scheduler;
  readonly #startMs: number;
  readonly #write: ((line: string) => void) | null;

  /** `write` takes one line of the story; null: nobody reads it. */
  constructor(scheduler: Scheduler, write: ((line: string) => void) | null) {
    this.#scheduler = scheduler;
    this.#startMs = scheduler.nowMs;
    this.#write = write;
  }

  /** Whether anybody reads the story. */
  get isRead(): boolean {
    return this.#write !== null;
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  /** One line: who did what. */
  tell(who: string, what: string): void {
    if (this.#write === null) return;
    const seconds = ((this.#scheduler.nowMs - this.#startMs) / 1000).toFixed(3).padStart(8);
    this.#write(`${seconds}  ${who.padEnd(9)} ${what}`);
  }
}
