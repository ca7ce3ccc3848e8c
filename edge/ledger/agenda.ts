/**
 * Ids by when they are due. Kept in memory: every index entry written is billed, and what changes with each step would be
 * written with each step.
 */

interface Entry {
  readonly id: string;
  readonly atMs: number;
}

export class Agenda {
  readonly #times = new Map<string, number>();
  /** By time, then by id. */
  readonly #entries: Entry[] = [];

  /** Puts an id where its time belongs, in ms since the epoch; with null it is on the agenda no more. */
  put(id: string, atMs: number | null): void {
    const beforeMs = this.#times.get(id) ?? null;
    if (atMs === beforeMs) return;
    if (beforeMs !== null) this.#entries.splice(this.#placeOf(beforeMs, id), 1);
    if (atMs === null) {
      this.#times.delete(id);
      return;
    }
    this.#times.set(id, atMs);
    this.#entries.splice(this.#placeOf(atMs, id), 0, { id, atMs });
  }

  /** Those that are due by a moment, longest due first. */
  dueBy(nowMs: number, limit: number): string[] {
    return this.#entries.slice(0, Math.min(limit, this.countBy(nowMs))).map(({ id }) => id);
  }

  /** When the next is due that is not due by a moment; null when none is. */
  nextAfter(nowMs: number): number | null {
    return this.#entries[this.countBy(nowMs)]?.atMs ?? null;
  }

  /** How many are due by a moment. */
  countBy(nowMs: number): number {
    return this.#placeOf(nowMs + 1, "");
  }

  #placeOf(atMs: number, id: string): number {
    let [from, to] = [0, this.#entries.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      const entry = this.#entries[middle];
      const isBefore = entry !== undefined && (entry.atMs === atMs ? entry.id < id : entry.atMs < atMs);
      if (isBefore) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
