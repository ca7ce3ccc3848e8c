/**
 * Answers of PagerDuty's that are good for a while: asked for once, also when several want them at the same moment, and
 * forgotten in time. Bounded; lost with the object's memory, harmlessly.
 */

/** Most answers remembered, unless a memory is told otherwise. */
const MAX_REMEMBERED = 1000;

export class Memory<Value> {
  readonly #now: () => number;
  readonly #forMs: (value: Value) => number;
  readonly #size: number;
  readonly #values = new Map<string, { readonly value: Value; readonly untilMs: number }>();
  readonly #asked = new Map<string, Promise<Value>>();

  /** `forMs`: how long an answer is good for. */
  constructor(options: {
    readonly now: () => number;
    readonly forMs: (value: Value) => number;
    readonly size?: number;
  }) {
    const { now, forMs, size = MAX_REMEMBERED } = options;
    this.#now = now;
    this.#forMs = forMs;
    this.#size = size;
  }

  /** What is remembered; undefined when nothing is. */
  known(key: string): Value | undefined {
    const entry = this.#values.get(key);
    return entry !== undefined && entry.untilMs > this.#now() ? entry.value : undefined;
  }

  /** What is remembered, else what `ask` answers. Rejects as `ask` does; that is not remembered. */
  async recall(key: string, ask: () => Promise<Value>): Promise<Value> {
    const known = this.known(key);
    if (known !== undefined) return known;
    const underWay = this.#asked.get(key);
    if (underWay !== undefined) return underWay;
    const asked = ask().then((value) => this.remember(key, value));
    this.#asked.set(key, asked);
    try {
      return await asked;
    } finally {
      this.#asked.delete(key);
    }
  }

  /** Lets the next one ask again. */
  forget(key: string): void {
    this.#values.delete(key);
  }

  /** Remembers an answer, in place of the one that was remembered longest ago when there are too many. */
  remember(key: string, value: Value): Value {
    this.#values.delete(key);
    const [oldest] = this.#values.keys();
    if (this.#values.size >= this.#size && oldest !== undefined) this.#values.delete(oldest);
    this.#values.set(key, { value, untilMs: this.#now() + this.#forMs(value) });
    return value;
  }
}
