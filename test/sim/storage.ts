/** The edge's storage: one SQLite for all runs of a worker, emptied between them, copied and put back as a backup is. */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Sql, SqlValue } from "../../edge/sql.ts";

/** The rows of every table. */
export type Copy = ReadonlyMap<string, readonly Record<string, SqlValue>[]>;

const TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('schema', 'sqlite_sequence')";

export class Storage {
  readonly #database = new DatabaseSync(":memory:");
  readonly #prepared = new Map<string, StatementSync>();

  constructor() {
    this.#database.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
  }

  /** The storage for one life of an object: every statement throws once `isOver` says so. */
  lifeUntil(isOver: () => boolean): Sql {
    return {
      run: (statement, ...bindings) => {
        if (isOver()) throw new Error("this object's life is over");
        return this.#run(statement, bindings);
      },
    };
  }

  /** Takes out every row; the tables stay, and which version they are. */
  clear(): void {
    for (const table of this.#tables()) this.#run(`DELETE FROM ${table}`, []);
  }

  copy(): Copy {
    return new Map(this.#tables().map((table) => [table, this.#run(`SELECT * FROM ${table}`, []) as never]));
  }

  restore(copy: Copy): void {
    this.clear();
    for (const [table, rows] of copy) {
      for (const row of rows) {
        const columns = Object.keys(row);
        const marks = columns.map(() => "?").join();
        this.#run(`INSERT INTO ${table} (${columns.join()}) VALUES (${marks})`, Object.values(row));
      }
    }
  }

  #tables(): string[] {
    return this.#run(TABLES, []).map(({ name }) => String(name));
  }

  #run(statement: string, bindings: readonly SqlValue[]): Record<string, unknown>[] {
    let prepared = this.#prepared.get(statement);
    if (prepared === undefined) {
      prepared = this.#database.prepare(statement);
      this.#prepared.set(statement, prepared);
    }
    return prepared.all(...(bindings as SqlValue[]));
  }
}
