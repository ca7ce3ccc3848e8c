/**
 * A cluster's webhook subscriptions at PagerDuty: made inactive, repaired, activated once the edge takes what they deliver,
 * removed when another has taken their place. Every step can be cut short and done again.
 */
import type { Environment } from "../../http-proxy.ts";
import type { Scope, Subscription } from "./answers.ts";
import { probeWebhook } from "./edge-probe.ts";
import { PagerDutyFault, SetupFault } from "./fault.ts";
import { gateMark, type SetupFolder } from "./folder.ts";
import type { SetupOrder } from "./order.ts";
import type { SetupPagerDuty } from "./pagerduty.ts";
import {
  GATE_HEADER,
  MAX_SUBSCRIPTIONS,
  type PlanRefusal,
  planFor,
  type SubscriptionPlan,
  WANTED_EVENTS,
} from "./subscription-plan.ts";
import type { Voice } from "./voice.ts";

/** What one run of `setup` works with. */
export interface SetupRun {
  readonly order: SetupOrder;
  readonly pagerDuty: SetupPagerDuty;
  readonly folder: SetupFolder;
  readonly voice: Voice;
  readonly signal: AbortSignal;
  /** HTTPS_PROXY and NO_PROXY are read. */
  readonly env: Environment;
  /** The cluster's address at the edge. */
  readonly clusterUrl: string;
}

/** Every scope's plan, and what was found out on the way. */
export interface Survey {
  readonly plans: readonly SubscriptionPlan[];
  /** Known subscriptions that PagerDuty no longer has. */
  readonly gone: ReadonlySet<string>;
  /** Ids of all that deliver to the cluster's address. */
  readonly delivering: readonly string[];
}

/**
 * Looks at what there is and plans; changes nothing.
 * @throws SetupFault when nothing may be done.
 */
export async function surveySubscriptions({ order, pagerDuty, folder, clusterUrl }: SetupRun): Promise<Survey> {
  const subscriptions = await pagerDuty.subscriptions();
  const gone = new Set<string>();
  for (const { id } of folder.held) {
    if (subscriptions.some((subscription) => subscription.id === id)) continue;
    const hidden = await pagerDuty.subscription(id);
    if (hidden === undefined) gone.add(id);
    else subscriptions.push(hidden);
  }
  const situation = {
    subscriptions,
    held: folder.held,
    url: webhookUrl(clusterUrl),
    description: descriptionFor(folder.cluster),
    gateMark: gateMark(folder.gateToken),
    step: order.step,
  };
  const outcomes = order.scopes.map((scope) => planFor(scope, situation));
  const refusals = outcomes.flatMap((outcome) => ("refusal" in outcome ? [refusalSentence(outcome, order)] : []));
  if (refusals.length > 0) throw new SetupFault(`${refusals.join("\n")}\nNothing was changed.`);
  const plans = outcomes.flatMap((outcome) => ("refusal" in outcome ? [] : [outcome]));
  const delivering = subscriptions.filter(({ url }) => url === situation.url).map(({ id }) => id);
  return { plans, gone, delivering };
}

function refusalSentence({ refusal, scope, ids }: PlanRefusal, { directory }: SetupOrder): string {
  switch (refusal) {
    case "secret_elsewhere":
      return `${ids.join(", ")} delivers what happens on ${scopeName(scope)} to this edge already, and its secret is not in ${directory}: run this in the folder where it was set up (--out), or replace it with --rotate and then --finish.`;
    case "no_successor":
      return `No other subscription is ready to take over ${scopeName(scope)}: make one with --rotate first.`;
  }
}

/** Puts a scope in order: leftovers away, what is missing made. */
export async function carryOut(run: SetupRun, plan: SubscriptionPlan): Promise<void> {
  const { pagerDuty, folder, voice, order } = run;
  for (const { id } of plan.orphans) {
    await pagerDuty.deleteSubscription(id);
    folder.release(new Set([id]));
    voice.say(`Deleted subscription ${id}, which never delivered and whose secret or headers were not known here.`);
  }
  for (const subscription of plan.ready) await repairEvents(run, subscription);
  if (plan.isOneToBeMade) await make(run, plan);
  else if (order.step === "rotate") voice.say(`The rotation of ${scopeName(plan.scope)} is under way already.`);
  if (order.step === "finish" || plan.old.length === 0) return;
  const ids = plan.old.map(({ id }) => id).join(", ");
  voice.say(`Left as it is until --finish: ${ids} of ${scopeName(plan.scope)}.`);
}

