/**
 * PagerDuty's webhooks as it delivers them: signed, again and again until they are taken, in order for each subscription
 * and incident, at times twice. Three refused in a row and the subscription is switched off.
 */
import { createHmac } from "node:crypto";
import type { Dice } from "../chaos/dice.ts";
import type { Journal } from "./journal.ts";
import type { PagerDutyEvent } from "./pagerduty/records.ts";
import { CLUSTER } from "./plan.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Weather } from "./weather.ts";

/** A request to the edge; rejects when nothing answers. Resolves with the status. */
export type Post = (path: string, headers: Readonly<Record<string, string>>, body: Uint8Array) => Promise<number>;

export interface Subscription {
  readonly id: string;
  readonly secret: string;
  isEnabled: boolean;
  dropped: number;
}

interface Delivery {
  /** What has to come before what comes after. */
  readonly queue: string;
  readonly subscription: Subscription | null;
  readonly eventIds: readonly string[];
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  attempts: number;
}

export interface CourierOptions {
  readonly scheduler: Scheduler;
  readonly weather: Weather;
  readonly dice: Dice;
  readonly journal: Journal;
  readonly gateToken: string | null;
  readonly post: Post;
  readonly repeats: number;
  readonly eventIdPerSubscription: boolean;
  /** Told when a delivery of an event was first answered with a 2xx. */
  readonly accepted: (eventId: string) => void;
  /** Told when one was refused for good. */
  readonly refused: (eventId: string, status: number) => void;
}

/** How long an answer is waited for, and the waits between attempts, in ms; real ones go on for 48 hours. */
const ANSWERED_WITHIN_MS = 5_000;
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 15_000;

/** Refused deliveries in a row after which a subscription is switched off. */
const DROPS_BELIEVED = 3;

const encoder = new TextEncoder();

export class Courier {
  subscriptions: Subscription[] = [];
  readonly #options: CourierOptions;
  readonly #queues = new Map<string, Delivery[]>();

  constructor(options: CourierOptions) {
    this.#options = options;
  }

  /** Switches one on again, as the REST API does. */
  enable(subscriptionId: string): void {
    const subscription = this.subscriptions.find(({ id }) => id === subscriptionId);
    if (subscription === undefined) return;
    subscription.isEnabled = true;
    subscription.dropped = 0;
  }

  /** The ids under which an event is delivered. */
  idsOf(event: PagerDutyEvent): string[] {
    return this.subscriptions.map((subscription) => this.#idFor(event, subscription));
  }

  /** Delivers an event on every subscription that is on. */
  deliver(event: PagerDutyEvent): void {
    for (const subscription of this.subscriptions) {
      if (!subscription.isEnabled) continue;
      const eventId = this.#idFor(event, subscription);
      const body = encoder.encode(bodyFor(event, eventId));
      this.#enqueue({
        queue: `${subscription.id} ${event.incident.id}`,
        subscription,
        eventIds: [eventId],
        path: `/v1/${CLUSTER}/webhook`,
        headers: this.#headersFor(body, subscription.secret, subscription.id),
        body,
        attempts: 0,
      });
    }
  }

  /** Posts the press of a button. */
  press(action: "approve" | "deny", incidentId: string, logEntryId: string, token: string): void {
    const message = { event: "incident.custom", incident: { id: incidentId }, log_entries: [{ id: logEntryId }] };
    this.#enqueue({
      queue: `action ${incidentId}`,
      subscription: null,
      eventIds: [logEntryId],
      path: `/v1/${CLUSTER}/actions/${action}`,
      headers: { "X-Action-Token": token },
      body: encoder.encode(JSON.stringify({ messages: [message] })),
      attempts: 0,
    });
  }

  /** The headers of a delivery that was signed with a secret. */
  #headersFor(body: Uint8Array, secret: string, subscriptionId: string): Record<string, string> {
    const { gateToken } = this.#options;
    return {
      "X-PagerDuty-Signature": signatureFor(body, secret),
      "X-Webhook-Subscription": subscriptionId,
      ...(gateToken !== null && { "X-Gate-Token": gateToken }),
    };
  }

  #idFor(event: PagerDutyEvent, { id }: Subscription): string {
    const isFirst = this.subscriptions[0]?.id === id;
    return this.#options.eventIdPerSubscription && !isFirst ? `${event.id}-${id}` : event.id;
  }

  #enqueue(delivery: Delivery): void {
    const waiting = this.#queues.get(delivery.queue);
    if (waiting !== undefined) return void waiting.push(delivery);
    this.#queues.set(delivery.queue, [delivery]);
    this.#options.scheduler.after(this.#options.weather.messageMs(), () => void this.#attempt(delivery));
  }

  async #attempt(delivery: Delivery): Promise<void> {
    const { scheduler, dice, repeats, weather, journal, accepted, refused } = this.#options;
    delivery.attempts += 1;
    const status = await this.#send(delivery);
    journal.count(`webhooks ${status ?? "lost"}`);
    if (journal.isRead) journal.tell("pagerduty", `delivers ${delivery.eventIds.join()}: ${status ?? "no answer"}`);
    const isTaken = status !== null && status >= 200 && status < 300;
    if (isTaken) {
      if (delivery.subscription !== null) delivery.subscription.dropped = 0;
      for (const id of delivery.eventIds) accepted(id);
      if (!weather.isCalm && dice.chance(repeats)) {
        scheduler.after(dice.between(1, 40_000), () => void this.#send(delivery));
        journal.count("webhooks repeated");
      }
    } else if (status === null || status === 429 || status >= 500) {
      const waitMs = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** delivery.attempts);
      return void scheduler.after(waitMs, () => void this.#attempt(delivery));
    } else {
      for (const id of delivery.eventIds) refused(id, status);
      this.#dropped(delivery);
    }
    this.#next(delivery.queue);
  }

  #dropped({ subscription, eventIds }: Delivery): void {
    const { journal } = this.#options;
    journal.tell("pagerduty", `gives up ${eventIds.join()}`);
    if (subscription === null) return;
    subscription.dropped += 1;
    if (subscription.dropped < DROPS_BELIEVED) return;
    subscription.isEnabled = false;
    journal.count("subscriptions disabled");
  }

  #next(queue: string): void {
    const waiting = this.#queues.get(queue) ?? [];
    waiting.shift();
    const [next] = waiting;
    if (next === undefined) this.#queues.delete(queue);
    else void this.#attempt(next);
  }

  /** The status of the answer; null when none came. */
  #send({ path, headers, body }: Delivery): Promise<number | null> {
    const { scheduler, weather, post } = this.#options;
    const { arrivesMs, answersMs } = weather.call("pagerduty", "edge");
    return new Promise((resolve) => {
      scheduler.after(ANSWERED_WITHIN_MS, () => resolve(null));
      if (arrivesMs === null) return;
      scheduler.after(arrivesMs, () => {
        post(path, headers, body).then(
          (status) => void (answersMs !== null && scheduler.after(answersMs, () => resolve(status))),
          () => resolve(null),
        );
      });
    });
  }
}

/** The header of a delivery, as PagerDuty signs it. */
export function signatureFor(body: Uint8Array, ...secrets: readonly string[]): string {
  return secrets.map((secret) => `v1=${createHmac("sha256", secret).update(body).digest("hex")}`).join(",");
}

/** A delivery's JSON. */
export function bodyFor({ type, atMs, agent, data }: PagerDutyEvent, eventId: string): string {
  const occurred_at = new Date(atMs).toISOString();
  return JSON.stringify({
    event: { id: eventId, event_type: type, resource_type: "incident", occurred_at, agent, client: null, data },
  });
}
