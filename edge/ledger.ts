/**
 * The ledger: one cluster's memory, in the SQLite of its Durable Object. Every statement is here, by name. What it knows of
 * requests the relay can rebuild; what it knows of deliveries and decisions nobody can. Each row and each index entry
 * written is billed, so there are few of both.
 */
import * as z from "zod/mini";
import { decisionsSchema } from "../shared/decisions.ts";
import { type RequestRecord, requestRecordSchema } from "./record.ts";
import type { Sql } from "./sql.ts";
import { awaitsRelay, isAlive, nextLookMs, RANK, type Rank, rankOfRecord } from "./todo.ts";

/** Most faults kept for the status page. */
export const MAX_FAULTS = 100;

/** How long a delivery for an incident that we do not know is kept, in ms: longer than a create takes with its retries. */
export const HELD_DELIVERY_MS = 15 * 60_000;

/** Most deliveries held for incidents that we do not know. */
export const MAX_HELD_DELIVERIES = 1000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS request (
    id TEXT PRIMARY KEY, digest TEXT NOT NULL, reviews_told INTEGER NOT NULL, pending INTEGER NOT NULL,
    alive INTEGER NOT NULL, awaits_relay INTEGER NOT NULL, opening INTEGER NOT NULL, rank INTEGER NOT NULL,
    look_ms INTEGER, record TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS request_alive ON request (id) WHERE alive = 1;
  CREATE INDEX IF NOT EXISTS request_look ON request (rank, look_ms) WHERE look_ms IS NOT NULL;
  CREATE TABLE IF NOT EXISTS incident (id TEXT PRIMARY KEY, request_id TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS delivery (
    event_id TEXT PRIMARY KEY, received_ms INTEGER NOT NULL, incident_id TEXT NOT NULL, raw BLOB NOT NULL,
    signature TEXT NOT NULL, held INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS delivery_held ON delivery (incident_id) WHERE held = 1;
  CREATE TABLE IF NOT EXISTS reread (click_id TEXT PRIMARY KEY, confirmation BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS session (
    one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER NOT NULL, instance TEXT NOT NULL, relay_key TEXT NOT NULL,
    since_ms INTEGER NOT NULL, hello TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS round (one INTEGER PRIMARY KEY CHECK (one = 1), at_ms INTEGER NOT NULL, up_to TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS seen_jti (jti TEXT PRIMARY KEY, expires_ms INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS fault (id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, what TEXT NOT NULL);
`;

/** A delivery's bytes and signature, as they came. */
export interface StoredDelivery {
  readonly eventId: string;
  readonly incidentId: string;
  readonly raw: Uint8Array;
  readonly signature: string;
}

/** The relay that is or was last active, and what it said of itself that outlives its link. */
export const sessionSchema = z.object({
  epoch: z.int(),
  instance: z.string(),
  /** Thumbprint of the relay's public key. */
  relayKey: z.string(),
  sinceMs: z.int(),
  hello: z.object({
    release: z.string(),
    teleportVersion: z.string(),
    proxyAddress: z.nullable(z.string()),
    decisions: decisionsSchema,
    asksOnCall: z.boolean(),
    autoApproval: z.optional(z.object({ onCallLevels: z.int() })),
    certificateExpiresMs: z.nullable(z.int()),
  }),
});
export type Session = z.infer<typeof sessionSchema>;

/** A request that is open here, as `welcome` names it. */
export type OpenRequest = [id: string, digest: string, reviewsTold: number];

export class Ledger {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    for (const statement of SCHEMA.split(";")) if (statement.trim() !== "") sql.run(statement);
  }

  /** The record of a request; undefined when there is none. */
  load(requestId: string): RequestRecord | undefined {
    const [row] = this.#sql.run("SELECT record FROM request WHERE id = ?", requestId);
    return row === undefined ? undefined : requestRecordSchema.parse(JSON.parse(z.string().parse(row.record)));
  }

  /** Stores a record and which incidents it has come to own since `before`; drops what came of clicks that it no longer has. */
  store(record: RequestRecord, before: RequestRecord | undefined): void {
    this.#sql.run(
      `INSERT INTO request (id, digest, reviews_told, pending, alive, awaits_relay, opening, rank, look_ms, record)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, reviews_told = excluded.reviews_told,
         pending = excluded.pending, alive = excluded.alive, awaits_relay = excluded.awaits_relay,
         opening = excluded.opening, rank = excluded.rank, look_ms = excluded.look_ms, record = excluded.record`,
      record.request.id,
      record.digest,
      record.reviewsTold,
      Number(record.end === null),
      Number(isAlive(record)),
      Number(awaitsRelay(record)),
      Number(record.pagings.some(({ state }) => state === "opening")),
      rankOfRecord(record),
      nextLookMs(record),
      JSON.stringify(record),
    );
    const kept = new Set(record.decisions.map(({ clickId }) => clickId));
    for (const { clickId } of before?.decisions ?? []) if (!kept.has(clickId)) this.#forgetClick(clickId);
    const known = new Set(before?.pagings.map(({ incidentId }) => incidentId));
    for (const { incidentId } of record.pagings) {
      if (incidentId === null || known.has(incidentId)) continue;
      this.#sql.run("INSERT OR REPLACE INTO incident (id, request_id) VALUES (?, ?)", incidentId, record.request.id);
    }
  }

  /** The request that an incident stands for. */
  requestOf(incidentId: string): string | undefined {
    const [row] = this.#sql.run("SELECT request_id FROM incident WHERE id = ?", incidentId);
    return row === undefined ? undefined : z.string().parse(row.request_id);
  }

  /** Requests that are pending as far as is known here. */
  openRequests(): OpenRequest[] {
    return this.#sql
      .run("SELECT id, digest, reviews_told FROM request WHERE alive = 1 AND pending = 1")
      .map((row) => z.tuple([z.string(), z.string(), z.int()]).parse([row.id, row.digest, row.reviews_told]));
  }

  /** Whether any request is pending as far as is known here. */
  isAnyOpen(): boolean {
    return this.openAfter("", 1).length > 0;
  }

  /** Ids of pending requests, in their order, behind one. */
  openAfter(requestId: string, limit: number): string[] {
    return this.#ids(
      "SELECT id FROM request WHERE alive = 1 AND pending = 1 AND id > ? ORDER BY id LIMIT ?",
      requestId,
      limit,
    );
  }

  /** The last round of reconciliation: when, and up to which request; undefined before the first. */
  lastRound(): { atMs: number; upTo: string } | undefined {
    const [row] = this.#sql.run("SELECT at_ms, up_to FROM round");
    return row === undefined ? undefined : { atMs: z.int().parse(row.at_ms), upTo: z.string().parse(row.up_to) };
  }

  setLastRound({ atMs, upTo }: { atMs: number; upTo: string }): void {
    this.#sql.run("INSERT OR REPLACE INTO round (one, at_ms, up_to) VALUES (1, ?, ?)", atMs, upTo);
  }

  /** Ids of requests for which the relay owes an answer. */
  awaitingRelay(): string[] {
    return this.#ids("SELECT id FROM request WHERE alive = 1 AND awaits_relay = 1");
  }

  /** Ids of requests that need a look by now, longest due first. */
  dueBy(nowMs: number, limit: number): string[] {
    return this.#ids(
      "SELECT id FROM request WHERE rank IN (0, 1, 2, 3) AND look_ms <= ? ORDER BY look_ms LIMIT ?",
      nowMs,
      limit,
    );
  }

  /** Of those, the ids of requests whose most urgent work is of one rank. */
  dueOf(rank: Rank, nowMs: number, limit: number): string[] {
    return this.#ids(
      "SELECT id FROM request WHERE rank = ? AND look_ms <= ? ORDER BY look_ms LIMIT ?",
      rank,
      nowMs,
      limit,
    );
  }

  /** Whether any request needs a look by now. */
  isAnyDue(nowMs: number): boolean {
    return Object.values(RANK).some((rank) => this.dueOf(rank, nowMs, 1).length > 0);
  }

  /** When the next request needs a look that needs none yet; null when none ever does. */
  nextLookMs(nowMs: number): number | null {
    // One seek in the index for each: over all ranks at once it would be a search.
    const times = Object.values(RANK).flatMap((rank) =>
      this.#sql.run("SELECT MIN(look_ms) AS at FROM request WHERE rank = ? AND look_ms > ?", rank, nowMs),
    );
    const known = times.flatMap(({ at }) => (at === null ? [] : [z.int().parse(at)]));
    return known.length === 0 ? null : Math.min(...known);
  }

  /** Whether an incident may exist in PagerDuty whose id has not been heard of yet. */
  isOpeningAny(): boolean {
    return this.#sql.run("SELECT 1 FROM request WHERE alive = 1 AND opening = 1 LIMIT 1").length > 0;
  }

  /** Forgets a request with its incidents and deliveries. */
  forget(record: RequestRecord): void {
    this.#sql.run("DELETE FROM request WHERE id = ?", record.request.id);
    for (const { incidentId } of record.pagings) this.#sql.run("DELETE FROM incident WHERE id = ?", incidentId);
    for (const { clickId } of record.decisions) this.#forgetClick(clickId);
  }

  #forgetClick(clickId: string): void {
    this.#sql.run("DELETE FROM delivery WHERE event_id = ?", clickId);
    this.#sql.run("DELETE FROM reread WHERE click_id = ?", clickId);
  }

  /** Stores a delivery once; false when it is there already. */
  addDelivery({ eventId, incidentId, raw, signature }: StoredDelivery, nowMs: number, held: boolean): boolean {
    return (
      this.#sql.run(
        `INSERT INTO delivery (event_id, received_ms, incident_id, raw, signature, held) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING RETURNING event_id`,
        eventId,
        nowMs,
        incidentId,
        raw,
        signature,
        Number(held),
      ).length > 0
    );
  }

  /** A stored delivery by its event's id. */
  delivery(eventId: string): StoredDelivery | undefined {
    return this.#deliveries("WHERE event_id = ?", eventId)[0];
  }

  /** Stores what PagerDuty showed of a click when it was asked again. */
  addConfirmation(clickId: string, confirmation: Uint8Array): void {
    this.#sql.run("INSERT OR REPLACE INTO reread (click_id, confirmation) VALUES (?, ?)", clickId, confirmation);
  }

  /** What PagerDuty showed of a click when it was asked again; undefined when it was not, or showed nothing. */
  confirmation(clickId: string): Uint8Array | undefined {
    const [row] = this.#sql.run("SELECT confirmation FROM reread WHERE click_id = ?", clickId);
    return row === undefined ? undefined : bytesOf(row.confirmation);
  }

  /** Takes out the deliveries that were held for an incident, oldest first. */
  releaseHeld(incidentId: string): StoredDelivery[] {
    const released = this.#deliveries("WHERE incident_id = ? AND held = 1 ORDER BY received_ms", incidentId);
    if (released.length > 0) this.#sql.run("DELETE FROM delivery WHERE incident_id = ? AND held = 1", incidentId);
    return released;
  }

  /** How many deliveries are held. */
  heldCount(): number {
    return z.int().parse(this.#sql.run("SELECT COUNT(*) AS n FROM delivery WHERE held = 1")[0]?.n);
  }

  /** Forgets deliveries that have been held too long; returns how many. */
  dropHeld(nowMs: number): number {
    const before = nowMs - HELD_DELIVERY_MS;
    return this.#sql.run("DELETE FROM delivery WHERE held = 1 AND received_ms < ? RETURNING event_id", before).length;
  }

  /** The relay that is or was last active; undefined before the first. */
  session(): Session | undefined {
    const [row] = this.#sql.run("SELECT epoch, instance, relay_key, since_ms, hello FROM session");
    if (row === undefined) return undefined;
    return sessionSchema.parse({
      epoch: row.epoch,
      instance: row.instance,
      relayKey: row.relay_key,
      sinceMs: row.since_ms,
      hello: JSON.parse(z.string().parse(row.hello)),
    });
  }

  setSession({ epoch, instance, relayKey, sinceMs, hello }: Session): void {
    this.#sql.run(
      "INSERT OR REPLACE INTO session (one, epoch, instance, relay_key, since_ms, hello) VALUES (1, ?, ?, ?, ?, ?)",
      epoch,
      instance,
      relayKey,
      sinceMs,
      JSON.stringify(hello),
    );
  }

  /** Uses up a JWT's id; false when it was used before. Ids that have expired are forgotten. */
  useJti(jti: string, expiresMs: number, nowMs: number): boolean {
    this.#sql.run("DELETE FROM seen_jti WHERE expires_ms < ?", nowMs);
    const used = "INSERT INTO seen_jti (jti, expires_ms) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING jti";
    return this.#sql.run(used, jti, expiresMs).length > 0;
  }

  /** Remembers what an operator should know. */
  addFault(what: string, nowMs: number): void {
    this.#sql.run("INSERT INTO fault (at_ms, what) VALUES (?, ?)", nowMs, what);
    this.#sql.run("DELETE FROM fault WHERE id <= (SELECT MAX(id) FROM fault) - ?", MAX_FAULTS);
  }

  /** The last faults, newest first. */
  faults(limit: number): { atMs: number; what: string }[] {
    return this.#sql
      .run("SELECT at_ms, what FROM fault ORDER BY id DESC LIMIT ?", limit)
      .map((row) => ({ atMs: z.int().parse(row.at_ms), what: z.string().parse(row.what) }));
  }

  #ids(statement: string, ...bindings: (string | number)[]): string[] {
    return this.#sql.run(statement, ...bindings).map((row) => z.string().parse(row.id));
  }

  #deliveries(where: string, ...bindings: string[]): StoredDelivery[] {
    return this.#sql
      .run(`SELECT event_id, incident_id, raw, signature FROM delivery ${where}`, ...bindings)
      .map((row) => ({
        eventId: z.string().parse(row.event_id),
        incidentId: z.string().parse(row.incident_id),
        raw: bytesOf(row.raw),
        signature: z.string().parse(row.signature),
      }));
  }
}

// A Durable Object returns a BLOB as ArrayBuffer, Node's SQLite as Uint8Array.
function bytesOf(blob: unknown): Uint8Array {
  if (blob instanceof ArrayBuffer) return new Uint8Array(blob);
  if (blob instanceof Uint8Array) return blob;
  throw new TypeError("a stored delivery is not bytes");
}
