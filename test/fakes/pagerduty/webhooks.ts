/**
 * Carries deliveries out: in order for an endpoint and an incident, side by side otherwise.
 * Timeouts, 5xx, 429 and failed connections are retried while later ones queue behind; any other answer that is not
 * 2xx drops the delivery, and three drops in a row disable the endpoint for 24 hours and empty its queues.
 * Never looks into a body.
 */
import { randomUUID } from "node:crypto";
import { type DeliveryAttempt, fateFor, headersFor, type Parcel } from "./delivery.ts";
import { Poster, type PostResult } from "./http-post.ts";
import type { Endpoint } from "./records.ts";
import { isDisabled } from "./setup.ts";

const DROPS_UNTIL_DISABLED = 3;
const DISABLED_MS = 24 * 3600 * 1000;
/** PagerDuty drops what is larger than this. */
const LARGEST_BODY_BYTES = 256 * 1024;

/** The waits of deliveries; PagerDuty gives webhooks 5 s, custom actions 16 s, and retries for 48 h. */
export type CourierOptions = {
  readonly now: () => number;
  readonly webhookTimeoutMs: number;
  readonly actionTimeoutMs: number;
  /** How long to wait after the nth failed attempt. */
  readonly retryDelayMs: (attempt: number) => number;
  readonly giveUpAfterMs: number;
};

type Queued = Parcel & { readonly id: string; readonly sinceMs: number; attempt: number };

/** Carries deliveries to their endpoints. */
export class Courier {
  /** Further copies of everything that was delivered, with the same `X-Webhook-Id`: at least once, not exactly once. */
  duplicates = 0;
  readonly #options: CourierOptions;
  readonly #report: (attempt: DeliveryAttempt) => void;
  readonly #poster = new Poster();
  readonly #lanes = new Map<string, Queued[]>();
  readonly #waking = new Set<() => void>();
  readonly #idlers = new Set<() => void>();
  #held: Promise<void> | undefined;
  #letGo: () => void = () => {};
  #sequence = 0;
  #stopped = false;

  constructor(options: CourierOptions, report: (attempt: DeliveryAttempt) => void) {
    this.#options = options;
    this.#report = report;
  }

  /** Queues a parcel; what is too large, or for a disabled endpoint, is gone. Returns its `X-Webhook-Id`. */
  send(endpoint: Endpoint, parcel: Parcel, id: string = randomUUID()): string {
    const tooLarge = Buffer.byteLength(parcel.body) > LARGEST_BODY_BYTES;
    if (this.#stopped || tooLarge || isDisabled(endpoint, this.#options.now())) return id;
    const lane = `${endpoint.id}\n${parcel.incidentId ?? ""}`;
    const queued = { ...parcel, id, sinceMs: this.#options.now(), attempt: 0 };
    const queue = this.#lanes.get(lane);
    if (queue !== undefined) {
      queue.push(queued);
      return id;
    }
    const started = [queued];
    this.#lanes.set(lane, started);
    void this.#drain(endpoint, lane, started);
    return id;
  }

  /** Holds everything back, for as long as `release` is not called. */
  hold(): void {
    if (this.#held !== undefined) return;
    this.#held = new Promise((resolve) => {
      this.#letGo = resolve;
    });
  }

  release(): void {
    this.#held = undefined;
    this.#letGo();
  }

  /** Cuts every wait before a retry short. */
  retryNow(): void {
    for (const wake of [...this.#waking]) wake();
  }

  /** How many deliveries wait or are under way. */
  get pending(): number {
    return [...this.#lanes.values()].reduce((count, queue) => count + queue.length, 0);
  }

  /** Resolves once nothing waits and nothing is under way. */
  idle(): Promise<void> {
    if (this.#lanes.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idlers.add(resolve));
  }

  stop(): void {
    this.#stopped = true;
    this.release();
    this.retryNow();
    this.#poster.close();
  }

  async #drain(endpoint: Endpoint, lane: string, queue: Queued[]): Promise<void> {
    for (let head = queue[0]; head !== undefined && !this.#stopped; head = queue[0]) {
      if (this.#held !== undefined) await this.#held;
      if (isDisabled(endpoint, this.#options.now())) break;
      if (await this.#attempt(endpoint, head)) queue.shift();
    }
    this.#lanes.delete(lane);
    if (this.#lanes.size > 0) return;
    for (const resolve of this.#idlers) resolve();
    this.#idlers.clear();
  }

  /** One attempt and the wait after it; true when this delivery is over. */
  async #attempt(endpoint: Endpoint, queued: Queued): Promise<boolean> {
    queued.attempt += 1;
    const result = await this.#post(endpoint, queued);
    if (this.#stopped) return true;
    const gaveUp = this.#options.now() - queued.sinceMs > this.#options.giveUpAfterMs;
    const fate = fateFor(result) === "retrying" && gaveUp ? "dropped" : fateFor(result);
    this.#count(endpoint, fate);
    this.#log(endpoint, queued, result, fate);
    if (fate === "retrying") await this.#sleep(this.#options.retryDelayMs(queued.attempt));
    if (fate === "delivered") await this.#repeat(endpoint, queued);
    return fate !== "retrying";
  }

  async #repeat(endpoint: Endpoint, queued: Queued): Promise<void> {
    for (let copy = 0; copy < this.duplicates; copy += 1) {
      queued.attempt += 1;
      const result = await this.#post(endpoint, queued);
      this.#log(endpoint, queued, result, fateFor(result) === "delivered" ? "delivered" : "dropped");
    }
  }

  #post(endpoint: Endpoint, queued: Queued): Promise<PostResult> {
    const { webhookTimeoutMs, actionTimeoutMs } = this.#options;
    const timeoutMs = endpoint.kind === "subscription" ? webhookTimeoutMs : actionTimeoutMs;
    return this.#poster.post(
      endpoint.url,
      headersFor(endpoint, queued.id, queued.body),
      Buffer.from(queued.body),
      timeoutMs,
    );
  }

  #count(endpoint: Endpoint, fate: DeliveryAttempt["fate"]): void {
    if (fate === "delivered") endpoint.consecutiveDrops = 0;
    if (fate !== "dropped") return;
    endpoint.consecutiveDrops += 1;
    if (endpoint.consecutiveDrops < DROPS_UNTIL_DISABLED) return;
    endpoint.disabledUntilMs = this.#options.now() + DISABLED_MS;
    endpoint.consecutiveDrops = 0;
  }

  #log(endpoint: Endpoint, queued: Queued, result: PostResult, fate: DeliveryAttempt["fate"]): void {
    this.#sequence += 1;
    const { id, eventType, eventId, incidentId, body, attempt } = queued;
    const sent = { url: endpoint.url, headers: headersFor(endpoint, queued.id, queued.body), body };
    const which = { sequence: this.#sequence, deliveryId: id, endpointId: endpoint.id, eventType, eventId, incidentId };
    this.#report({ atMs: this.#options.now(), ...which, ...sent, attempt, result, fate });
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waking.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, delayMs);
      this.#waking.add(wake);
    });
  }
}
