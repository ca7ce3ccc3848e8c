/**
 * The life of one request on a Durable Object's own storage, with every cost of it counted as it is billed: rows and index
 * entries written or deleted, alarms set, and calls that reach the object. Time is played, so that an hour takes none.
 */
import { readCluster } from "../../edge/config/cluster-config.ts";
import { RECONCILE_EVERY_MS } from "../../edge/reconciliation.ts";
import type { RelaySocket } from "../../edge/relays/socket.ts";
import { couldMatter } from "../../edge/routes/delivery.ts";
import type { Sql } from "../../edge/sql.ts";
import { Switchboard } from "../../edge/switchboard.ts";
import { platformTimer } from "../../edge/timer.ts";
import { createLogger } from "../../shared/log.ts";
import { readWebhook } from "../../shared/webhook-event.ts";
import { accessRequest, BOB, BOT, hello, NOW, noteEvent, POLICY, resolvedEvent, SERVICE } from "./samples.ts";
import { CLUSTER, entryFor, SECRET } from "./setting.ts";

export const MINUTE_MS = 60_000;

/** So many messages on a socket are billed like one call. */
export const MESSAGES_PER_REQUEST = 20;

const INCIDENT = "QLIFE";

/** What something cost: rows, and calls of the object. */
export interface Cost {
  rows: number;
  requests: number;
}

/** Whether a cost is one request's own, by what caused it. */
export function isOfRequest(cause: string): boolean {
  return !["waking", "connection", "an hour of nothing"].includes(cause);
}

/** PagerDuty as far as one approval asks of it. */
async function pagerDuty(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const service = { id: SERVICE };
  const incident = { id: INCIDENT, status: "triggered", service, escalation_policy: { id: POLICY } };
  if (pathname === "/users") return Response.json({ users: [BOT], more: false });
  if (pathname.startsWith("/users/")) return Response.json({ user: BOB });
  if (pathname.startsWith("/services/")) return Response.json({ service });
  return pathname.endsWith("/notes") ? Response.json({ note: { id: "PNOTE" } }) : Response.json({ incident });
}

/** A cluster's edge on the storage of its object, whose every cost is written down under what caused it. */
export class Life {
  readonly costs = new Map<string, Cost>();
  readonly frames: { type: string; [key: string]: unknown }[] = [];
  readonly #board: Switchboard;
  readonly #socket: RelaySocket;
  #cause = "waking";
  #nowMs = NOW;
  #alarmMs: number | null = null;
  #seq = 0;
  #attachment: unknown = null;

