/**
 * What a cluster's edge runs in, for tests: its SQLite on Node, a clock and an alarm that a test moves, sockets that a test
 * speaks through, and a network that can lose, hold back and end with the object's life.
 */
import { setImmediate } from "node:timers/promises";
import type { ClusterConfig } from "../../edge/config/cluster-config.ts";
import { Ledger } from "../../edge/ledger.ts";
import type { RequestRecord } from "../../edge/record.ts";
import type { RelaySocket } from "../../edge/relays/socket.ts";
import { type ClusterStatus, clusterStatus } from "../../edge/status.ts";
import { Switchboard } from "../../edge/switchboard.ts";
import { type After, platformTimer } from "../../edge/timer.ts";
import type { AccessRequest } from "../../shared/access-request.ts";
import { type EdgeFrame, edgeFrameSchema } from "../../shared/edge-frames.ts";
import { createLogger, type Logger } from "../../shared/log.ts";
import type { FrameOf, Hello } from "../../shared/protocol.ts";
import { NodeSql } from "../fakes/node-sql.ts";
import { FakePagerDuty, type FakePagerDutyOptions } from "../fakes/pagerduty.ts";
import { accessRequest, BOB, BOT, CAROL, clusterConfig, hello, NOW, POLICY, SERVICE } from "./samples.ts";

/** A socket that remembers what it was sent. */
export class ScriptedSocket implements RelaySocket {
  isOpen = true;
  heardMs: number | null = null;
  attachment: unknown = null;
  closed: { code: number; reason: string } | null = null;
  readonly frames: EdgeFrame[] = [];

  send(text: string): void {
    if (!this.isOpen) throw new Error("sent to a closed socket");
    this.frames.push(edgeFrameSchema.parse(JSON.parse(text)));
  }

  close(code: number, reason: string): void {
    this.isOpen = false;
    this.closed ??= { code, reason };
  }

  attach(value: unknown): void {
    this.attachment = structuredClone(value);
  }

  /** The frames of one type, in their order. */
  all<Type extends EdgeFrame["type"]>(type: Type): FrameOf<EdgeFrame, Type>[] {
    return this.frames.filter((frame): frame is FrameOf<EdgeFrame, Type> => frame.type === type);
  }
}

/** One relay's end of the link. */
export class ScriptedRelay {
  readonly socket = new ScriptedSocket();
  readonly #receive: (socket: RelaySocket, message: string) => void;
  #seq = 0;

  constructor(receive: (socket: RelaySocket, message: string) => void) {
    this.#receive = receive;
  }

  /** Says something as it is. */
  raw(message: unknown): void {
    this.#receive(this.socket, typeof message === "string" ? message : JSON.stringify(message));
  }

