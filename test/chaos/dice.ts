/** Randomness that a seed repeats: whatever the chaos draws, it draws here. Never for anything secret. */

/** Draws from one sequence; the same seed draws the same. */
export class Dice {
  #state: number;

  /** Any integer; its lowest 32 bits count. */
  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** From 0 up to, but not, 1 (mulberry32). */
  roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Whether something of this probability happens. */
  chance(probability: number): boolean {
    return this.roll() < probability;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.roll() * (most - least + 1));
  }

  /** One of several, each as likely as its weight says. Throws when there is nothing to pick. */
  weighted<Item>(items: readonly (readonly [weight: number, item: Item])[]): Item {
    let left = this.roll() * items.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, item] of items) {
      left -= weight;
      if (left < 0) return item;
    }
    throw new Error("there is nothing to pick from");
  }

  /** One of several, each as likely. Throws when there is nothing to pick. */
  pick<Item>(items: readonly Item[]): Item {
    return this.weighted(items.map((item) => [1, item] as const));
  }

  /** Dice of their own, so that what one part draws does not depend on how often another does. */
  split(): Dice {
    return new Dice(Math.floor(this.roll() * 2 ** 32));
  }
}
