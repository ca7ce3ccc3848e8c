/**
 * A bounded history whose next entry can be awaited, so that tests never sleep.
 */

type Waiter<T> = { readonly check: (item: T) => boolean; readonly settle: (item: T) => void };

/** Things that happen one after another, kept and awaited. */
export class Signal<T> {
  readonly #waiters = new Set<Waiter<T>>();
  readonly #limit: number;
  #items: T[] = [];

  /** Keeps at least the last `limit` items; 0 keeps none. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** What is kept, oldest first. */
  get items(): readonly T[] {
    return this.#items;
  }

  emit(item: T): void {
    if (this.#limit > 0) this.#items.push(item);
    if (this.#items.length > this.#limit * 2) this.#items = this.#items.slice(-this.#limit);
    for (const waiter of [...this.#waiters]) if (waiter.check(item)) waiter.settle(item);
  }

  /** Tells of everything to come. */
  follow(tell: (item: T) => void): void {
    const check = (item: T) => {
      tell(item);
      return false;
    };
    this.#waiters.add({ check, settle() {} });
  }

  /** Forgets the history. */
  clear(): void {
    this.#items = [];
  }

  /**
   * The first item that fits, of `past` or of those to come. Rejects after `timeoutMs` with a sentence made of what
   * was awaited and what `seen` says was there instead.
   */
  wait(
    past: Iterable<T>,
    check: (item: T) => boolean,
    timeoutMs: number,
    awaited: string,
    seen: () => string,
  ): Promise<T> {
    for (const item of past) if (check(item)) return Promise.resolve(item);
    return new Promise((resolve, reject) => {
      const settle = (item: T) => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        resolve(item);
      };
      const waiter = { check, settle };
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(new Error(`${awaited} did not come within ${timeoutMs} ms; seen instead: ${seen()}.`));
      }, timeoutMs);
      this.#waiters.add(waiter);
    });
  }
}
