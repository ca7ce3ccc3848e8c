/**
 * What was found out, for as long as it may be believed and for no more things than there is room for. Keeps no time of
 * its own.
 */

export interface ExpiringMapOptions {
  /** Most entries; the oldest goes first. */
  readonly maxEntries: number;
  /** How long an entry may be believed, in ms. */
  readonly lifeMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class ExpiringMap<Key, Value> {
  readonly #options: ExpiringMapOptions;
  readonly #entries = new Map<Key, { readonly value: Value; readonly untilMs: number }>();

  constructor(options: ExpiringMapOptions) {
    this.#options = options;
  }

  /** Whether there is something that may still be believed. */
  has(key: Key): boolean {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.untilMs > this.#options.now();
  }

  /** What may still be believed; undefined when there is nothing. */
  get(key: Key): Value | undefined {
    return this.has(key) ? this.#entries.get(key)?.value : undefined;
  }

  set(key: Key, value: Value): void {
    const { maxEntries, lifeMs, now } = this.#options;
    this.#entries.delete(key);
    this.#entries.set(key, { value, untilMs: now() + lifeMs });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > maxEntries && oldest !== undefined) this.#entries.delete(oldest);
  }

  get size(): number {
    return this.#entries.size;
  }
}
