/** The synchronous SQLite that a Durable Object has, as the ledger needs it; Node's own SQLite can stand in for it. */

export type SqlValue = string | number | null | Uint8Array;

export interface Sql {
  /** Runs one statement and returns its rows. Throws on a malformed statement or a violated constraint. */
  run(statement: string, ...bindings: SqlValue[]): Record<string, unknown>[];
}
