/**
 * What is to become of one scope's subscriptions: which one is right, which are left over from a crash, which is missing.
 * Pure: whoever calls it carries it out.
 */
import { type Scope, type Subscription, sameScope } from "./answers.ts";
import type { SetupStep } from "./order.ts";
import type { HeldSubscription } from "./webhook-secrets-file.ts";

/** The event types that the edge makes something of. */
export const WANTED_EVENTS: readonly string[] = [
  "incident.annotated",
  "incident.custom_field_values.updated",
  "incident.resolved",
  "incident.workflow.started",
];

/** The custom header that carries the gate token. */
export const GATE_HEADER = "X-Gate-Token";

/** The most subscriptions that PagerDuty allows for one service, and for the account. */
export const MAX_SUBSCRIPTIONS = 10;

/** A plan for one scope. */
export interface SubscriptionPlan {
  readonly scope: Scope;
  /** Right in everything, their secrets known; newest first. */
  readonly ready: readonly Subscription[];
  /** Inactive and of our making, with a secret that is not known, or not made as they should be: to be deleted. */
  readonly orphans: readonly Subscription[];
  /** Those that are in the way or wear out, to be deleted once there is one that is ready. */
  readonly old: readonly Subscription[];
  readonly isOneToBeMade: boolean;
  /** How many there are in this scope, anybody's. */
  readonly count: number;
}

/** Why nothing may be done: `secret_elsewhere`, one delivers and its secret is not known here; `no_successor`. */
export interface PlanRefusal {
  readonly refusal: "secret_elsewhere" | "no_successor";
  readonly scope: Scope;
  /** The subscriptions that it is about. */
  readonly ids: readonly string[];
}

/** What a plan is made from. */
export interface Situation {
  /** Every subscription of the account. */
  readonly subscriptions: readonly Subscription[];
  readonly held: readonly HeldSubscription[];
  /** Where ours deliver. */
  readonly url: string;
  /** How ours are described. */
  readonly description: string;
  readonly gateMark: string;
  readonly step: SetupStep;
}

/** The plan for a scope, or why there is none. */
export function planFor(scope: Scope, situation: Situation): SubscriptionPlan | PlanRefusal {
  const { subscriptions, held, url, description, step } = situation;
  const here = subscriptions.filter((subscription) => sameScope(subscription.scope, scope));
  const ours = here.filter(({ id, url: itsUrl }) => itsUrl === url || held.some((known) => known.id === id));
  const ready = held.flatMap((known) => ours.filter((subscription) => isReady(subscription, known, situation)));
  const rest = ours.filter((subscription) => !ready.includes(subscription));
  const orphans = rest.filter((subscription) => !subscription.active && subscription.description === description);
  const old = [...ready.slice(1), ...rest.filter((subscription) => !orphans.includes(subscription))];
  const active = rest.filter((subscription) => subscription.active);
  const unknown = active.filter(({ id }) => !held.some((known) => known.id === id));
  const ids = (list: readonly Subscription[]): string[] => list.map(({ id }) => id);
  if (ready.length === 0 && step === "finish") return { refusal: "no_successor", scope, ids: ids(old) };
  if (ready.length === 0 && step === "set_up" && unknown.length > 0) {
    return { refusal: "secret_elsewhere", scope, ids: ids(unknown) };
  }
  // A second one is what a rotation has already made.
  const isRotationDue = step === "rotate" && ready.length + active.length === 1;
  const isOneToBeMade = ready.length === 0 || isRotationDue;
  return { scope, ready, orphans, old, isOneToBeMade, count: here.length };
}

function isReady(subscription: Subscription, known: HeldSubscription, { url, gateMark }: Situation): boolean {
  return (
    subscription.id === known.id &&
    subscription.url === url &&
    known.gateMark === gateMark &&
    subscription.headerNames.includes(GATE_HEADER.toLowerCase())
  );
}
