/**
 * The records that were used last, as they are stored: reading one costs more than a step does. The ledger is the only one
 * that writes them, so that none can be out of date.
 */
import type { RequestRecord } from "../record.ts";

/** Most records kept. One takes some 10 KiB, and an object has 128 MiB for everything. */
const MAX_RECENT = 500;

export class RecentRecords {
  /** By request, the one used last at the end. */
  readonly #records = new Map<string, RequestRecord>();

  get(requestId: string): RequestRecord | undefined {
    const record = this.#records.get(requestId);
    if (record !== undefined) this.put(record);
    return record;
  }

  /** It is stored like this. */
  put(record: RequestRecord): void {
    const { id } = record.request;
    this.#records.delete(id);
    this.#records.set(id, record);
    const [oldest] = this.#records.keys();
    if (this.#records.size > MAX_RECENT && oldest !== undefined) this.#records.delete(oldest);
  }

  /** It is stored otherwise, or not at all. */
  drop(requestId: string): void {
    this.#records.delete(requestId);
  }
}
