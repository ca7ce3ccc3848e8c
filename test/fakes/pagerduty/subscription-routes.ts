/**
 * The routes under /webhook_subscriptions. A secret is told once, in the answer that creates it.
 */
import type { Account } from "./account.ts";
import { type Answer, type ApiCall, ok, page, type Route } from "./api-call.ts";
import { EVENT_TYPES } from "./events.ts";
import { booleanAt, listAt, recordAt, textAt, textsAt } from "./json.ts";
import type { Subscription } from "./records.ts";
import { invalidInput, isRefusal, NOT_FOUND, type Refusal } from "./refusals.ts";
import { addSubscription, headersAt, isAddress, type SubscriptionDraft } from "./setup.ts";
import { subscriptionView } from "./setup-views.ts";

/** PagerDuty's limit for one service, one team, and the account scope. */
const SUBSCRIPTIONS_PER_SCOPE = 10;

function filterFrom(account: Account, value: unknown): SubscriptionDraft["filter"] | Refusal {
  const type = textAt(value, "type");
  const id = textAt(value, "id") ?? null;
  if (type === "account_reference") return { type, id: null };
  if (type === "service_reference" && id !== null && account.services.has(id)) return { type, id };
  if (type === "team_reference" && id !== null && account.teams.has(id)) return { type, id };
  return invalidInput("Filter is invalid");
}

function eventsFrom(value: unknown): readonly string[] | Refusal {
  const events = textsAt(value, "events");
  const unknown = events.find((event) => !EVENT_TYPES.has(event));
  if (unknown !== undefined) return invalidInput(`Events contain an unknown type ${unknown}`);
  return events.length === 0 ? invalidInput("Events can't be blank") : events;
}

function postSubscription({ account, body }: ApiCall): Answer | Refusal {
  const wanted = recordAt(body, "webhook_subscription");
  const method = recordAt(wanted, "delivery_method");
  const url = textAt(method, "url");
  if (textAt(method, "type") !== "http_delivery_method" || !isAddress(url))
    return invalidInput("Delivery method is invalid");
  const events = eventsFrom(wanted);
  if (isRefusal(events)) return events;
  const filter = filterFrom(account, recordAt(wanted, "filter"));
  if (isRefusal(filter)) return filter;
  const headers = headersAt(method, "custom_headers");
  if (new Set(headers.map(({ name }) => name.toLowerCase())).size < headers.length)
    return invalidInput("Custom header names must be unique");
  const sameScope = [...account.subscriptions.values()].filter(
    (other) => other.filter.type === filter.type && other.filter.id === filter.id,
  );
  if (sameScope.length >= SUBSCRIPTIONS_PER_SCOPE) return invalidInput("Subscription limit reached");
  const description = textAt(wanted, "description") ?? "";
  const active = booleanAt(wanted, "active") ?? true;
  const added = addSubscription(account, { url, events, filter, headers, description, active });
  return { status: 200, body: { webhook_subscription: subscriptionView(account, added, added.endpoint.secrets[0]) } };
}

/** A PUT leaves the delivery method as it is, whatever it says. */
function putSubscription(call: ApiCall, subscription: Subscription): Answer | Refusal {
  const wanted = recordAt(call.body, "webhook_subscription");
  const events = listAt(wanted, "events").length > 0 ? eventsFrom(wanted) : subscription.events;
  if (isRefusal(events)) return events;
  const filterValue = recordAt(wanted, "filter");
  const filter = filterValue === undefined ? subscription.filter : filterFrom(call.account, filterValue);
  if (isRefusal(filter)) return filter;
  subscription.events = events;
  subscription.filter = filter;
  subscription.description = textAt(wanted, "description") ?? subscription.description;
  subscription.active = booleanAt(wanted, "active") ?? subscription.active;
  return ok({ webhook_subscription: subscriptionView(call.account, subscription) });
}

function onSubscription(use: (call: ApiCall, subscription: Subscription) => Answer | Refusal) {
  return (call: ApiCall): Answer | Refusal => {
    const subscription = call.account.subscriptions.get(call.params[0] ?? "");
    return subscription === undefined ? NOT_FOUND : use(call, subscription);
  };
}

function enableSubscription(call: ApiCall, subscription: Subscription): Answer {
  subscription.active = true;
  subscription.endpoint.disabledUntilMs = null;
  subscription.endpoint.consecutiveDrops = 0;
  return ok({ webhook_subscription: subscriptionView(call.account, subscription) });
}

function listSubscriptions({ account, query }: ApiCall): Answer | Refusal {
  const type = query.get("filter_type");
  const id = query.get("filter_id");
  const shown = [...account.subscriptions.values()]
    .filter((subscription) => type === null || subscription.filter.type === `${type}_reference`)
    .filter((subscription) => id === null || subscription.filter.id === id);
  return page(query, "webhook_subscriptions", shown, (subscription) => subscriptionView(account, subscription));
}

const subscriptionsRead = "webhook_subscriptions.read";
const subscriptionsWrite = "webhook_subscriptions.write";

/** See the file's header. */
export const SUBSCRIPTION_ROUTES: readonly Route[] = [
  { method: "GET", path: "/webhook_subscriptions", scope: subscriptionsRead, handle: listSubscriptions },
  { method: "POST", path: "/webhook_subscriptions", scope: subscriptionsWrite, handle: postSubscription },
  {
    method: "GET",
    path: "/webhook_subscriptions/{id}",
    scope: subscriptionsRead,
    handle: onSubscription((call, found) => ok({ webhook_subscription: subscriptionView(call.account, found) })),
  },
  {
    method: "PUT",
    path: "/webhook_subscriptions/{id}",
    scope: subscriptionsWrite,
    handle: onSubscription(putSubscription),
  },
  {
    method: "DELETE",
    path: "/webhook_subscriptions/{id}",
    scope: subscriptionsWrite,
    handle: onSubscription((call, found) => {
      // What is queued for it goes nowhere any more.
      found.endpoint.disabledUntilMs = Number.POSITIVE_INFINITY;
      call.account.subscriptions.delete(found.endpoint.id);
      return { status: 204 };
    }),
  },
  {
    method: "POST",
    path: "/webhook_subscriptions/{id}/enable",
    scope: subscriptionsWrite,
    handle: onSubscription(enableSubscription),
  },
  {
    method: "POST",
    path: "/webhook_subscriptions/{id}/ping",
    scope: subscriptionsWrite,
    handle: onSubscription((call, found) => {
      call.ping(found, call.caller.userId);
      return { status: 202 };
    }),
  },
];
