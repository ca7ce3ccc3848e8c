/**
 * One cluster's edge, whatever it runs in: the ledger, the relays and the PagerDuty work wired together, and the one alarm
 * that looks after all of them. Time, randomness, network, storage and sockets come in from outside.
 */
import { readActionPayload } from "../shared/custom-action.ts";
import type { Verdict } from "../shared/decisions.ts";
import type { LogFields, Logger } from "../shared/log.ts";
import { Alarm } from "./alarm.ts";
import { answerEventsFor } from "./check/coverage.ts";
import type { ClusterConfig } from "./config/cluster-config.ts";
import { Exchange } from "./exchange.ts";
import { Inspection } from "./inspection.ts";
import { Ledger, MAX_FAULTS } from "./ledger.ts";
import { NEWS, newsOf } from "./news.ts";
import { pagerDutyWorker } from "./outbox/work.ts";
import { Outbox } from "./outbox.ts";
import { PagerDutyHealth } from "./pagerduty/health.ts";
import { mayBeOnCall, OnCall } from "./pagerduty/on-call.ts";
import { People } from "./pagerduty/people.ts";
import { Priorities } from "./pagerduty/priorities.ts";
import { Services } from "./pagerduty/services.ts";
import { Subscriptions } from "./pagerduty/subscriptions.ts";
import { PagerDuty } from "./pagerduty.ts";
import { Reconciliation } from "./reconciliation.ts";
import type { RequestRecord } from "./record.ts";
import { Absence } from "./relays/absence.ts";
import type { Attachment, RelaySocket } from "./relays/socket.ts";
import { Relays } from "./relays.ts";
import { Requests } from "./requests.ts";
import { targetsFor } from "./routing.ts";
import type { Sql } from "./sql.ts";
import { History } from "./status/history.ts";
import { relayAway } from "./steps/relay-away.ts";
import type { After } from "./timer.ts";

/**
 * How long work that is due, and so under way, may take before the alarm looks whether it was lost with the object's life, in
 * ms. An object that is woken by anything else looks at once.
 */
export const LEASE_MS = 3 * 60_000;

/** Most requests that one look ends, and that it deletes; with more to end it looks again, after so many ms. */
const SWEEP_COUNT = 500;
const LOOK_AGAIN_MS = 5_000;

const DAY_MS = 24 * 60 * 60 * 1000;

/** What a cluster's edge runs in. */
export interface Surroundings {
  readonly config: ClusterConfig;
  readonly sql: Sql;
  readonly sockets: () => readonly RelaySocket[];
  /** Sets the one alarm, in ms since the epoch. */
  readonly setAlarm: (atMs: number) => void;
  /** When the alarm is set for as this life begins; null when it is not. */
  readonly armedMs: number | null;
  /** Longest time without an alarm, in ms; null where something else pokes. */
  readonly wakeEveryMs: number | null;
  /** How often what PagerDuty has is compared with what it told, while anything is open, in ms; null: never. */
  readonly reconcileEveryMs: number | null;
  readonly fetch: (request: Request) => Promise<Response>;
  readonly now: () => number;
  readonly after: After;
  readonly random: () => number;
  readonly randomId: () => string;
  readonly log: Logger;
}

export class Switchboard {
  /** For operators. */
  readonly inspection: Inspection;
  readonly #surroundings: Surroundings;
  readonly #ledger: Ledger;
  readonly #history: History;
  readonly #requests: Requests;
  readonly #outbox: Outbox;
  readonly #relays: Relays;
  readonly #absence: Absence;
  readonly #exchange: Exchange;
  readonly #health: PagerDutyHealth;
  readonly #subscriptions: Subscriptions;
  readonly #reconciliation: Reconciliation;
  readonly #alarm: Alarm;

