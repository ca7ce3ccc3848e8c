/**
 * Every few minutes while requests are open: what PagerDuty has that no delivery told us of. Subscriptions that PagerDuty
 * has disabled are enabled again; incidents that were resolved or merged meanwhile are followed; answers that never arrived
 * are asked for again, because without a signature they decide nothing. It reads a bounded part at a time, and leaves most
 * of the account's calls to everybody else.
 */
import type { Logger } from "../shared/log.ts";
import { servicesInUse } from "./check/services-in-use.ts";
import type { ClusterConfig } from "./config/cluster-config.ts";
import type { Ledger } from "./ledger.ts";
import { PagerDutyError } from "./pagerduty/error.ts";
import { roomIn } from "./pagerduty/pace.ts";
import type { People } from "./pagerduty/people.ts";
import type { Subscriptions } from "./pagerduty/subscriptions.ts";
import type { PagerDuty } from "./pagerduty.ts";
import { RequestsInPagerDuty } from "./reconciliation/request.ts";
import { enableOurs } from "./reconciliation/subscriptions.ts";
import type { Requests } from "./requests.ts";

/** How often, in ms. */
export const RECONCILE_EVERY_MS = 3 * 60_000;

/** Most requests that one round looks at; the next goes on after them. */
export const MAX_REQUESTS_PER_ROUND = 100;

/** The part of the account's calls that must be left for a round to go on. */
const LEFT_FOR_OTHERS = 0.5;

export interface ReconciliationOptions {
  readonly config: ClusterConfig;
  readonly ledger: Ledger;
  readonly pagerDuty: PagerDuty;
  readonly people: People;
  readonly subscriptions: Subscriptions;
  readonly requests: () => Requests;
  /** Where our webhook is; null while that is not known. */
  readonly webhookUrl: () => string | null;
  /** How often, in ms; null: never. */
  readonly everyMs: number | null;
  readonly now: () => number;
  readonly log: Logger;
  /** Remembers what an operator should know. */
  readonly fault: (what: string) => void;
}

export class Reconciliation {
  readonly #options: ReconciliationOptions;
  readonly #inPagerDuty: RequestsInPagerDuty;
  #isUnderWay = false;

  constructor(options: ReconciliationOptions) {
    this.#options = options;
    this.#inPagerDuty = new RequestsInPagerDuty(options);
  }

  /** When the next round begins, ms since the epoch; null while nothing is open. */
  get nextMs(): number | null {
    const { everyMs, ledger, now } = this.#options;
    if (everyMs === null || !ledger.isAnyOpen()) return null;
    return (Math.floor(now() / everyMs) + 1) * everyMs;
  }

  /** Begins a round if it is time. */
  look(): void {
    const { everyMs, ledger, now, log } = this.#options;
    if (everyMs === null || this.#isUnderWay || !ledger.isAnyOpen()) return;
    const last = ledger.lastRound();
    if (last !== undefined && Math.floor(now() / everyMs) <= Math.floor(last.atMs / everyMs)) return;
    this.#isUnderWay = true;
    void this.#round(last?.upTo ?? "")
      .catch((error: unknown) => log.warn("What PagerDuty has could not all be looked at", { problem: String(error) }))
      .finally(() => {
        this.#isUnderWay = false;
      });
  }

  async #round(after: string): Promise<void> {
    const { ledger, now } = this.#options;
    let upTo = after;
    try {
      await this.#lookAtSubscriptions();
      const decisions = ledger.session()?.hello.decisions;
      for (const requestId of this.#batch(after)) {
        if (!this.#hasRoom()) break;
        const record = ledger.load(requestId);
        if (record !== undefined) await this.#inPagerDuty.lookAt(record, decisions);
        upTo = requestId;
      }
    } finally {
      ledger.setLastRound({ atMs: now(), upTo });
    }
  }

  // Round and round, so that however many are open each has its turn.
  #batch(after: string): string[] {
    const { ledger } = this.#options;
    const rest = ledger.openAfter(after, MAX_REQUESTS_PER_ROUND);
    const first = ledger.openAfter("", MAX_REQUESTS_PER_ROUND - rest.length);
    return [...new Set([...rest, ...first])];
  }

  #hasRoom(): boolean {
    const { pagerDuty, now } = this.#options;
    return roomIn(pagerDuty.pace, now()) > pagerDuty.pace.limit * LEFT_FOR_OTHERS;
  }

  async #lookAtSubscriptions(): Promise<void> {
    const { pagerDuty, subscriptions, config, ledger, webhookUrl } = this.#options;
    const url = webhookUrl();
    if (url === null) return;
    try {
      const fault = (what: string): void => {
        ledger.count(["disabled", 1]);
        this.#options.fault(what);
      };
      const all = await enableOurs(await pagerDuty.subscriptions(), url, { pagerDuty, fault });
      subscriptions.listed(all);
    } catch (error) {
      // A key that may not see them is told of where they are asked for.
      if (!(error instanceof PagerDutyError)) throw error;
    }
    for (const serviceId of servicesInUse(config.serviceId, ledger)) await subscriptions.covers(serviceId);
  }
}