  constructor(storage: DurableObjectStorage) {
    const life = this;
    this.#socket = {
      isOpen: true,
      heardMs: null,
      send: (text) => void this.frames.push(JSON.parse(text)),
      close: () => {},
      get attachment() {
        return life.#attachment;
      },
      attach: (value) => {
        this.#attachment = structuredClone(value);
      },
    };
    this.#board = this.#newBoard(storage);
  }

  /** Does something at once, and names whatever comes of it by and by. */
  async step(cause: string, act: () => void, later = cause): Promise<void> {
    this.#cause = cause;
    this.#bill(0, 0);
    act();
    this.#cause = later;
    // Nothing here waits for a real network.
    for (let turn = 0; turn < 10; turn++) await new Promise((done) => setTimeout(done, 0));
  }

  /** The relay's link, and its greeting. */
  connect(): void {
    this.#bill(0, 1);
    this.#board.useToken("a token's id", this.#nowMs + MINUTE_MS);
    this.#board.accept(this.#socket, { relayKey: "thumbprint", origin: null });
    this.say(hello());
    this.say({ type: "synced" });
  }

  /** A frame from the relay. */
  say(frame: Record<string, unknown>): void {
    this.#bill(0, 1 / MESSAGES_PER_REQUEST);
    const numbered = frame.type === "hello" || frame.type === "ack" ? frame : { ...frame, seq: ++this.#seq };
    this.#board.received(this.#socket, JSON.stringify(numbered));
  }

  /** The relay has received everything so far. */
  acknowledge(): void {
    this.say({ type: "ack", upTo: Math.max(0, ...this.frames.map(({ seq }) => Number(seq ?? 0))) });
  }

  /** A delivery of PagerDuty's, which reaches the object only if it could matter. */
  deliver(raw: Uint8Array): void {
    if (!couldMatter(readWebhook(raw))) return;
    this.#bill(0, 1);
    this.#board.deliver({ raw, signature: "v1=00" });
  }

  /** Lets time pass, and the alarm ring when it is due. */
  pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    while (this.#alarmMs !== null && this.#alarmMs <= endMs) {
      this.#nowMs = this.#alarmMs;
      this.#alarmMs = null;
      this.#bill(0, 1);
      this.#board.alarmed();
    }
    this.#nowMs = endMs;
  }

  /** The cron. */
  poke(): void {
    this.#bill(0, 1);
    this.#board.look();
  }

  last(type: string): Record<string, unknown> {
    return this.frames.findLast((frame) => frame.type === type) ?? {};
  }

  /** What causes of these names cost together. */
  sum(isMeant: (cause: string) => boolean): Cost {
    const meant = [...this.costs].filter(([cause]) => isMeant(cause)).map(([, cost]) => cost);
    return meant.reduce((sum, { rows, requests }) => ({ rows: sum.rows + rows, requests: sum.requests + requests }), {
      rows: 0,
      requests: 0,
    });
  }

  #bill(rows: number, requests: number): void {
    const cost = this.costs.get(this.#cause) ?? { rows: 0, requests: 0 };
    this.costs.set(this.#cause, { rows: cost.rows + rows, requests: cost.requests + requests });
  }

  #newBoard(storage: DurableObjectStorage): Switchboard {
    const sql: Sql = {
      run: (statement, ...bindings) => {
        const cursor = storage.sql.exec(statement, ...bindings);
        const rows = [...cursor];
        this.#bill(cursor.rowsWritten, 0);
        return rows;
      },
    };
    const secrets = new Map([[CLUSTER, { api_key: "a-key-of-the-tests", webhook_secrets: [SECRET] }]]);
    const reading = readCluster(CLUSTER, entryFor(), { apiUrl: null, secrets, faults: [] });
    if (reading.kind !== "ready") throw new Error(reading.faults.join());
    return new Switchboard({
      config: reading.config,
      sql,
      sockets: () => [this.#socket],
      setAlarm: (atMs) => {
        this.#alarmMs = atMs;
        this.#bill(1, 0);
      },
      armedMs: null,
      wakeEveryMs: null,
      reconcileEveryMs: RECONCILE_EVERY_MS,
      fetch: pagerDuty,
      now: () => this.#nowMs,
      after: platformTimer,
      random: () => 0,
      randomId: () => crypto.randomUUID(),
      log: createLogger({ severity: "error", format: "json", now: () => this.#nowMs, write: () => {} }),
    });
  }
}

/** From a request's first frame to an hour after its end, approved by somebody whom the edge has to look up. */
export async function live(life: Life): Promise<void> {
  await life.step("connection", () => life.connect());
  const request = { type: "request", request: accessRequest(), recipients: [] };
  await life.step("request seen", () => life.say(request), "incident opened");
  await life.step("bound", () => {
    life.acknowledge();
    life.say({ ...life.last("bind"), type: "bound", result: "bound" });
  });
  await life.step("waiting for a person", () => life.pass(MINUTE_MS));
  await life.step("click", () => life.deliver(noteEvent(INCIDENT, "/approve")), "person looked up");
  const { requestId, clickId, epoch } = life.last("decide");
  const outcome = { result: "applied", state: "APPROVED" };
  const decide = () => {
    life.acknowledge();
    life.say({ type: "outcome", requestId, clickId, epoch, outcome });
  };
  await life.step("decided", decide, "note written, incident resolved");
  await life.step("echoes", () => {
    life.say({ type: "ended", requestId, end: "approved", who: null, why: null, clickId });
    life.deliver(noteEvent(INCIDENT, "Access request has been approved."));
    life.deliver(resolvedEvent(INCIDENT));
  });
  await life.step("the alarm", () => life.pass(2 * MINUTE_MS));
}

/** An hour in which nothing happens: the cron comes twice. */
export function idleHour(life: Life): Promise<void> {
  return life.step("an hour of nothing", () => {
    for (let half = 0; half < 2; half++) {
      life.pass(30 * MINUTE_MS);
      life.poke();
    }
  });
}
