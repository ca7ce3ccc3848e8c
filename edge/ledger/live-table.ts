/**
 * The rows of the requests that are alive. A row is a slot, which is used again once its request is over: so each change
 * of a live request, its last one included, writes one row, and that row carries the tally, which costs none of its own.
 * The row that was written last tells how far it has come.
 */
import { type Count, type Tally, tallySchema, withCounts } from "../metrics/tally.ts";
import type { Sql } from "../sql.ts";
import { liveRow, recordRow, tallyRow } from "./rows.ts";

/** Most free slots that are kept: they are read when the object wakes. */
export const MAX_FREE_SLOTS = 100;

/** A live request as its row has it. */
export interface LiveRow {
  readonly id: string;
  /** Null where a migration left it to be read off the record, which is there only then. */
  readonly standing: string | null;
  readonly record: string | null;
}

export class LiveTable {
  readonly #sql: Sql;
  readonly #slots = new Map<string, number>();
  readonly #free: number[] = [];
  #lastSlot = 0;
  /** Counts the rows that were written. */
  #step = 0;
  #tally: Tally = {};
  /** What was counted since a row was written last. */
  #counts: Count[] = [];

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Reads what is stored; to be called once, before anything else. */
  open(): LiveRow[] {
    const all = "SELECT slot, step, id, standing, iif(standing IS NULL, record, NULL) AS record FROM live_request";
    const rows = this.#sql.run(all).map((row) => liveRow.parse(row));
    for (const { slot, step, id } of rows) {
      this.#lastSlot = Math.max(this.#lastSlot, slot);
      this.#step = Math.max(this.#step, step);
      if (id === null) this.#free.push(slot);
      else this.#slots.set(id, slot);
    }
    const newest = rows.find(({ step }) => step === this.#step);
    for (const row of this.#sql.run("SELECT tally FROM live_request WHERE slot = ?", newest?.slot ?? 0)) {
      this.#tally = tallySchema.parse(JSON.parse(tallyRow.parse(row).tally));
    }
    return rows.flatMap(({ id, standing, record }) => (id === null ? [] : [{ id, standing, record }]));
  }

  /** What has been counted, as far as it is stored. */
  get tally(): Tally {
    return this.#tally;
  }

  /** Counts more; stored with the next row. */
  count(counts: readonly Count[]): void {
    this.#counts.push(...counts);
  }

  has(id: string): boolean {
    return this.#slots.has(id);
  }

  /** The text of a live request's record. */
  record(id: string): string | undefined {
    const [row] = this.#sql.run("SELECT record FROM live_request WHERE slot = ?", this.#slots.get(id) ?? 0);
    return row && recordRow.parse(row).record;
  }

  /** Stores a live request. */
  put(id: string, standing: string, record: string): void {
    const slot = this.#slots.get(id) ?? this.#free.pop() ?? ++this.#lastSlot;
    this.#slots.set(id, slot);
    this.#write(slot, id, standing, record);
  }

  /** A request lives no more, if it did. */
  free(id: string): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    this.#slots.delete(id);
    this.#write(slot, null, null, "");
    this.#free.push(slot);
    const surplus = this.#free.length > MAX_FREE_SLOTS ? this.#free.shift() : undefined;
    if (surplus !== undefined) this.#sql.run("DELETE FROM live_request WHERE slot = ?", surplus);
  }

  #write(slot: number, id: string | null, standing: string | null, record: string): void {
    const tally = withCounts(this.#tally, this.#counts);
    this.#sql.run(
      `INSERT INTO live_request (slot, step, id, standing, record, tally) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (slot) DO UPDATE SET
         step = excluded.step, id = excluded.id, standing = excluded.standing, record = excluded.record, tally = excluded.tally`,
      slot,
      ++this.#step,
      id,
      standing,
      record,
      JSON.stringify(tally),
    );
    this.#tally = tally;
    this.#counts = [];
  }
}