  /** Says a frame under the next number. */
  say(frame: Record<string, unknown>): void {
    this.#seq += 1;
    this.raw({ ...frame, seq: this.#seq });
  }

  hello(change: Partial<Hello> = {}): this {
    this.raw(hello(change));
    return this;
  }

  request(change: Partial<AccessRequest> = {}, recipients: readonly string[] = []): void {
    this.say({ type: "request", request: accessRequest(change), recipients });
  }

  synced(): void {
    this.say({ type: "synced" });
  }

  ended(end: string, change: Record<string, unknown> = {}): void {
    const requestId = accessRequest().id;
    this.say({ type: "ended", requestId, end, who: null, why: null, clickId: null, ...change });
  }

  /** Answers the last `bind`. */
  bound(result = "bound"): void {
    const { seq: _, type: __, ...bind } = this.last("bind");
    this.say({ ...bind, type: "bound", result });
  }

  /** Answers the last `decide`. */
  outcome(outcome: Record<string, unknown>): void {
    const { requestId, clickId, epoch } = this.last("decide");
    this.say({ type: "outcome", requestId, clickId, epoch, outcome });
  }

  acknowledgeAll(): void {
    const numbered = this.socket.frames.flatMap((frame) => ("seq" in frame ? [frame.seq] : []));
    this.raw({ type: "ack", upTo: Math.max(0, ...numbered) });
  }

  last<Type extends EdgeFrame["type"]>(type: Type): FrameOf<EdgeFrame, Type> {
    const frame = this.socket.all(type).at(-1);
    if (frame === undefined) throw new Error(`the edge sent no ${type}`);
    return frame;
  }
}

/** How a call goes that a test meddles with: lost before or after its effect, or taking effect once it is let go. */
export type Meddling = "lost" | "answer lost" | "late";

export class Host {
  readonly pagerDuty: FakePagerDuty;
  readonly sql = new NodeSql();
  readonly config: ClusterConfig;
  readonly log: string[] = [];
  readonly alarmsSet: number[] = [];
  nowMs = NOW;
  /** Where relays find the edge; null: nobody can tell. */
  origin: string | null = null;
  after: After = platformTimer;
  random = 0;
  wakeEveryMs: number | null = null;
  reconcileEveryMs: number | null = null;
  alarmMs: number | null = null;
  sockets: ScriptedSocket[] = [];
  board: Switchboard;
  /** How many more calls are made before the object's life ends; null: it goes on. */
  callsLeft: number | null = null;
  #life = 0;
  #meddle: { matches: (request: Request) => boolean; how: Meddling } | undefined;
  #late: (() => Promise<unknown>)[] = [];
  readonly #underWay = new Set<Promise<unknown>>();

  private constructor(pagerDuty: FakePagerDuty, config: ClusterConfig) {
    this.pagerDuty = pagerDuty;
    this.config = config;
    this.board = this.#newBoard();
  }

  static async start(change: Partial<ClusterConfig> = {}, options: FakePagerDutyOptions = {}): Promise<Host> {
    const clock = { now: () => NOW };
    const pagerDuty = await FakePagerDuty.start({ now: () => clock.now(), ...options });
    for (const user of [BOT, BOB, CAROL]) pagerDuty.addUser(user);
    pagerDuty.addEscalationPolicy({ id: POLICY, name: "On call", levels: [[BOB.id], [CAROL.id]] });
    pagerDuty.addService({ id: SERVICE, name: "Production access", policyId: POLICY });
    const plain = clusterConfig(change);
    const credentials = { kind: "api_key", apiKey: pagerDuty.credentials.addAccountKey() } as const;
    const account = { ...plain.pagerDuty, apiUrl: pagerDuty.url, credentials };
    const host = new Host(pagerDuty, { ...plain, pagerDuty: account });
    clock.now = () => host.nowMs;
    return host;
  }

  async stop(): Promise<void> {
    await this.settled();
    this.#life += 1;
    await this.pagerDuty.stop();
    this.sql.close();
  }

  /** The object is gone with its memory and whatever it was doing; the next one begins on what was stored. */
  crash(): void {
    this.callsLeft = null;
    for (const socket of this.sockets) socket.isOpen = false;
    this.sockets = [];
    this.board = this.#newBoard();
  }

  /** The object sleeps: its memory is gone, its sockets stay. */
  sleep(): void {
    this.board = this.#newBoard();
  }

  connect(relayKey = "thumbprint"): ScriptedRelay {
    const relay = new ScriptedRelay((socket, message) => this.board.received(socket, message));
    this.sockets.push(relay.socket);
    this.board.accept(relay.socket, { relayKey, origin: this.origin });
    return relay;
  }

  /** A relay's socket closes, as its runtime reports it. */
  disconnect(relay: ScriptedRelay): void {
    relay.socket.isOpen = false;
    this.board.closed(relay.socket);
    this.sockets = this.sockets.filter((socket) => socket !== relay.socket);
  }

  deliver(raw: Uint8Array): void {
    this.board.deliver({ raw, signature: "v1=whatever" });
  }

  /** The next call that fits goes as told. */
  meddle(method: string, path: RegExp, how: Meddling): void {
    this.#meddle = { matches: (request) => request.method === method && path.test(new URL(request.url).pathname), how };
  }

  /** Lets calls that were held back take effect, whoever still waits for them. */
  async letGo(): Promise<void> {
    for (const send of this.#late.splice(0)) await send();
  }

  /** Nothing is under way. */
  async settled(): Promise<void> {
    do {
      await Promise.allSettled(this.#underWay);
      await setImmediate();
      await setImmediate();
    } while (this.#underWay.size > 0);
  }

  /** Moves the clock to the alarm and lets it ring. */
  async ring(): Promise<void> {
    if (this.alarmMs === null) throw new Error("no alarm is set");
    this.nowMs = Math.max(this.nowMs, this.alarmMs);
    this.alarmMs = null;
    this.board.alarmed();
    await this.settled();
  }

  /** Lets every alarm ring that comes within a span, and moves the clock to its end. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    await this.settled();
    while (this.alarmMs !== null && this.alarmMs <= endMs) await this.ring();
    this.nowMs = endMs;
  }

  /** The status as it stands; nobody is asked for what is not known. */
  status(): ClusterStatus {
    return clusterStatus(this.board.inspection.statusSources());
  }

  /** The ledger as it stands, read by itself. */
  get ledger(): Ledger {
    return new Ledger(this.sql);
  }

  get record(): RequestRecord {
    const record = this.ledger.load(accessRequest().id);
    if (record === undefined) throw new Error("there is no record");
    return record;
  }

  #newBoard(): Switchboard {
    this.#life += 1;
    const life = this.#life;
    const isOver = () => life !== this.#life;
    return new Switchboard({
      config: this.config,
      sql: this.sql.lifeUntil(isOver),
      sockets: () => this.sockets,
      setAlarm: (atMs) => {
        this.alarmMs = atMs;
        this.alarmsSet.push(atMs);
      },
      armedMs: this.alarmMs,
      wakeEveryMs: this.wakeEveryMs,
      reconcileEveryMs: this.reconcileEveryMs,
      fetch: (request) => this.#fetch(request, isOver),
      now: () => this.nowMs,
      after: (ms, run) => this.after(ms, run),
      random: () => this.random,
      randomId: () => crypto.randomUUID(),
      log: this.#logger(),
    });
  }

  #logger(): Logger {
    const write = (line: string) => void this.log.push(line);
    return createLogger({ severity: "info", format: "text", now: () => this.nowMs, write });
  }

  #fetch(request: Request, isOver: () => boolean): Promise<Response> {
    const call = this.#send(request);
    const never = new Promise<Response>(() => {});
    const answered = call.then(
      (answer) => {
        // The call's effect is there; whoever asked for it is not.
        if (this.callsLeft !== null && --this.callsLeft <= 0) this.#life += 1;
        return isOver() ? never : answer;
      },
      (error: unknown) => (isOver() ? never : Promise.reject(error)),
    );
    this.#underWay.add(call);
    call.finally(() => this.#underWay.delete(call)).catch(() => {});
    return answered;
  }

  async #send(request: Request): Promise<Response> {
    const meddling = this.#meddle?.matches(request) ? this.#meddle.how : undefined;
    if (meddling !== undefined) this.#meddle = undefined;
    if (meddling === "lost") throw new TypeError("the network lost it");
    // Read before the time limit of the one who asked can cut it.
    const send = async () => {
      const { method, url, headers } = request;
      const answer = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
      return new Response(await answer.arrayBuffer(), { status: answer.status, headers: answer.headers });
    };
    const body = request.body === null ? undefined : await request.arrayBuffer();
    if (meddling === "late") {
      this.#late.push(send);
      throw new TypeError("the network is slow");
    }
    const answer = await send();
    if (meddling === "answer lost") throw new TypeError("the answer was lost");
    return answer;
  }
}
