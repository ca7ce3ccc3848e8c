/**
 * The edge in virtual time: the shipped routes and switchboard over a SQLite that outlives every crash, its alarm, and the
 * sockets of its relays.
 */
import type { ClusterStub } from "../../edge/cluster-rpc.ts";
import { clusterIn, type Env, readEdgeConfig } from "../../edge/config.ts";
import type { RelaySocket } from "../../edge/relays/socket.ts";
import { routes } from "../../edge/routes.ts";
import { Switchboard } from "../../edge/switchboard.ts";
import type { Verdict } from "../../shared/decisions.ts";
import type { Logger } from "../../shared/log.ts";
import type { Dice } from "../chaos/dice.ts";
import type { Journal } from "./journal.ts";
import type { EdgeEnd, Wire } from "./link.ts";
import { clockOf, type Life } from "./machine.ts";
import { CLUSTER, type Plan } from "./plan.ts";
import type { Rest } from "./rest.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Copy, Storage } from "./storage.ts";

export const ORIGIN = "https://edge.example.com";

/** How far a token may be dated ahead of the edge's clock, in ms, as its gate has it. */
const TOKEN_TOLERANCE_MS = 5_000;

export interface EdgeMachineOptions {
  readonly plan: Plan;
  readonly scheduler: Scheduler;
  readonly journal: Journal;
  readonly dice: Dice;
  readonly storage: Storage;
  readonly rest: Rest;
  readonly log: Logger;
  /** The environment with the secrets of the moment. */
  readonly env: () => Omit<Env, "CLUSTER">;
}

export class EdgeMachine implements EdgeEnd {
  readonly wires = new Set<Wire>();
  isUp = true;
  readonly #options: EdgeMachineOptions;
  #life: Life = { isOver: false };
  #board: Switchboard | undefined;
  #alarmMs: number | null = null;
  #cancelAlarm: () => void = () => {};
  #ids = 0;
  #bound: { readonly bindings: unknown; readonly env: Env } | undefined;

  constructor(options: EdgeMachineOptions) {
    this.#options = options;
  }

  /** By the edge's own clock. */
  now(): number {
    return this.#options.scheduler.nowMs + this.#options.plan.offsetsMs.edge;
  }

  /** What a POST is answered with. Rejects when nothing listens. */
  async post(path: string, headers: Readonly<Record<string, string>>, body: Uint8Array): Promise<number> {
    if (!this.isUp) throw new TypeError("nothing listens");
    const life = this.#life;
    const announced = { ...headers, "Content-Length": String(body.length) };
    const sent = { method: "POST", headers: announced, body: body as Uint8Array<ArrayBuffer> };
    const request = new Request(`${ORIGIN}${path}`, sent);
    const { status } = await routes.fetch(request, this.#env());
    // It died before it could answer.
    if (life.isOver) throw new TypeError("the connection was cut");
    return status;
  }

  /** Takes an upgrade whose token the gate has verified; or the status that refuses it, and our date. */
  connect(wire: Wire, token: string): "accepted" | number {
    if (!isTokenGood(token, this.now())) return 401;
    const { jti, exp } = claimsOf(token);
    const board = this.#open();
    if (!board.useToken(jti, exp * 1000 + TOKEN_TOLERANCE_MS)) return 401;
    this.wires.add(wire);
    board.accept(wire.edgeSocket, { relayKey: wire.relay, origin: ORIGIN });
    return "accepted";
  }

  message(socket: RelaySocket, text: string): void {
    this.#handle(() => this.#open().received(socket, text));
  }

  closed(socket: RelaySocket): void {
    const wire = [...this.wires].find(({ edgeSocket }) => edgeSocket === socket);
    // A relay may be gone before it was taken in.
    if (wire === undefined || !this.wires.delete(wire) || !this.isUp) return;
    this.#handle(() => this.#open().closed(socket));
  }

  /** The process is gone with its sockets, and does not come back by itself. */
  crash(): void {
    this.#options.journal.tell("edge", "crashes");
    this.isUp = false;
    this.#end();
    for (const wire of this.wires) wire.edgeGone();
    this.wires.clear();
  }

  /** The process runs again; an alarm that is due rings. */
  start(): void {
    if (this.isUp) return;
    this.#options.journal.tell("edge", "starts");
    this.isUp = true;
    this.#armTimer();
  }

  /** The object sleeps: its memory is gone, its sockets and its alarm stay. */
  sleep(): void {
    if (!this.isUp) return;
    this.#options.journal.tell("edge", "sleeps");
    this.#end();
    this.#life = { isOver: false };
    this.#armTimer();
  }

  /** The alarm is lost, as when its handler threw too often. */
  loseAlarm(): void {
    this.#alarmMs = null;
    this.#cancelAlarm();
  }

  /** The cron's poke. */
  poke(): void {
    if (this.isUp) this.#handle(() => this.#open().look());
  }

  /** Everything that is stored, to be restored later. */
  copy(): Copy {
    return this.#options.storage.copy();
  }

  /** Puts an earlier state of the storage in the place of the present one, as from a backup. */
  restore(copy: Copy): void {
    this.crash();
    this.#options.storage.restore(copy);
    // An alarm is set in the storage too; the next poke sets one anew.
    this.loseAlarm();
    this.start();
    this.poke();
  }

  /** A new version with new bindings: what runs is thrown away, and begins anew at first use. */
  deploy(): void {
    this.#options.journal.tell("edge", "is deployed anew");
    this.crash();
    this.start();
  }

  #end(): void {
    this.#life.isOver = true;
    this.#board = undefined;
    this.#cancelAlarm();
  }

