/**
 * Subscriptions, extensions and fields → what REST v2 answers. Pure.
 */
import type { Account } from "./account.ts";
import type { Extension, Field, Subscription } from "./records.ts";
import { isoSeconds, restReference } from "./references.ts";
import { isDisabled } from "./setup.ts";

/** A subscription; the secret is told once, by the answer that created it, and header values never. */
export function subscriptionView(account: Account, subscription: Subscription, secret?: string): object {
  const { endpoint, filter } = subscription;
  return {
    id: endpoint.id,
    type: "webhook_subscription",
    active: subscription.active,
    created_at: isoSeconds(subscription.createdAtMs),
    description: subscription.description,
    delivery_method: {
      type: "http_delivery_method",
      id: `${endpoint.id}DM`,
      url: endpoint.url,
      temporarily_disabled: isDisabled(endpoint, account.now),
      custom_headers: endpoint.headers.map(({ name }) => ({ name, value: "<redacted>" })),
      ...(secret !== undefined && { secret }),
    },
    events: subscription.events,
    filter: filter.id === null ? { type: filter.type } : { id: filter.id, type: filter.type },
  };
}

/** An extension with its endpoint and headers. */
export function extensionView(account: Account, extension: Extension): object {
  const { endpoint } = extension;
  return {
    ...restReference(account.references.extension(extension)),
    type: "extension",
    name: extension.name,
    endpoint_url: endpoint.url,
    extension_schema: {
      id: extension.schemaId,
      type: "extension_schema_reference",
      summary: "Custom Incident Action",
    },
    extension_objects: extension.serviceIds.flatMap((id) => {
      const service = account.services.get(id);
      return service === undefined ? [] : [restReference(account.references.service(service))];
    }),
    config: { headers: endpoint.headers },
    temporarily_disabled: isDisabled(endpoint, account.now),
  };
}

/** A custom field's definition with its options. */
export function fieldView(field: Field): object {
  return {
    id: field.id,
    type: "field",
    name: field.name,
    display_name: field.name,
    data_type: "string",
    field_type: field.fieldType,
    default_value: field.defaultValue,
    enabled: true,
    field_options: field.options.map((value, index) => ({
      id: `${field.id}${index}`,
      type: "field_option",
      data: { data_type: "string", value },
    })),
  };
}
