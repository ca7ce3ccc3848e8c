/** What the relays' logs say of decisions, counted for the report. Nothing is judged by it. */
import type { Tally } from "./tally.ts";

export class RelayWords {
  readonly #tally: Tally;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  take(line: string): void {
    const refusal = /Decision refused.*\brefusal="?(\w+)/.exec(line)?.[1];
    if (refusal !== undefined) this.#tally.add(`refusal: ${refusal}`);
    if (line.includes("The audit log cannot be written: approvals wait"))
      this.#tally.add("relay: times that the audit log could not be written");
    if (line.includes("This relay is active now")) this.#tally.add("relay: takeovers");
  }
}
