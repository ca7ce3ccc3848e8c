/** What became of clicks, so that one that comes again gets the same answer. Bounded; Teleport's plugin data knows the rest. */
import type { Outcome } from "../../shared/protocol.ts";
import type { DecideFrame } from "./judging.ts";

/** Most outcomes remembered. */
const MAX_REMEMBERED = 10_000;

export class Outcomes {
  readonly #outcomes = new Map<string, Outcome>();

  get(frame: DecideFrame): Outcome | undefined {
    return this.#outcomes.get(keyOf(frame));
  }

  set(frame: DecideFrame, outcome: Outcome): void {
    this.#outcomes.set(keyOf(frame), outcome);
    const [oldest] = this.#outcomes.keys();
    if (this.#outcomes.size > MAX_REMEMBERED && oldest !== undefined) this.#outcomes.delete(oldest);
  }
}

// One click stands for one request; should it be asked for on another, that is another question.
function keyOf({ requestId, clickId }: DecideFrame): string {
  return JSON.stringify([requestId, clickId]);
}
