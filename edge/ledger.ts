/**
 * The ledger: one cluster's memory, in the SQLite of its Durable Object. Every statement is here, by name. What it knows of
 * requests the relay can rebuild; what it knows of deliveries and decisions nobody can. Requests that are alive are a table
 * of their own, and what is asked of all of them at once is kept in memory.
 */
import * as z from "zod/mini";
import type { AuditHead } from "../shared/audit-chain.ts";
import { LiveRequests } from "./ledger/live-requests.ts";
import { LiveTable } from "./ledger/live-table.ts";
import { RecentRecords } from "./ledger/recent-records.ts";
import * as rows from "./ledger/rows.ts";
import { migrate } from "./ledger/schema.ts";
import { type Session, sessionSchema } from "./ledger/session.ts";
import { type Count, countsOf, type Tally } from "./metrics/tally.ts";
import { newsOf } from "./news.ts";
import type { RequestRecord } from "./record.ts";
import type { Sql, SqlValue } from "./sql.ts";
import { type Standing, standingOf, standingSchema } from "./standing.ts";
import type { Rank } from "./todo.ts";

/** Most faults kept for the status page. */
export const MAX_FAULTS = 100;

/** How long a delivery for an incident that we do not know is kept, in ms: longer than a create takes with its retries. */
export const HELD_DELIVERY_MS = 15 * 60_000;

/** Most deliveries held for incidents that we do not know. */
export const MAX_HELD_DELIVERIES = 1000;

/** A request that is open here, as `welcome` names it. */
export type OpenRequest = [id: string, digest: string, reviewsTold: number];

export class Ledger {
  readonly #sql: Sql;
  readonly #table: LiveTable;
  readonly #live = new LiveRequests();
  readonly #recent = new RecentRecords();
  /** As it is stored: nobody else writes it. */
  #session: Session | undefined;

  /** Throws where a later release has written. */
  constructor(sql: Sql) {
    this.#sql = sql;
    migrate(sql);
    this.#table = new LiveTable(sql);
    for (const { id, standing, record } of this.#table.open()) {
      // A migration leaves it to be read off the record.
      const known =
        standing === null ? standingOf(rows.parseRecord(record ?? "")) : standingSchema.parse(JSON.parse(standing));
      this.#live.put(id, known);
    }
  }

  /** The record of a request; undefined when there is none. */
  load(requestId: string): RequestRecord | undefined {
    const recent = this.#recent.get(requestId);
    if (recent !== undefined) return recent;
    const text = this.#table.has(requestId) ? this.#table.record(requestId) : this.#finishedText(requestId);
    if (text === undefined) return undefined;
    const record = rows.parseRecord(text);
    this.#recent.put(record);
    return record;
  }

  /**
   * Stores a record and which incidents it has come to own since `before`; counts what has happened since; drops what came
   * of clicks that it no longer has.
   */
  store(record: RequestRecord, before: RequestRecord | undefined): void {
    this.#recent.drop(record.request.id);
    this.#table.count(newsOf(record, before).flatMap(countsOf));
    this.#storeRecord(record, before !== undefined);
    const kept = new Set(record.decisions.map(({ clickId }) => clickId));
    for (const { clickId } of before?.decisions ?? []) if (!kept.has(clickId)) this.#forgetClick(clickId);
    const known = new Set(before?.pagings.map(({ incidentId }) => incidentId));
    for (const { incidentId } of record.pagings) {
      if (incidentId === null || known.has(incidentId)) continue;
      this.#sql.run("INSERT OR REPLACE INTO incident (id, request_id) VALUES (?, ?)", incidentId, record.request.id);
    }
    this.#recent.put(record);
  }

