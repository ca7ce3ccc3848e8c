/**
 * What PagerDuty's REST API v2 answers about subscriptions and extensions, as far as `setup` needs it: schemas that turn
 * each into our camelCase form. Only the id must be there, so that nobody else's resource stops the reading of a list.
 * Source: https://developer.pagerduty.com/api-reference/.
 */
import * as z from "zod";

/** What a subscription hears of. */
export type Scope = { readonly kind: "account" } | { readonly kind: "service"; readonly id: string };

/** Whether two scopes are one. */
export function sameScope(one: Scope | null, other: Scope): boolean {
  if (one === null || one.kind === "account" || other.kind === "account") return one?.kind === other.kind;
  return one.id === other.id;
}

const id = z.string().regex(/^[\w-]{1,64}$/);
const text = z.string().catch("");

// Whoever writes the header may have chosen any case; values are redacted by PagerDuty.
const headerNames = z.array(z.object({ name: text }).transform(({ name }) => name.toLowerCase())).catch([]);

/** A webhook subscription as PagerDuty has it now. */
export interface Subscription {
  readonly id: string;
  readonly active: boolean;
  /** Null for a team's, or a kind not known here. */
  readonly scope: Scope | null;
  readonly url: string;
  /** Names of the custom headers, in lower case. */
  readonly headerNames: readonly string[];
  readonly events: readonly string[];
  readonly description: string;
  /** Whether PagerDuty has stopped it for 24 hours, because deliveries were refused. */
  readonly isDisabled: boolean;
}

const scopeSchema = z
  .union([
    z.object({ type: z.literal("account_reference") }).transform((): Scope => ({ kind: "account" })),
    z
      .object({ type: z.literal("service_reference"), id })
      .transform((filter): Scope => ({ kind: "service", id: filter.id })),
  ])
  .nullable()
  .catch(null);

export const subscriptionSchema = z
  .object({
    id,
    active: z.boolean().catch(true),
    filter: scopeSchema,
    delivery_method: z
      .object({ url: text, custom_headers: headerNames, temporarily_disabled: z.boolean().catch(false) })
      .catch({ url: "", custom_headers: [], temporarily_disabled: false }),
    events: z.array(text).catch([]),
    description: text,
  })
  .transform(
    (subscription): Subscription => ({
      id: subscription.id,
      active: subscription.active,
      scope: subscription.filter,
      url: subscription.delivery_method.url,
      headerNames: subscription.delivery_method.custom_headers,
      events: subscription.events,
      description: subscription.description,
      isDisabled: subscription.delivery_method.temporarily_disabled,
    }),
  );

/**
 * The secret of a new subscription, told in the answer that creates it and never again. It goes into a file of lines, so
 * it must be one, and none that reads as a comment.
 */
export const newSecretSchema = z
  .object({ delivery_method: z.object({ secret: z.string().regex(/^[\x21\x22\x24-\x7e][\x21-\x7e]{15,511}$/) }) })
  .transform((subscription) => subscription.delivery_method.secret);

/** A custom incident action as PagerDuty has it now. */
export interface Extension {
  readonly id: string;
  /** The button's label. */
  readonly name: string;
  readonly url: string;
  readonly schemaId: string;
  readonly serviceIds: readonly string[];
  /** Custom headers; a value is the redacted one where PagerDuty redacts it. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly isDisabled: boolean;
}

const headers = z.array(z.object({ name: text, value: text })).catch([]);

export const extensionSchema = z
  .object({
    id,
    name: text,
    endpoint_url: text,
    extension_schema: z.object({ id: text }).catch({ id: "" }),
    extension_objects: z.array(z.object({ id: text })).catch([]),
    config: z.object({ headers }).catch({ headers: [] }),
    temporarily_disabled: z.boolean().catch(false),
  })
  .transform(
    (extension): Extension => ({
      id: extension.id,
      name: extension.name,
      url: extension.endpoint_url,
      schemaId: extension.extension_schema.id,
      serviceIds: extension.extension_objects.map((object) => object.id),
      headers: extension.config.headers,
      isDisabled: extension.temporarily_disabled,
    }),
  );

/** A kind of extension. */
export const extensionKindSchema = z.object({ id, key: text });

/** A service's name. */
export const serviceNameSchema = z.object({ name: text }).transform(({ name }) => name);
