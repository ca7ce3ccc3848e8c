/**
 * Which endpoints hear of what occurred: active subscriptions whose filter and events fit, or the pressed extension.
 * Makes the body at once, so that later changes do not show in it.
 */
import type { Account } from "./account.ts";
import { actionPayloadFor } from "./action-payload.ts";
import { type EventHead, eventFor, type Occurrence, pingFor } from "./events.ts";
import type { Incident, Subscription } from "./records.ts";
import type { Courier } from "./webhooks.ts";

/** What PagerDuty leaves open about events. */
export type DispatchOptions = {
  /** Notes longer than this are cut in their event, which then says `trimmed`. */
  readonly trimCharacters: number;
  /** Whether overlapping subscriptions get ids of their own for one event; PagerDuty does not say. */
  readonly eventIdPerSubscription: boolean;
};

/** Turns what occurred into deliveries. */
export class Dispatch {
  readonly #account: () => Account;
  readonly #courier: Courier;
  readonly #options: DispatchOptions;

  constructor(account: () => Account, courier: Courier, options: DispatchOptions) {
    this.#account = account;
    this.#courier = courier;
    this.#options = options;
  }

  /** Sends what occurred to all whom it concerns. */
  tell(occurrence: Occurrence): void {
    if (occurrence.type === "incident.custom") {
      this.#press(occurrence);
      return;
    }
    let head = this.#newHead();
    let body: string | undefined;
    for (const subscription of this.#account().subscriptions.values()) {
      if (!hears(this.#account(), subscription, occurrence.type, occurrence.incident)) continue;
      if (body === undefined || this.#options.eventIdPerSubscription) {
        if (body !== undefined) head = this.#newHead();
        body = JSON.stringify(eventFor(this.#account(), occurrence, head, this.#options.trimCharacters));
      }
      const incidentId = occurrence.incident.id;
      this.#courier.send(subscription.endpoint, { eventType: occurrence.type, eventId: head.id, incidentId, body });
    }
  }

  /** Sends the test event; an inactive subscription sends nothing, not even that. */
  ping(subscription: Subscription, userId: string | null): void {
    if (!subscription.active) return;
    const head = this.#newHead();
    const body = JSON.stringify(pingFor(head, userId));
    this.#courier.send(subscription.endpoint, { eventType: "pagey.ping", eventId: head.id, incidentId: null, body });
  }

  #press({ incident, extension, entry }: Extract<Occurrence, { type: "incident.custom" }>): void {
    const body = JSON.stringify(actionPayloadFor(this.#account(), incident, extension, entry));
    const parcel = { eventType: "incident.custom", eventId: entry.id, incidentId: incident.id, body };
    this.#courier.send(extension.endpoint, parcel);
  }

  #newHead(): EventHead {
    const account = this.#account();
    return { id: account.nextId("01", 26), occurredAtMs: account.now };
  }
}

function hears(account: Account, subscription: Subscription, type: string, incident: Incident): boolean {
  if (!subscription.active || !subscription.events.includes(type)) return false;
  const { filter } = subscription;
  if (filter.type === "service_reference") return filter.id === incident.serviceId;
  if (filter.type === "account_reference") return true;
  return filter.id !== null && account.services.get(incident.serviceId)?.teamIds.includes(filter.id) === true;
}