async function repairEvents({ pagerDuty, voice }: SetupRun, { id, events }: Subscription): Promise<void> {
  const missing = WANTED_EVENTS.filter((event) => !events.includes(event));
  if (missing.length === 0) return;
  await pagerDuty.updateSubscription(id, { events: [...events, ...missing] });
  voice.say(`Subscription ${id} now also has ${missing.join(", ")}.`);
}

async function make({ pagerDuty, folder, voice, clusterUrl }: SetupRun, plan: SubscriptionPlan): Promise<void> {
  const { scope } = plan;
  const wanted = {
    scope,
    url: webhookUrl(clusterUrl),
    events: WANTED_EVENTS,
    headers: [{ name: GATE_HEADER, value: folder.gateToken }],
    description: descriptionFor(folder.cluster),
  };
  const { id, secret } = await pagerDuty.createSubscription(wanted).catch((error) => {
    throw isLimit(error, plan) ? new SetupFault(limitSentence(scope)) : error;
  });
  if (secret === undefined) {
    await pagerDuty.deleteSubscription(id);
    throw new SetupFault(`PagerDuty made subscription ${id} without telling a usable secret; it was deleted again.`);
  }
  folder.hold({ id, scope, gateMark: gateMark(folder.gateToken), secret });
  voice.say(`Made subscription ${id} of ${scopeName(scope)}, inactive until its secret is in place.`);
}

function isLimit(error: unknown, { count, orphans }: SubscriptionPlan): boolean {
  if (!(error instanceof PagerDutyFault) || error.status !== 400) return false;
  return /\blimit\b|maximum/i.test(error.detail) || count - orphans.length >= MAX_SUBSCRIPTIONS;
}

function limitSentence(scope: Scope): string {
  return `PagerDuty allows ${MAX_SUBSCRIPTIONS} webhook subscriptions for ${scopeName(scope)}, and they are taken: delete one that nobody needs, then run this again.`;
}

/**
 * Activates a subscription and has PagerDuty ping it, unless the edge would refuse what it delivers.
 * @returns whether all is well.
 */
export async function activate(run: SetupRun, id: string): Promise<boolean> {
  const { pagerDuty, folder, voice, clusterUrl, signal, env } = run;
  const secret = folder.held.find((known) => known.id === id)?.secret ?? "";
  const subscription = await pagerDuty.subscription(id);
  if (subscription === undefined) throw new SetupFault(`Subscription ${id} has just been deleted: run this again.`);
  const probe = await probeWebhook({ clusterUrl, signal, env }, { secret, gateToken: folder.gateToken });
  switch (probe.kind) {
    case "refused":
      voice.warn(
        `The edge would refuse what subscription ${id} delivers (${probe.status}: ${probe.reason}), so it ${subscription.active ? "is left as it is, active" : "stays inactive"}.`,
      );
      return false;
    case "unreachable":
      voice.warn(
        `The edge could not be reached from here (${probe.reason}); what PagerDuty cannot deliver it keeps for 48 hours.`,
      );
      break;
    case "accepted":
  }
  if (!subscription.active) await pagerDuty.updateSubscription(id, { active: true });
  if (subscription.isDisabled) await pagerDuty.enableSubscription(id);
  await pagerDuty.ping(id);
  const stopped = subscription.isDisabled ? ", which PagerDuty had stopped because deliveries were refused," : "";
  const done = subscription.active && !subscription.isDisabled ? "was active" : "is active now";
  voice.say(`Subscription ${id}${stopped} ${done}; PagerDuty was asked to ping it.`);
  return true;
}

/** Removes the subscriptions that another has taken the place of, and their secrets. */
export async function removeOld({ pagerDuty, folder, voice }: SetupRun, plan: SubscriptionPlan): Promise<string[]> {
  for (const { id } of plan.old) {
    await pagerDuty.deleteSubscription(id);
    folder.release(new Set([id]));
    voice.say(`Deleted subscription ${id} of ${scopeName(plan.scope)}, and its secret.`);
  }
  if (plan.old.length === 0) voice.say(`There is no old subscription of ${scopeName(plan.scope)} to remove.`);
  return plan.old.map(({ id }) => id);
}

/** A scope in a sentence. */
export function scopeName(scope: Scope): string {
  return scope.kind === "account" ? "the account" : `service ${scope.id}`;
}

function webhookUrl(clusterUrl: string): string {
  return `${clusterUrl}/webhook`;
}

function descriptionFor(cluster: string): string {
  return `Teleport access requests of ${cluster} (teleport-pagerduty)`;
}
