/**
 * How subscriptions and extensions come into an account, by REST or by a test.
 */
import { randomBytes } from "node:crypto";
import type { Account } from "./account.ts";
import { listAt, textAt } from "./json.ts";
import type { Endpoint, Extension, Subscription } from "./records.ts";

/** The schema whose extensions are buttons on incidents. */
export const CUSTOM_ACTION_SCHEMA_ID = "PCUSTACT";

/** Everything that a new subscription may say. */
export type SubscriptionDraft = {
  readonly id?: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly filter: { readonly type: string; readonly id: string | null };
  readonly headers?: readonly { readonly name: string; readonly value: string }[];
  readonly description?: string;
  readonly active?: boolean;
  readonly secrets?: readonly string[];
};

/** Adds a subscription; without secrets it gets one of its own. */
export function addSubscription(account: Account, draft: SubscriptionDraft): Subscription {
  const subscription: Subscription = {
    endpoint: {
      id: draft.id ?? account.nextId("P"),
      kind: "subscription",
      url: draft.url,
      headers: draft.headers ?? [],
      secrets: draft.secrets ?? [randomBytes(48).toString("base64")],
      consecutiveDrops: 0,
      disabledUntilMs: null,
    },
    createdAtMs: account.now,
    description: draft.description ?? "",
    events: draft.events,
    filter: draft.filter,
    active: draft.active ?? true,
  };
  account.subscriptions.set(subscription.endpoint.id, subscription);
  return subscription;
}

/** Everything that a new extension may say. */
export type ExtensionDraft = {
  readonly id?: string;
  readonly name: string;
  readonly url: string;
  readonly serviceIds: readonly string[];
  readonly headers?: readonly { readonly name: string; readonly value: string }[];
  readonly schemaId?: string;
};

/** Adds an extension; unless told otherwise a custom incident action. */
export function addExtension(account: Account, draft: ExtensionDraft): Extension {
  const extension: Extension = {
    endpoint: {
      id: draft.id ?? account.nextId("P"),
      kind: "extension",
      url: draft.url,
      headers: draft.headers ?? [],
      secrets: [],
      consecutiveDrops: 0,
      disabledUntilMs: null,
    },
    createdAtMs: account.now,
    name: draft.name,
    schemaId: draft.schemaId ?? CUSTOM_ACTION_SCHEMA_ID,
    serviceIds: draft.serviceIds,
  };
  account.extensions.set(extension.endpoint.id, extension);
  return extension;
}

/** The custom headers under a key. */
export function headersAt(value: unknown, key: string): { name: string; value: string }[] {
  return listAt(value, key).flatMap((item) => {
    const name = textAt(item, "name");
    const text = textAt(item, "value");
    return name === undefined || text === undefined ? [] : [{ name, value: text }];
  });
}

/** Whether text is an address that deliveries can go to. */
export function isAddress(text: string | undefined): text is string {
  return text !== undefined && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** Whether an endpoint is within the 24 hours after three drops in a row. */
export function isDisabled(endpoint: Endpoint, nowMs: number): boolean {
  return endpoint.disabledUntilMs !== null && endpoint.disabledUntilMs > nowMs;
}
