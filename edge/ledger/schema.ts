/**
 * The ledger's tables, version by version: each list of statements makes of the version before it the next, the first one of
 * an empty storage. What a release has written stays readable: a version is never edited, only followed by another. Each
 * row and each index entry written is billed, so there are few of both.
 */
import type { Sql } from "../sql.ts";

const VERSIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE request (
      id TEXT PRIMARY KEY, digest TEXT NOT NULL, reviews_told INTEGER NOT NULL, pending INTEGER NOT NULL,
      alive INTEGER NOT NULL, awaits_relay INTEGER NOT NULL, opening INTEGER NOT NULL, rank INTEGER NOT NULL,
      look_ms INTEGER, record TEXT NOT NULL
    ) WITHOUT ROWID`,
    "CREATE INDEX request_alive ON request (id) WHERE alive = 1",
    "CREATE INDEX request_look ON request (rank, look_ms) WHERE look_ms IS NOT NULL",
    "CREATE TABLE incident (id TEXT PRIMARY KEY, request_id TEXT NOT NULL) WITHOUT ROWID",
    `CREATE TABLE delivery (
      event_id TEXT PRIMARY KEY, received_ms INTEGER NOT NULL, incident_id TEXT NOT NULL, raw BLOB NOT NULL,
      signature TEXT NOT NULL, held INTEGER NOT NULL
    ) WITHOUT ROWID`,
    "CREATE INDEX delivery_held ON delivery (incident_id) WHERE held = 1",
    "CREATE TABLE reread (click_id TEXT PRIMARY KEY, confirmation BLOB NOT NULL) WITHOUT ROWID",
    `CREATE TABLE session (
      one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER NOT NULL, instance TEXT NOT NULL, relay_key TEXT NOT NULL,
      since_ms INTEGER NOT NULL, hello TEXT NOT NULL
    )`,
    "CREATE TABLE round (one INTEGER PRIMARY KEY CHECK (one = 1), at_ms INTEGER NOT NULL, up_to TEXT NOT NULL)",
    "CREATE TABLE seen_jti (jti TEXT PRIMARY KEY, expires_ms INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE fault (id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, what TEXT NOT NULL)",
  ],
  [
    // What is alive is kept apart, so that it is found without an index, whatever has piled up of what is over.
    "CREATE TABLE live_request (id TEXT PRIMARY KEY, standing TEXT, record TEXT NOT NULL) WITHOUT ROWID",
    "INSERT INTO live_request SELECT id, NULL, record FROM request WHERE alive = 1",
    `CREATE TABLE finished_request (
      id TEXT PRIMARY KEY, ended_ms INTEGER NOT NULL, purge_ms INTEGER NOT NULL, record TEXT NOT NULL
    ) WITHOUT ROWID`,
    `INSERT INTO finished_request SELECT id, record ->> '$.end.atMs', record ->> '$.purgeMs', record
     FROM request WHERE alive = 0`,
    "CREATE INDEX finished_request_ended ON finished_request (ended_ms, purge_ms)",
    "DROP TABLE request",
    "CREATE TABLE audit_head (relay_key TEXT PRIMARY KEY, lines INTEGER NOT NULL, head TEXT NOT NULL) WITHOUT ROWID",
    "ALTER TABLE session ADD COLUMN left_ms INTEGER",
  ],
  [
    // Rows that are used again, each with what had been counted when it was written.
    "ALTER TABLE live_request RENAME TO live_request_before",
    `CREATE TABLE live_request (
      slot INTEGER PRIMARY KEY, step INTEGER NOT NULL, id TEXT, standing TEXT, record TEXT NOT NULL, tally TEXT NOT NULL
    )`,
    `INSERT INTO live_request (step, id, standing, record, tally)
     SELECT 0, id, standing, record, '{}' FROM live_request_before`,
    "DROP TABLE live_request_before",
  ],
];

/** The version that this release reads and writes. */
export const SCHEMA_VERSION = VERSIONS.length;

/** Makes the tables, or brings those of an earlier release up to this one. Throws where a later release has written. */
export function migrate(sql: Sql): void {
  sql.run("CREATE TABLE IF NOT EXISTS schema (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL)");
  const version = versionOf(sql);
  if (version > SCHEMA_VERSION) {
    throw new Error(
      `a later release has written this ledger: version ${version}, and this one reads ${SCHEMA_VERSION}`,
    );
  }
  if (version === SCHEMA_VERSION) return;
  for (const statement of VERSIONS.slice(version).flat()) sql.run(statement);
  sql.run("INSERT OR REPLACE INTO schema (one, version) VALUES (1, ?)", SCHEMA_VERSION);
}

// The first version did not say which it is.
function versionOf(sql: Sql): number {
  const [row] = sql.run("SELECT version FROM schema");
  return Number(row?.version ?? sql.run("SELECT 1 FROM sqlite_master WHERE name = 'request'").length);
}
