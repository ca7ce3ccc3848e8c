/**
 * One relay in virtual time: the shipped journeys, its audit log, which outlives every crash, and whatever starts it again
 * when it has ended.
 */
import { type AuditRecord, auditLineFor } from "../../relay/audit/record.ts";
import { tailOf } from "../../relay/audit/tail.ts";
import type { Verifiers } from "../../relay/decider/evidence.ts";
import { Journeys, type JourneysOptions } from "../../relay/journeys.ts";
import type { Dial } from "../../relay/link/socket.ts";
import type { Logger } from "../../shared/log.ts";
import type { Dice } from "../chaos/dice.ts";
import type { Intent } from "../checker/history.ts";
import { type EdgeMachine, ORIGIN } from "./edge-machine.ts";
import type { Journal } from "./journal.ts";
import { Wire } from "./link.ts";
import { clockOf, type Life } from "./machine.ts";
import { CLUSTER, type Plan } from "./plan.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimulatedTeleport } from "./teleport.ts";
import { SimulatedPort } from "./teleport-port.ts";
import type { Weather } from "./weather.ts";

/** How long a handshake may take, in ms. */
const OPEN_WITHIN_MS = 10_000;

export interface RelayMachineOptions {
  readonly name: "east" | "west";
  readonly plan: Plan;
  readonly scheduler: Scheduler;
  readonly journal: Journal;
  readonly weather: Weather;
  readonly dice: Dice;
  readonly teleport: SimulatedTeleport;
  readonly edge: EdgeMachine;
  readonly verifiers: () => Verifiers;
  readonly log: Logger;
  readonly tamper: ((text: string) => string) | null;
}

export class RelayMachine {
  readonly name: "east" | "west";
  /** Whether the disk takes what is written. */
  isDiskWritable = true;
  /** What its audit log holds of what was about to be sent. */
  readonly intents: Intent[] = [];
  /** How often it was started. */
  starts = 0;
  readonly #options: RelayMachineOptions;
  readonly #lines: string[] = [];
  #life: Life | undefined;
  #wires: Wire[] = [];
  #ids = 0;

  constructor(options: RelayMachineOptions) {
    this.#options = options;
    this.name = options.name;
  }

  start(): void {
    if (this.#life !== undefined) return;
    this.starts += 1;
    const life: Life = { isOver: false };
    this.#life = life;
    this.#options.journal.tell(this.name, "starts");
    const stop = new AbortController();
    this.#journeys(life)
      .run(stop.signal)
      .catch((error: unknown) => {
        if (life.isOver) return;
        this.#options.journal.count("relays that ended by themselves");
        this.#options.journal.tell(this.name, `ends by itself: ${String(error)}`);
        this.crash();
        this.#options.scheduler.after(5_000, () => this.start());
      });
  }

  /** The process is killed: whatever it was doing stays as it is. */
  crash(): void {
    if (this.#life === undefined) return;
    this.#options.journal.tell(this.name, "is killed");
    this.#life.isOver = true;
    this.#life = undefined;
    for (const wire of this.#wires) wire.relayGone();
    this.#wires = [];
  }

  /** Breaks its link. */
  cutLink(): void {
    for (const wire of this.#wires) wire.break();
  }

  #journeys(life: Life): Journeys {
    const { name, plan, scheduler, weather, dice, teleport, verifiers, log } = this.#options;
    const clock = clockOf(scheduler, plan.offsetsMs[name], life);
    const ownUser = "pagerduty-relay";
    const { teleportFails: failure, slow } = plan.climate;
    const at = { teleport, relay: name, ownUser, clock, life, scheduler, weather, dice, failure, slow };
    return new Journeys({
      config: {
        decisions: plan.decisions,
        policy: { ...plan.policy, confirm: plan.decisions.confirm ?? "action" },
        edge: { url: ORIGIN },
        teleport: { decideBy: plan.decideBy },
      },
      release: "0.0.0",
      teleport: new SimulatedPort(at),
      server: { version: "18.2.0", cluster: CLUSTER, proxyAddress: `${CLUSTER}:443` },
      ownUser,
      certificateExpiresMs: clock.now() + 86_400_000,
      key: { publicKey: name, sign: () => new Uint8Array(64) },
      dial: this.#dial(life),
      audit: this.#auditLog(life),
      verifiers,
      clock,
      random: () => dice.roll(),
      randomId: () => {
        this.#ids += 1;
        return `${name}-instance-${this.#ids}`;
      },
      log,
    });
  }

  #dial(life: Life): Dial {
    const { name, scheduler, journal, weather, edge, tamper } = this.#options;
    return (_address, token, events) => {
      const alive = (run: () => void) => (): void => {
        if (!life.isOver) run();
      };
      const wire = new Wire({
        ...{ relay: name, scheduler, weather, life, events, edge, tamper },
        edgeNow: () => edge.now(),
        tell: (to, frame) => {
          if (journal.isRead) journal.tell(to, `  gets ${inShort(frame)}`);
        },
      });
      const failed = (problem: string) => alive(() => events.ended({ kind: "failed", problem }));
      if (weather.isCut(name, "edge")) {
        scheduler.after(OPEN_WITHIN_MS, failed("nothing answers"));
        return wire.relaySocket;
      }
      const arrive = alive(() => {
        if (!wire.isWanted) return;
        if (!edge.isUp) return failed("nothing listens there")();
        const answer = edge.connect(wire, token);
        if (answer === "accepted") {
          this.#wires = [...this.#wires.filter(({ isOpen }) => isOpen), wire];
          wire.opened();
        } else {
          const dateMs = Math.floor(edge.now() / 1000) * 1000;
          scheduler.after(
            weather.messageMs(),
            alive(() => events.ended({ kind: "refused", status: answer, dateMs })),
          );
        }
      });
      scheduler.after(weather.messageMs(), arrive);
      return wire.relaySocket;
    };
  }

  /** The log as it is opened by a new life: it ends where the lives before have left it. */
  #auditLog(life: Life): JourneysOptions["audit"] {
    const { end, digests, openIntents } = tailOf(this.#lines);
    const log = { end, digests: [...digests], openIntents };
    const write = (record: AuditRecord): void => {
      const line = auditLineFor(record, log.end);
      this.#lines.push(line.text);
      log.digests.push(line.digest);
      log.end = line.end;
      if (record.kind !== "intent" && record.kind !== "auto_intent" && record.kind !== "late") return;
      const { requestId, clickId } = record;
      this.intents.push({ requestId, clickId, atMs: this.#options.scheduler.nowMs });
    };
    return Object.assign(log, { append: (record: AuditRecord) => this.#append(() => write(record), life) });
  }

  #append(write: () => void, life: Life): Promise<void> {
    const { scheduler, dice } = this.#options;
    return new Promise((resolve, reject) => {
      scheduler.after(dice.between(1, 8), () => {
        if (life.isOver) return;
        if (!this.isDiskWritable) return reject(new Error("The audit log cannot be written (ENOSPC)."));
        write();
        resolve();
      });
    });
  }
}

/** A frame for the story: its type, and what it is about. */
function inShort(text: string): string {
  const { type, seq, requestId, clickId, epoch, upTo, request, outcome, end } = JSON.parse(text);
  const about = { seq, epoch, requestId: requestId ?? request?.id, clickId, upTo, end, outcome: outcome?.result };
  return `${type} ${JSON.stringify(about)}`;
}
