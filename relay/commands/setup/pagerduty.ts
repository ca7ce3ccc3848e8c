/**
 * What `setup` does at PagerDuty, one method a call: services, webhook subscriptions, custom incident actions. Every method
 * throws a PagerDutyFault for whatever it does not return.
 * Source: https://developer.pagerduty.com/api-reference/.
 */
import * as z from "zod";
import {
  type Extension,
  extensionKindSchema,
  extensionSchema,
  newSecretSchema,
  type Scope,
  type Subscription,
  serviceNameSchema,
  subscriptionSchema,
} from "./answers.ts";
import { type ConnectionOptions, PagerDutyConnection } from "./connection.ts";
import { PagerDutyFault, plainText } from "./fault.ts";

/** A subscription to make; it is made inactive, so that nothing is delivered before its secret is in place. */
export interface NewSubscription {
  readonly scope: Scope;
  readonly url: string;
  readonly events: readonly string[];
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly description: string;
}

/** A custom incident action as it is to be. */
export interface WantedExtension {
  readonly name: string;
  readonly url: string;
  readonly schemaId: string;
  readonly serviceIds: readonly string[];
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

export class SetupPagerDuty {
  readonly #connection: PagerDutyConnection;

  constructor(options: ConnectionOptions) {
    this.#connection = new PagerDutyConnection(options);
  }

  /** The name of a service. */
  async serviceName(serviceId: string): Promise<string> {
    const answer = z.object({ service: serviceNameSchema });
    return plainText((await this.#connection.read(`/services/${serviceId}`, [], answer)).service, 100);
  }

  /** Every subscription that the key may see. */
  subscriptions(): Promise<Subscription[]> {
    return this.#connection.pages("/webhook_subscriptions", [], "webhook_subscriptions", subscriptionSchema);
  }

  /** One subscription; undefined when PagerDuty has none of this id. */
  async subscription(subscriptionId: string): Promise<Subscription | undefined> {
    const answer = z.object({ webhook_subscription: subscriptionSchema });
    const path = `/webhook_subscriptions/${subscriptionId}`;
    return unlessMissing(async () => (await this.#connection.read(path, [], answer)).webhook_subscription);
  }

  /**
   * Makes a subscription, inactive; its id, and its secret, which PagerDuty tells this once. Undefined stands for a secret
   * that is missing or cannot be kept in a file.
   */
  async createSubscription(wanted: NewSubscription): Promise<{ id: string; secret: string | undefined }> {
    const subscription = {
      type: "webhook_subscription",
      active: false,
      description: wanted.description,
      events: wanted.events,
      filter: filterFor(wanted.scope),
      delivery_method: { type: "http_delivery_method", url: wanted.url, custom_headers: wanted.headers },
    };
    const answer = z.object({
      webhook_subscription: z.looseObject({ id: z.string().regex(/^[\w-]{1,64}$/) }),
    });
    const body = { webhook_subscription: subscription };
    const made = (await this.#connection.write("POST", "/webhook_subscriptions", answer, body)).webhook_subscription;
    return { id: made.id, secret: newSecretSchema.safeParse(made).data };
  }

  /** Changes what may be changed: PagerDuty keeps address, headers and secret as they were made. */
  async updateSubscription(
    subscriptionId: string,
    change: { active?: true; events?: readonly string[] },
  ): Promise<void> {
    const body = { webhook_subscription: change };
    await this.#connection.write("PUT", `/webhook_subscriptions/${subscriptionId}`, z.unknown(), body);
  }

  /** Ends the 24 hours that refused deliveries cost. */
  async enableSubscription(subscriptionId: string): Promise<void> {
    await this.#connection.write("POST", `/webhook_subscriptions/${subscriptionId}/enable`, z.unknown());
  }

  /** Has PagerDuty deliver a test event. */
  async ping(subscriptionId: string): Promise<void> {
    await this.#connection.write("POST", `/webhook_subscriptions/${subscriptionId}/ping`, z.unknown());
  }

  /** Removes a subscription; one that is gone already is fine. */
  async deleteSubscription(subscriptionId: string): Promise<void> {
    await unlessMissing(() =>
      this.#connection.write("DELETE", `/webhook_subscriptions/${subscriptionId}`, z.unknown()),
    );
  }

  /** The id of the kind of extension that is a button on incidents. */
  async customActionKind(): Promise<string> {
    const kinds = await this.#connection.pages("/extension_schemas", [], "extension_schemas", extensionKindSchema);
    const kind = kinds.find(({ key }) => key === "custom_webhook");
    if (kind === undefined) throw new PagerDutyFault("This PagerDuty account offers no custom incident actions.");
    return kind.id;
  }

  /** Every custom incident action that the key may see. */
  async customActions(kind: string): Promise<Extension[]> {
    const found = await this.#connection.pages(
      "/extensions",
      [["extension_schema_id", kind]],
      "extensions",
      extensionSchema,
    );
    return found.filter(({ schemaId }) => schemaId === kind);
  }

  async createExtension(wanted: WantedExtension): Promise<Extension> {
    const answer = z.object({ extension: extensionSchema });
    return (await this.#connection.write("POST", "/extensions", answer, bodyFor(wanted))).extension;
  }

  async updateExtension(extensionId: string, wanted: WantedExtension): Promise<void> {
    await this.#connection.write("PUT", `/extensions/${extensionId}`, z.unknown(), bodyFor(wanted));
  }

  /** Ends the time that refused deliveries cost. */
  async enableExtension(extensionId: string): Promise<void> {
    await this.#connection.write("POST", `/extensions/${extensionId}/enable`, z.unknown());
  }

  /** Removes an extension; one that is gone already is fine. */
  async deleteExtension(extensionId: string): Promise<void> {
    await unlessMissing(() => this.#connection.write("DELETE", `/extensions/${extensionId}`, z.unknown()));
  }

  /** Whether PagerDuty has stopped an extension; lists do not say so. */
  async isExtensionDisabled(extensionId: string): Promise<boolean> {
    const answer = z.object({ extension: extensionSchema });
    const query = [["include[]", "temporarily_disabled"]] as const;
    return (await this.#connection.read(`/extensions/${extensionId}`, query, answer)).extension.isDisabled;
  }
}

function filterFor(scope: Scope): object {
  return scope.kind === "account" ? { type: "account_reference" } : { type: "service_reference", id: scope.id };
}

function bodyFor({ name, url, schemaId, serviceIds, headers }: WantedExtension): object {
  return {
    extension: {
      type: "extension",
      name,
      endpoint_url: url,
      extension_schema: { id: schemaId, type: "extension_schema_reference" },
      extension_objects: serviceIds.map((id) => ({ id, type: "service_reference" })),
      config: { headers },
    },
  };
}

async function unlessMissing<Answer>(call: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof PagerDutyFault && error.status === 404) return undefined;
    throw error;
  }
}
