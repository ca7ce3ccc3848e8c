/**
 * One Teleport cluster's Durable Object: it gives a {@link Switchboard} its sockets, its SQLite and its one alarm, and
 * decides nothing itself. Both journeys pass through it.
 */
import { DurableObject } from "cloudflare:workers";
import type { Check } from "../shared/check.ts";
import type { Verdict } from "../shared/decisions.ts";
import { PING, PONG } from "../shared/protocol.ts";
import { type ClusterRpc, RELAY_HEADERS } from "./cluster-rpc.ts";
import { clusterIn, type Env, readEdgeConfig } from "./config.ts";
import { log } from "./log.ts";
import { RECONCILE_EVERY_MS } from "./reconciliation.ts";
import type { RelaySocket } from "./relays/socket.ts";
import type { Sql } from "./sql.ts";
import type { ClusterStatus } from "./status.ts";
import { Switchboard } from "./switchboard.ts";
import { platformTimer } from "./timer.ts";

/** How long after an alarm that failed the next one comes, in ms. */
const FAILED_ALARM_AGAIN_MS = 60_000;

export class Cluster extends DurableObject<Env> implements ClusterRpc {
  #switchboard: Switchboard | undefined;
  #armedMs: number | null = null;
  readonly #sockets = new WeakMap<WebSocket, RelaySocket>();

  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    context.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    context.blockConcurrencyWhile(async () => {
      this.#armedMs = await context.storage.getAlarm();
    });
  }

  /** The link's upgrade, its token verified by the Worker: 101, or 401 when the token was used before. */
  override async fetch(request: Request): Promise<Response> {
    const jti = request.headers.get(RELAY_HEADERS.jti) ?? "";
    const expiresMs = Number(request.headers.get(RELAY_HEADERS.jtiExpires));
    if (!this.#open().useToken(jti, expiresMs)) return new Response(null, { status: 401 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    const relayKey = request.headers.get(RELAY_HEADERS.key) ?? "";
    const origin = readEdgeConfig(this.env).publicUrl ?? new URL(request.url).origin;
    this.#open().accept(this.#socketFor(server), { relayKey, origin });
    return new Response(null, { status: 101, webSocket: client });
  }

  async deliver(delivery: { raw: Uint8Array; signature: string }): Promise<void> {
    this.#open().deliver(delivery);
  }

  async act({ action, raw }: { action: Verdict; raw: Uint8Array }): Promise<void> {
    this.#open().act(action, raw);
  }

  async useToken({ jti, jtiExpiresMs }: { jti: string; jtiExpiresMs: number }): Promise<boolean> {
    return this.#open().useToken(jti, jtiExpiresMs);
  }

  async status(): Promise<ClusterStatus> {
    return this.#open().inspection.status();
  }

  async metrics(): Promise<string> {
    return this.#open().inspection.metrics();
  }

  async pinged({ subscriptionId }: { subscriptionId: string | null }): Promise<void> {
    this.#open().inspection.pinged(subscriptionId);
  }

  async check({ webhookUrl }: { webhookUrl: string }): Promise<readonly Check[]> {
    return this.#open().inspection.check(webhookUrl, (ms) => scheduler.wait(ms));
  }

  async poke(): Promise<void> {
    this.#open().look();
  }

  override async alarm(): Promise<void> {
    try {
      this.#open().alarmed();
    } catch (error) {
      // Thrown on, it would be tried six times and then never again.
      log.error("the alarm failed", { cluster: this.ctx.id.name, problem: String(error) });
      await this.ctx.storage.setAlarm(Date.now() + FAILED_ALARM_AGAIN_MS);
    }
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    this.#open().received(this.#socketFor(socket), message);
  }

  override webSocketClose(socket: WebSocket): void {
    this.#open().closed(this.#socketFor(socket));
  }

  override webSocketError(socket: WebSocket): void {
    this.#open().closed(this.#socketFor(socket));
  }

  // Made at first use: a cluster whose configuration is faulty has no switchboard, and says so to each caller.
  #open(): Switchboard {
    this.#switchboard ??= this.#newSwitchboard();
    return this.#switchboard;
  }

  #newSwitchboard(): Switchboard {
    const edge = readEdgeConfig(this.env);
    const reading = clusterIn(edge, this.ctx.id.name ?? "");
    if (reading?.kind !== "ready") throw new Error("this cluster is not configured");
    return new Switchboard({
      config: reading.config,
      sql: sqlOf(this.ctx.storage.sql),
      sockets: () => this.ctx.getWebSockets().map((socket) => this.#socketFor(socket)),
      setAlarm: (atMs) => void this.ctx.storage.setAlarm(atMs),
      armedMs: this.#armedMs,
      wakeEveryMs: edge.wakeEveryMs,
      reconcileEveryMs: edge.reconcileEveryMs ?? RECONCILE_EVERY_MS,
      fetch: (request) => fetch(request),
      now: Date.now,
      after: platformTimer,
      random: Math.random,
      randomId: () => crypto.randomUUID(),
      log,
    });
  }

  #socketFor(socket: WebSocket): RelaySocket {
    const known = this.#sockets.get(socket) ?? this.#newSocketFor(socket);
    this.#sockets.set(socket, known);
    return known;
  }

  #newSocketFor(socket: WebSocket): RelaySocket {
    const { ctx } = this;
    let attached: unknown;
    return {
      get isOpen() {
        return socket.readyState === WebSocket.READY_STATE_OPEN;
      },
      get heardMs() {
        return ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? null;
      },
      get attachment(): unknown {
        attached ??= socket.deserializeAttachment();
        return attached;
      },
      send: (text) => socket.send(text),
      close: (code, reason) => socket.close(code, reason),
      attach: (value) => {
        socket.serializeAttachment(value);
        attached = value;
      },
    };
  }
}

function sqlOf(storage: SqlStorage): Sql {
  return { run: (statement, ...bindings) => [...storage.exec(statement, ...bindings)] };
}
