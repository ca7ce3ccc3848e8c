/**
 * The requests that finished last, read from the ledger when somebody first asks and kept up to date from then on, so that
 * looking costs no row written and, while the object is awake, none read.
 */
import type { Ledger } from "../ledger.ts";
import type { RequestRecord } from "../record.ts";
import { isAlive } from "../todo.ts";

/** Most finished requests that are looked at. */
export const MAX_HISTORY = 500;

export class History {
  readonly #ledger: Pick<Ledger, "finished">;
  #finished: readonly RequestRecord[] | undefined;

  constructor(ledger: Pick<Ledger, "finished">) {
    this.#ledger = ledger;
  }

  /** The last of them, the very last first. */
  get finished(): readonly RequestRecord[] {
    this.#finished ??= lastFirst(this.#ledger.finished(MAX_HISTORY));
    return this.#finished;
  }

  /** A record has changed. */
  changed(record: RequestRecord): void {
    if (this.#finished === undefined) return;
    const others = this.#finished.filter(({ request }) => request.id !== record.request.id);
    // Who clicks on what is over is answered too: then it lives again for a moment.
    this.#finished = isAlive(record) ? others : lastFirst([record, ...others]).slice(0, MAX_HISTORY);
  }
}

function lastFirst(records: readonly RequestRecord[]): RequestRecord[] {
  return records.toSorted((one, other) => (other.end?.atMs ?? 0) - (one.end?.atMs ?? 0));
}
