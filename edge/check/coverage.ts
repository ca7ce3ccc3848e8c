/** Which webhook subscriptions bring us the answers from a service, and what keeps the others from it. Pure. */
import type { Channel, Decisions } from "../../shared/decisions.ts";
import type { Service, Subscription } from "../pagerduty/answers.ts";

/** What a subscription must bring, and where to. */
export interface Wanted {
  /** Our webhook's address. */
  readonly url: string;
  /** Event types. */
  readonly events: readonly string[];
}

/** How a service is covered: by which subscriptions, or a sentence that says why by none. */
export type Coverage =
  | { readonly kind: "covered"; readonly by: readonly Subscription[] }
  | { readonly kind: "uncovered"; readonly problem: string };

const EVENT_OF: Readonly<Record<Channel, string | null>> = {
  note: "incident.annotated",
  workflow: "incident.workflow.started",
  field: "incident.custom_field_values.updated",
  // Its own extension brings it.
  action: null,
};

/** The event types that we use: a resolve always, and whatever decides. */
export function eventsFor({ channels }: Pick<Decisions, "channels">): string[] {
  return [...channels.flatMap((channel) => EVENT_OF[channel] ?? []), "incident.resolved"];
}

/** The event types that answers come by, and so none where only buttons decide. */
export function answerEventsFor({ channels, onResolve }: Pick<Decisions, "channels" | "onResolve">): string[] {
  const bringing = channels.flatMap((channel) => EVENT_OF[channel] ?? []);
  return onResolve === "deny" ? [...bringing, "incident.resolved"] : bringing;
}

/** How one service is covered. */
export function coverageOf(
  service: Pick<Service, "id" | "teamIds">,
  subscriptions: readonly Subscription[],
  { url, events }: Wanted,
): Coverage {
  const ours = subscriptions.filter((subscription) => isSameAddress(subscription.url, url));
  if (ours.length === 0) return uncovered(`No webhook subscription posts to ${url}.`);
  const hearing = ours.filter(({ filter }) => hears(filter, service));
  if (hearing.length === 0) return uncovered(`No webhook subscription of ours has this service in its filter.`);
  const enabled = hearing.filter(({ state }) => state === "enabled");
  if (enabled.length === 0) return uncovered(hearing.map(disabledSentence).join(" "));
  const whole = enabled.filter((subscription) => missingIn(subscription, events).length === 0);
  if (whole.length > 0) return { kind: "covered", by: whole };
  return uncovered(
    enabled
      .map((subscription) => `Subscription ${subscription.id} lacks ${missingIn(subscription, events).join(", ")}.`)
      .join(" "),
  );
}

function uncovered(problem: string): Coverage {
  return { kind: "uncovered", problem };
}

function missingIn({ events }: Subscription, wanted: readonly string[]): string[] {
  return wanted.filter((event) => !events.includes(event));
}

/** Whether an address is ours, scheme aside: what ends TLS may stand before us. */
export function isSameAddress(address: string | null, ours: string): boolean {
  const [a, b] = [address === null ? null : URL.parse(address), URL.parse(ours)];
  return a !== null && b !== null && a.host === b.host && a.pathname === b.pathname;
}

function hears({ type, id }: Subscription["filter"], service: Pick<Service, "id" | "teamIds">): boolean {
  switch (type) {
    case "account_reference":
      return true;
    case "service_reference":
      return id === service.id;
    case "team_reference":
      return id !== null && service.teamIds.includes(id);
    default:
      return false;
  }
}

function disabledSentence({ id, state }: Subscription): string {
  return state === "inactive"
    ? `Subscription ${id} is not active.`
    : `PagerDuty has disabled subscription ${id} for up to 24 hours, because deliveries were refused.`;
}
