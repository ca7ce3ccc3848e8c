/**
 * The edge's SQLite on Node: the same synchronous statements as in a Durable Object, on `node:sqlite`. A crash can be
 * played on it: what an object of before does afterwards throws, as if that object were gone.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Sql, SqlValue } from "../../edge/sql.ts";

export class NodeSql implements Sql {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  /** In memory unless a file is named. */
  constructor(path = ":memory:") {
    this.#database = new DatabaseSync(path);
  }

  run(statement: string, ...bindings: SqlValue[]): Record<string, unknown>[] {
    let prepared = this.#prepared.get(statement);
    if (prepared === undefined) {
      prepared = this.#database.prepare(statement);
      this.#prepared.set(statement, prepared);
    }
    return prepared.all(...bindings).map((row) => ({ ...row }));
  }

  /** The same database for one life of an object: every statement throws once `isOver` says so. */
  lifeUntil(isOver: () => boolean): Sql {
    return {
      run: (statement, ...bindings) => {
        if (isOver()) throw new Error("this object's life is over");
        return this.run(statement, ...bindings);
      },
    };
  }

  close(): void {
    this.#prepared.clear();
    this.#database.close();
  }
}