  #storeRecord(record: RequestRecord, isKnown: boolean): void {
    const { id } = record.request;
    const text = JSON.stringify(record);
    const standing = standingOf(record);
    if (standing === undefined) {
      this.#table.free(id);
      this.#sql.run(
        "INSERT OR REPLACE INTO finished_request (id, ended_ms, purge_ms, record) VALUES (?, ?, ?, ?)",
        id,
        record.end?.atMs ?? 0,
        record.purgeMs ?? 0,
        text,
      );
    } else {
      // Who clicks on what is over is answered too.
      if (isKnown && !this.#table.has(id)) this.#sql.run("DELETE FROM finished_request WHERE id = ?", id);
      this.#table.put(id, JSON.stringify(standing), text);
    }
    this.#live.put(id, standing);
  }

  #finishedText(requestId: string): string | undefined {
    return this.#rows(rows.recordRow, "SELECT record FROM finished_request WHERE id = ?", requestId)[0]?.record;
  }

  /** Counts what no record tells of; it is stored with the next record of a live request. */
  count(...counts: Count[]): void {
    this.#table.count(counts);
  }

  /** What has been counted in the cluster's life, as far as it is stored. */
  get tally(): Tally {
    return this.#table.tally;
  }

  /** The request that an incident stands for. */
  requestOf(incidentId: string): string | undefined {
    return this.#ids("SELECT request_id AS id FROM incident WHERE id = ?", incidentId)[0];
  }

  /** Requests that are pending as far as is known here, by id. */
  openRequests(): OpenRequest[] {
    return [...this.#live.all]
      .flatMap(([id, { isPending, digest, reviewsTold }]): OpenRequest[] =>
        isPending ? [[id, digest, reviewsTold]] : [],
      )
      .sort(([one], [other]) => (one < other ? -1 : 1));
  }

  /** Whether any request is pending as far as is known here. */
  isAnyOpen(): boolean {
    return this.#live.pending.size > 0;
  }

  /** Ids of pending requests, in their order, behind one. */
  openAfter(requestId: string, limit: number): string[] {
    return [...this.#live.pending]
      .filter((id) => id > requestId)
      .sort()
      .slice(0, limit);
  }

  /** The last round of reconciliation: when, and up to which request; undefined before the first. */
  lastRound(): { atMs: number; upTo: string } | undefined {
    return this.#rows(rows.roundRow, "SELECT at_ms AS atMs, up_to AS upTo FROM round")[0];
  }

  setLastRound({ atMs, upTo }: { atMs: number; upTo: string }): void {
    this.#sql.run("INSERT OR REPLACE INTO round (one, at_ms, up_to) VALUES (1, ?, ?)", atMs, upTo);
  }

  /** Ids of requests for which the relay owes an answer. */
  awaitingRelay(): string[] {
    return [...this.#live.all].flatMap(([id, { awaitsRelay }]) => (awaitsRelay ? [id] : []));
  }

  /** Ids of requests whose most urgent work is of one rank, and whose work is due by now, longest due first. */
  dueOf(rank: Rank, nowMs: number, limit: number): string[] {
    return this.#live.workDueBy(rank, nowMs, limit);
  }

  /** How many there are of those. */
  countDueOf(rank: Rank, nowMs: number): number {
    return this.#live.countDueBy(rank, nowMs);
  }

  /** How each request stands that is alive. */
  get standings(): Standing[] {
    return [...this.#live.all.values()];
  }

  /** Whether any request asks for work by now. */
  isAnyDue(nowMs: number): boolean {
    return this.#live.isAnyWorkDue(nowMs);
  }

  /** Ids of pending requests that have expired, and not just now, the first of them first. */
  expiredBy(nowMs: number, limit: number): string[] {
    return this.#live.expiredBy(nowMs, limit);
  }

  /** When something of that comes next; null when nothing ever does. */
  nextDueMs(nowMs: number): number | null {
    return this.#live.nextAfter(nowMs);
  }

  /** Whether an incident may exist in PagerDuty whose id has not been heard of yet. */
  isOpeningAny(): boolean {
    return this.#live.isOpeningAny;
  }

  /** Finished requests, the one that ended last first. */
  finished(limit: number): RequestRecord[] {
    return this.#rows(rows.recordRow, `SELECT record FROM finished_request ORDER BY ended_ms DESC LIMIT ${limit}`).map(
      ({ record }) => rows.parseRecord(record),
    );
  }

  /** Ids of finished requests that may be deleted by now, of those that ended by a moment. */
  outdated(endedMs: number, nowMs: number, limit: number): string[] {
    // A limit that is bound has SQLite prepare the statement anew each time.
    const outdated = `SELECT id FROM finished_request WHERE ended_ms <= ? AND purge_ms <= ? ORDER BY ended_ms LIMIT ${limit}`;
    return this.#ids(outdated, endedMs, nowMs);
  }

  /** Forgets a finished request with its incidents and deliveries. */
  forget(record: RequestRecord): void {
    this.#recent.drop(record.request.id);
    this.#sql.run("DELETE FROM finished_request WHERE id = ?", record.request.id);
    for (const { incidentId } of record.pagings) this.#sql.run("DELETE FROM incident WHERE id = ?", incidentId);
    for (const { clickId } of record.decisions) this.#forgetClick(clickId);
  }

  #forgetClick(clickId: string): void {
    this.#sql.run("DELETE FROM delivery WHERE event_id = ?", clickId);
    this.#sql.run("DELETE FROM reread WHERE click_id = ?", clickId);
  }

  /** Stores a delivery once; false when it is there already. */
  addDelivery({ eventId, incidentId, raw, signature }: rows.StoredDelivery, nowMs: number, held: boolean): boolean {
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
  delivery(eventId: string): rows.StoredDelivery | undefined {
    return this.#deliveries("WHERE event_id = ?", eventId)[0];
  }

  /** Stores what PagerDuty showed of a click when it was asked again. */
  addConfirmation(clickId: string, confirmation: Uint8Array): void {
    this.#sql.run("INSERT OR REPLACE INTO reread (click_id, confirmation) VALUES (?, ?)", clickId, confirmation);
  }

  /** What PagerDuty showed of a click when it was asked again; undefined when it was not, or showed nothing. */
  confirmation(clickId: string): Uint8Array | undefined {
    const reread = "SELECT confirmation FROM reread WHERE click_id = ?";
    return this.#rows(rows.confirmationRow, reread, clickId)[0]?.confirmation;
  }

  /** Takes out the deliveries that were held for an incident, oldest first. */
  releaseHeld(incidentId: string): rows.StoredDelivery[] {
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
    this.#session ??= this.#storedSession();
    return this.#session;
  }

  #storedSession(): Session | undefined {
    const [row] = this.#sql.run("SELECT epoch, instance, relay_key, since_ms, left_ms, hello FROM session");
    if (row === undefined) return undefined;
    return sessionSchema.parse({
      epoch: row.epoch,
      instance: row.instance,
      relayKey: row.relay_key,
      sinceMs: row.since_ms,
      leftMs: row.left_ms,
      hello: JSON.parse(z.string().parse(row.hello)),
    });
  }

  setSession({ epoch, instance, relayKey, sinceMs, leftMs = null, hello }: Session): void {
    this.#sql.run(
      `INSERT OR REPLACE INTO session (one, epoch, instance, relay_key, since_ms, left_ms, hello)
       VALUES (1, ?, ?, ?, ?, ?, ?)`,
      epoch,
      instance,
      relayKey,
      sinceMs,
      leftMs,
      JSON.stringify(hello),
    );
    this.#session = { epoch, instance, relayKey, sinceMs, leftMs, hello };
  }

  /** Where the audit log of a relay ended when it was last kept; undefined for a key that has told nothing. */
  auditHead(relayKey: string): AuditHead | undefined {
    return this.#rows(rows.auditHeadRow, "SELECT lines, head FROM audit_head WHERE relay_key = ?", relayKey)[0];
  }

  setAuditHead(relayKey: string, { lines, head }: AuditHead): void {
    const statement = "INSERT OR REPLACE INTO audit_head (relay_key, lines, head) VALUES (?, ?, ?)";
    this.#sql.run(statement, relayKey, lines, head);
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

  /** How many faults there ever were. */
  faultCount(): number {
    return z.int().parse(this.#sql.run("SELECT COALESCE(MAX(id), 0) AS n FROM fault")[0]?.n);
  }

  /** The last faults, newest first. */
  faults(limit: number): { atMs: number; what: string }[] {
    return this.#rows(rows.faultRow, `SELECT at_ms AS atMs, what FROM fault ORDER BY id DESC LIMIT ${limit}`);
  }

  #ids(statement: string, ...bindings: SqlValue[]): string[] {
    return this.#rows(rows.idRow, statement, ...bindings).map(({ id }) => id);
  }

  #rows<Row>(row: z.ZodMiniType<Row>, statement: string, ...bindings: SqlValue[]): Row[] {
    return this.#sql.run(statement, ...bindings).map((values) => row.parse(values));
  }

  #deliveries(where: string, ...bindings: SqlValue[]): rows.StoredDelivery[] {
    const columns = "event_id AS eventId, incident_id AS incidentId, raw, signature";
    return this.#rows(rows.deliveryRow, `SELECT ${columns} FROM delivery ${where}`, ...bindings);
  }
}