  constructor(surroundings: Surroundings) {
    const { config, sql, now, after, random, randomId, log, sockets, fetch, armedMs, setAlarm } = surroundings;
    this.#surroundings = surroundings;
    this.#alarm = new Alarm({ armedMs, set: setAlarm, now });
    const ledger = new Ledger(sql);
    const fault = (what: string, about: LogFields = {}): void => {
      log.warn(what, about);
      ledger.addFault(what, now());
    };
    // What stands after a sleep is no news.
    const faultOnce = (what: string): void => {
      if (!ledger.faults(MAX_FAULTS).some((known) => known.what === what && known.atMs > now() - DAY_MS)) fault(what);
    };
    const pagerDuty = new PagerDuty({
      account: config.pagerDuty,
      fetch,
      now,
      after,
      called: (outcome) => ledger.count([`calls ${outcome}`, 1]),
    });
    const people = new People(pagerDuty, config.pagerDuty.userEmail, now);
    const services = new Services({ pagerDuty, serviceId: config.serviceId, now, fault });
    const priorities = new Priorities(pagerDuty, now, fault);
    const requests = () => this.#requests;
    this.#ledger = ledger;
    this.#history = new History(ledger);
    this.#health = new PagerDutyHealth({
      config,
      pagerDuty,
      people,
      now,
      fault: faultOnce,
      changed: () => this.#tellHealth(),
    });
    this.#subscriptions = new Subscriptions({
      pagerDuty,
      service: (serviceId) => services.service(serviceId),
      webhookUrl: () => this.#webhookUrl(),
      events: () => this.#answerEvents(),
      now,
      fault: faultOnce,
    });
    this.#reconciliation = new Reconciliation({
      config,
      ledger,
      pagerDuty,
      people,
      subscriptions: this.#subscriptions,
      requests,
      webhookUrl: () => this.#webhookUrl(),
      everyMs: surroundings.reconcileEveryMs,
      now,
      log,
      fault,
    });
    this.#relays = new Relays({
      cluster: config.cluster,
      ledger,
      sockets,
      now,
      after,
      randomId,
      log,
      received: (...told) => this.#exchange.received(...told),
      welcomed: (socket) => void this.#health.check().then(() => this.#relays.tell(socket, this.#health.frame)),
      owes: () => this.#exchange.sendAgain(),
      fault: faultOnce,
      checkBy: (atMs) => this.#arm(atMs),
    });
    const isAnybodyThere = () => this.#relays.activeSession !== undefined;
    const away = (requestId: string, sinceMs: number) => this.#away(requestId, sinceMs);
    this.#absence = new Absence({ ledger, isAnybodyThere, away, now, fault: faultOnce });
    this.#exchange = new Exchange({ config, ledger, people, relays: () => this.#relays, requests, now, log, fault });
    const work = pagerDutyWorker({
      config,
      ledger,
      pagerDuty,
      people,
      onCall: new OnCall(pagerDuty, now),
      services,
      subscriptions: this.#subscriptions,
      priorities,
      requests,
      now,
      bornMs: now(),
      fault,
    });
    this.#outbox = new Outbox({
      ledger,
      requests,
      work,
      now,
      random,
      log,
      pace: () => pagerDuty.pace,
      trouble: (problem) => this.#health.seen(problem),
      waits: () => this.#arm(),
    });
    this.#requests = new Requests({
      cluster: config.cluster,
      ledger,
      now,
      retainMs: config.retainDays * DAY_MS,
      route: (request, recipients) => services.routing(targetsFor(request, recipients)),
      knownIdentity: (_record, { agent }) => this.#knownIdentity(people, agent?.id),
      asksOnCall: (request) => this.#approvesOnCall() && mayBeOnCall(request),
      botId: () => people.knownBotId,
      changed: (record, before) => this.#changed(record, before),
    });
    this.inspection = new Inspection({
      config,
      ledger,
      history: this.#history,
      relays: this.#relays,
      outbox: this.#outbox,
      pagerDuty,
      health: this.#health,
      subscriptions: this.#subscriptions,
      now,
      after,
    });
    // Whatever was under way when the life before this one ended is in nobody's hands.
    this.#outbox.beginDue();
  }

  /** Uses up the id of a relay's token; false when it was used before. */
  useToken(jti: string, expiresMs: number): boolean {
    return this.#ledger.useJti(jti, expiresMs, this.#surroundings.now());
  }

  /** A relay whose token was verified has connected, at this origin of ours. */
  accept(socket: RelaySocket, accepted: Pick<Attachment, "relayKey" | "origin">): void {
    this.#relays.accept(socket, accepted);
  }

  received(socket: RelaySocket, message: string | ArrayBuffer): void {
    this.#relays.receive(socket, message);
  }

  closed(socket: RelaySocket): void {
    this.#relays.closed(socket);
    this.#absence.look();
    this.#arm(this.#absence.nextMs);
  }

  /** An authentic webhook delivery; what could matter of it is stored when this returns. */
  deliver(delivery: { raw: Uint8Array; signature: string }): void {
    this.#requests.delivered(delivery, this.#ledger.session()?.hello.decisions);
  }

  /** An authentic press of a custom action; stored when this returns. */
  act(verdict: Verdict, raw: Uint8Array): void {
    if (!this.#ledger.session()?.hello.decisions.channels.includes("action")) return;
    this.#requests.pressed(readActionPayload(raw), verdict);
  }

  /** The alarm went off. */
  alarmed(): void {
    this.#alarm.rang();
    this.look();
  }

  /** Looks after whatever is due: calls to PagerDuty, ends, deletions, relays that do not answer. */
  look(): void {
    const { now } = this.#surroundings;
    this.#alarm.overtaken();
    const expired = this.#ledger.expiredBy(now(), SWEEP_COUNT);
    try {
      for (const requestId of expired) this.#safely(requestId, () => this.#expired(requestId));
      for (const requestId of this.#requests.outdated(SWEEP_COUNT)) {
        this.#safely(requestId, () => this.#requests.forget(requestId));
      }
      this.#outbox.beginDue();
      this.#reconciliation.look();
      this.#absence.look();
      void this.#health.look();
      this.#relays.checkAnswers();
      this.#relays.keepAuditHeads();
      this.#ledger.dropHeld(now());
    } finally {
      this.#arm(expired.length === SWEEP_COUNT ? now() + LOOK_AGAIN_MS : this.#absence.nextMs);
    }
  }

  // One request that cannot be looked after must not stop the others.
  #safely(requestId: string, look: () => unknown): void {
    try {
      look();
    } catch (error) {
      this.#surroundings.log.error("a request cannot be looked after", { requestId, problem: String(error) });
    }
  }

  #expired(requestId: string): void {
    this.#requests.ended(requestId, { end: "expired", who: null, why: null, clickId: null });
  }

  #away(requestId: string, sinceMs: number): void {
    const { now } = this.#surroundings;
    this.#safely(requestId, () => this.#requests.change(requestId, (record) => relayAway(record, sinceMs, now())));
  }

  #changed(record: RequestRecord, before: RequestRecord | undefined): void {
    for (const { kind, ...about } of newsOf(record, before)) {
      this.#surroundings.log.info(NEWS[kind], { requestId: record.request.id, ...about });
    }
    this.#history.changed(record);
    this.#outbox.changed(record, before);
    this.#exchange.changed(record);
    this.#arm();
  }

  #knownIdentity(people: People, userId: string | undefined) {
    const user = userId === undefined ? undefined : people.known(userId);
    const asksOnCall = this.#ledger.session()?.hello.asksOnCall ?? true;
    const botUserId = people.knownBotId;
    if (user === undefined || asksOnCall || botUserId === undefined) return undefined;
    return { email: user.email, name: user.name, onCallLevels: null, botUserId };
  }

  #webhookUrl(): string | null {
    const { origin } = this.#relays;
    return origin === null ? null : `${origin}/v1/${this.#surroundings.config.cluster}/webhook`;
  }

  #answerEvents(): string[] {
    const decisions = this.#ledger.session()?.hello.decisions;
    return decisions === undefined ? [] : answerEventsFor(decisions);
  }

  #approvesOnCall(): boolean {
    return this.#ledger.session()?.hello.autoApproval !== undefined;
  }

  #tellHealth(): void {
    for (const socket of this.#surroundings.sockets()) this.#relays.tell(socket, this.#health.frame);
  }

  #arm(byMs: number | null = null): void {
    const { now, wakeEveryMs } = this.#surroundings;
    const nowMs = now();
    const ledger = this.#ledger;
    this.#alarm.armBy(
      byMs,
      ledger.nextDueMs(nowMs),
      ledger.isAnyDue(nowMs) ? (this.#outbox.resumesMs ?? nowMs + LEASE_MS) : null,
      ledger.expiredBy(nowMs, 1).length > 0 ? nowMs + LEASE_MS : null,
      this.#reconciliation.nextMs,
      wakeEveryMs === null ? null : nowMs + wakeEveryMs,
    );
  }
}
