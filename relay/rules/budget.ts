/**
 * What one answer of a condition may cost, whoever wrote it: a rule is written by an administrator, but what it is asked
 * about is written by the requester. Counts steps and characters, never time, so that the answer does not depend on the
 * machine.
 */
import { ConditionFault } from "./fault.ts";

/**
 * Steps and characters in one answer: some milliseconds, a fifth of a second when made for the worst. Real conditions
 * take a few hundred, or some thousands with patterns.
 */
export const MAX_COST = 500_000;

/** What is left to spend on one answer. */
export class Budget {
  #left = MAX_COST;

  /** Spends; throws {@link ConditionFault} when nothing is left. */
  spend(cost: number): void {
    this.#left -= cost;
    if (this.#left < 0) throw new ConditionFault("It takes too much work to answer.");
  }
}
