/**
 * What operators ask of a cluster: how it stands, its metrics, and whether PagerDuty is set up as it needs. Looking writes
 * nothing and sets no alarm.
 */
import type { Check } from "../shared/check.ts";
import { eventsFor } from "./check/coverage.ts";
import { Pings } from "./check/pings.ts";
import { servicesInUse } from "./check/services-in-use.ts";
import type { ClusterConfig } from "./config/cluster-config.ts";
import type { Ledger } from "./ledger.ts";
import type { Outbox } from "./outbox.ts";
import type { PagerDutyHealth } from "./pagerduty/health.ts";
import type { Subscriptions } from "./pagerduty/subscriptions.ts";
import type { PagerDuty } from "./pagerduty.ts";
import type { Relays } from "./relays.ts";
import type { ConditionSources } from "./status/condition.ts";
import type { History } from "./status/history.ts";
import type { ClusterStatus, StatusSources } from "./status.ts";
import type { After } from "./timer.ts";

/** How long an operator waits for what PagerDuty has to be asked, in ms. */
const ASK_WITHIN_MS = 1_500;

export interface InspectionOptions {
  readonly config: ClusterConfig;
  readonly ledger: Ledger;
  readonly history: History;
  readonly relays: Relays;
  readonly outbox: Pick<Outbox, "pausedUntilMs">;
  readonly pagerDuty: PagerDuty;
  readonly health: PagerDutyHealth;
  readonly subscriptions: Subscriptions;
  readonly now: () => number;
  readonly after: After;
}

export class Inspection {
  readonly #options: InspectionOptions;
  readonly #pings = new Pings();

  constructor(options: InspectionOptions) {
    this.#options = options;
  }

  /** What an operator is shown; what nobody remembers since the object woke is asked for, and not waited for long. */
  async status(): Promise<ClusterStatus> {
    const [{ clusterStatus }] = await Promise.all([import("./view.ts"), this.#askPagerDuty()]);
    return clusterStatus(this.statusSources());
  }

  /** What there is to be shown at this moment. Asks nobody. */
  statusSources(): StatusSources {
    const { config, history, outbox } = this.#options;
    return { ...this.#condition(), cluster: config.cluster, history, pausedUntilMs: outbox.pausedUntilMs };
  }

  /** The metrics of both halves, as Prometheus' text; what nobody remembers since the object woke is asked for. */
  async metrics(): Promise<string> {
    const { relays, pagerDuty } = this.#options;
    const asked = [import("./view.ts"), relays.measure(), this.#askPagerDuty()] as const;
    const [{ metricsOf }, answers] = await Promise.all(asked);
    return metricsOf({ ...this.#condition(), answers, budget: pagerDuty.budget });
  }

  /** Whether PagerDuty is set up as this cluster needs it; `webhookUrl` is where it should post to. */
  async check(webhookUrl: string, sleep: (ms: number) => Promise<void>): Promise<Check[]> {
    const { runChecks } = await import("./view.ts");
    const { config, ledger, pagerDuty, now } = this.#options;
    const decisions = ledger.session()?.hello.decisions ?? { channels: ["note"] };
    return runChecks({
      config,
      pagerDuty,
      serviceIds: servicesInUse(config.serviceId, ledger),
      wanted: { url: webhookUrl, events: eventsFor(decisions) },
      pings: this.#pings,
      nowMs: now(),
      sleep,
    });
  }

  /** An authentic test event of PagerDuty's has arrived; null when it does not say of which subscription. */
  pinged(subscriptionId: string | null): void {
    this.#pings.arrived(subscriptionId);
  }

  #condition(): ConditionSources {
    const { ledger, relays, health, subscriptions, now } = this.#options;
    return { ledger, relays, health, subscriptions, nowMs: now() };
  }

  // However many look on: a PagerDuty in trouble is not asked more often for it.
  async #askPagerDuty(): Promise<void> {
    const { config, health, subscriptions, after } = this.#options;
    const asked = Promise.all([
      health.seenMs === null ? health.check() : health.look(),
      subscriptions.listedMs ?? subscriptions.covers(config.serviceId),
    ]);
    await new Promise<void>((resolve, reject) => {
      const cancel = after(ASK_WITHIN_MS, resolve);
      asked.finally(cancel).then(() => resolve(), reject);
    });
  }
}
