/**
 * The edge's half of `teleport-pagerduty check`: whether PagerDuty is set up so that requests page somebody and answers
 * come back. It changes nothing in PagerDuty but for the test event that it asks for. What PagerDuty refuses is a failed
 * check, never an error.
 */
import { type Check, failed, passed } from "../shared/check.ts";
import { attempt } from "./check/attempt.ts";
import { coverageOf, type Wanted } from "./check/coverage.ts";
import { checkKey, checkWrites } from "./check/key.ts";
import type { Pings } from "./check/pings.ts";
import { checkBot, checkService } from "./check/service.ts";
import type { ClusterConfig } from "./config/cluster-config.ts";
import type { Service, Subscription } from "./pagerduty/answers.ts";
import type { PagerDuty } from "./pagerduty.ts";

const SUBSCRIPTIONS = "webhook subscriptions";
const TEST_PING = "test ping";

/** Most services looked at, and most subscriptions asked for a test event: a Worker's calls are counted. */
const MAX_SERVICES = 10;
const MAX_PINGS = 4;

/** How long a test event may take to arrive, in ms; PagerDuty sends it at once. */
const PING_WITHIN_MS = 8_000;

const SETUP = "Run `teleport-pagerduty setup` again, which repairs it.";

export interface CheckOptions {
  readonly config: ClusterConfig;
  readonly pagerDuty: PagerDuty;
  /** Services that are or may be paged, the cluster's own first. */
  readonly serviceIds: readonly string[];
  readonly wanted: Wanted;
  readonly pings: Pings;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Checks everything that the edge needs of PagerDuty; in the order in which an admin mends it. */
export async function runChecks(options: CheckOptions): Promise<Check[]> {
  const { config, pagerDuty } = options;
  const groups = await Promise.all([
    Promise.all([checkKey(config, pagerDuty), checkWrites(pagerDuty)]),
    checkServices(options),
  ]);
  return groups.flat();
}

async function checkServices(options: CheckOptions): Promise<Check[]> {
  const { config, pagerDuty, nowMs } = options;
  const serviceIds = options.serviceIds.slice(0, MAX_SERVICES);
  const services = await Promise.all(serviceIds.map((serviceId) => checkService(serviceId, pagerDuty)));
  const found = services.flatMap(({ service }) => service ?? []);
  const [bot, subscriptions] = await Promise.all([
    checkBot(config.pagerDuty.userEmail, found, { pagerDuty, nowMs }),
    checkSubscriptions(options, found),
  ]);
  return [...services.map(({ check }) => check), bot, ...subscriptions];
}

async function checkSubscriptions(options: CheckOptions, services: readonly Service[]): Promise<Check[]> {
  let subscriptions: readonly Subscription[] | undefined;
  const listed = await attempt(SUBSCRIPTIONS, async () => {
    subscriptions = await options.pagerDuty.subscriptions();
    return passed(SUBSCRIPTIONS, "");
  });
  if (subscriptions === undefined) return [listed, failed(TEST_PING, "Not tried, for want of the subscriptions.")];
  const all = subscriptions;
  const coverages = services.map((service) => ({ service, coverage: coverageOf(service, all, options.wanted) }));
  const covering = coverages.flatMap(({ coverage }) => (coverage.kind === "covered" ? coverage.by : []));
  const checks = coverages.map(({ service: { id }, coverage }) => {
    const name = `answers from ${id}`;
    if (coverage.kind === "uncovered") return failed(name, `${coverage.problem} Answers will not arrive. ${SETUP}`);
    return passed(name, `Subscription ${coverage.by.map((by) => by.id).join(", ")} brings them.`);
  });
  return [...checks, await checkPings(options, [...new Set(covering)].slice(0, MAX_PINGS))];
}

async function checkPings(options: CheckOptions, subscriptions: readonly Subscription[]): Promise<Check> {
  if (subscriptions.length === 0) return failed(TEST_PING, "Not tried, because no subscription of ours is in order.");
  const pings = await Promise.all(subscriptions.map(({ id }) => checkPing(id, options)));
  return pings.find(({ ok }) => !ok) ?? passed(TEST_PING, pings.map(({ detail }) => detail).join(" "));
}

function checkPing(subscriptionId: string, { pagerDuty, pings, sleep, config }: CheckOptions): Promise<Check> {
  return attempt(TEST_PING, async () => {
    const arrival = pings.next(subscriptionId, sleep(PING_WITHIN_MS));
    await pagerDuty.pingSubscription(subscriptionId);
    if (await arrival) return passed(TEST_PING, `Subscription ${subscriptionId} reached us, authentic.`);
    const seconds = PING_WITHIN_MS / 1000;
    const secrets = config.webhookSecrets.length > 0 ? "its secret is in webhook_secrets" : "";
    const gate = config.gateToken === null ? "" : "its header X-Gate-Token is gate_token";
    const what = [gate, secrets].filter(Boolean).join(", and that ");
    return failed(
      TEST_PING,
      `No authentic test event of subscription ${subscriptionId} arrived within ${seconds} s. See that ${what}, that PagerDuty can reach the edge, and the edge's log.`,
    );
  });
}