  #open(): Switchboard {
    if (this.#life.isOver) this.#life = { isOver: false };
    this.#board ??= this.#newBoard(this.#life);
    return this.#board;
  }

  #running(): Switchboard {
    if (!this.isUp) throw new Error("the process is gone");
    return this.#open();
  }

  #newBoard(life: Life): Switchboard {
    const { plan, scheduler, dice, storage, rest, log } = this.#options;
    const reading = clusterIn(readEdgeConfig(this.#env()), CLUSTER);
    if (reading?.kind !== "ready") throw new Error(`the edge's configuration is faulty: ${JSON.stringify(reading)}`);
    return new Switchboard({
      config: reading.config,
      sql: storage.lifeUntil(() => life.isOver),
      sockets: () => [...this.wires].map(({ edgeSocket }) => edgeSocket),
      setAlarm: (atMs) => {
        this.#alarmMs = atMs;
        this.#armTimer();
      },
      armedMs: this.#alarmMs,
      wakeEveryMs: null,
      reconcileEveryMs: plan.reconcileEveryMs,
      fetch: rest.fetchFor(life),
      now: () => this.now(),
      after: clockOf(scheduler, 0, life).after,
      random: () => dice.roll(),
      randomId: () => {
        this.#ids += 1;
        return `edge-${this.#ids}`;
      },
      log,
    });
  }

  #armTimer(): void {
    this.#cancelAlarm();
    if (this.#alarmMs === null) return;
    this.#cancelAlarm = this.#options.scheduler.after(this.#alarmMs - this.now(), () => {
      if (!this.isUp) return;
      this.#alarmMs = null;
      this.#handle(() => this.#open().alarmed());
    });
  }

  // What a handler lets out is logged by its runtime; the object lives on.
  #handle(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#options.journal.count("handlers of the edge that threw");
      this.#options.journal.tell("edge", `a handler threw: ${String(error)}`);
    }
  }

  // The Worker reads an environment once: a new one is a new deployment.
  #env(): Env {
    const bindings = this.#options.env();
    if (this.#bound?.bindings !== bindings)
      this.#bound = { bindings, env: { ...bindings, CLUSTER: this.#namespace() } };
    return this.#bound.env;
  }

  #namespace(): Env["CLUSTER"] {
    const stub: ClusterStub = {
      deliver: async (delivery) => this.#running().deliver(delivery),
      act: async ({ action, raw }: { action: Verdict; raw: Uint8Array }) => this.#running().act(action, raw),
      useToken: unused,
      status: unused,
      metrics: unused,
      pinged: unused,
      check: unused,
      poke: unused,
      fetch: unused,
    };
    return { getByName: () => stub };
  }
}

async function unused(): Promise<never> {
  throw new Error("nobody asks for this in a simulation");
}

interface Claims {
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
}

function claimsOf(token: string): Claims {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}

// The signature is verified by other tests; what time does to a token is seen here.
function isTokenGood(token: string, nowMs: number): boolean {
  const { iat, exp } = claimsOf(token);
  return iat * 1000 <= nowMs + TOKEN_TOLERANCE_MS && exp * 1000 > nowMs;
}
