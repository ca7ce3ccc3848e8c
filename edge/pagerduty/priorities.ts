/** Which priority a name means: asked of PagerDuty once, remembered for a while. No priority is worth not being paged. */

import type { PagerDuty } from "../pagerduty.ts";
import { isRefused } from "./error.ts";
import { Memory } from "./memory.ts";

/** How long what PagerDuty said of priorities is good for, in ms. */
export const REMEMBER_PRIORITIES_MS = 10 * 60_000;

export class Priorities {
  readonly #pagerDuty: Pick<PagerDuty, "priorities">;
  readonly #fault: (what: string) => void;
  readonly #ids: Memory<string | null>;

  /** `now`: ms since the epoch. `fault` remembers what an operator should know. */
  constructor(pagerDuty: Pick<PagerDuty, "priorities">, now: () => number, fault: (what: string) => void) {
    this.#pagerDuty = pagerDuty;
    this.#fault = fault;
    this.#ids = new Memory({ now, forMs: () => REMEMBER_PRIORITIES_MS });
  }

  /** A priority's id by its name, letter case aside; null when there is none. Throws when asking again can help. */
  idOf(name: string): Promise<string | null> {
    return this.#ids.recall(name.toLowerCase(), () => this.#find(name));
  }

  async #find(name: string): Promise<string | null> {
    try {
      const wanted = name.toLowerCase();
      const found = (await this.#pagerDuty.priorities()).find((priority) => priority.name.toLowerCase() === wanted);
      if (found === undefined) this.#fault(`PagerDuty has no priority named ${name}: incidents open without one`);
      return found?.id ?? null;
    } catch (error) {
      if (!isRefused(error)) throw error;
      this.#fault(`PagerDuty does not show its priorities, and incidents open without one: ${error.message}`);
      return null;
    }
  }
}
