/**
 * The only caller of PagerDuty: REST API v2, one method for each thing that the edge wants of it. Every method throws a
 * {@link PagerDutyError} for whatever it does not return; nothing is retried here but a call whose token had ended.
 * Source: https://developer.pagerduty.com/api-reference/.
 */
import * as z from "zod/mini";
import { nonEmptySchema } from "../shared/values.ts";
import {
  createdIncidentSchema,
  type Incident,
  incidentSchema,
  type Note,
  noteSchema,
  onCallSchema,
  type Priority,
  prioritySchema,
  type Service,
  type Subscription,
  serviceSchema,
  subscriptionSchema,
  type User,
  userSchema,
} from "./pagerduty/answers.ts";
import { Connection, type ConnectionOptions, MAX_LOG_ENTRY_BYTES } from "./pagerduty/connection.ts";
import { faultForUnknownId, PagerDutyError } from "./pagerduty/error.ts";
import type { Budget, Pace } from "./pagerduty/pace.ts";

export interface PagerDutyOptions extends Omit<ConnectionOptions, "timeoutMs"> {
  /** How long a call may take, in ms; 10 s when left out. */
  readonly timeoutMs?: number;
}

/** An incident to open. */
export interface NewIncident {
  readonly title: string;
  readonly details: string;
  readonly serviceId: string;
  /** The incident key: PagerDuty refuses a second open incident with it on the same service. */
  readonly key: string;
  /** Null: the service's own. */
  readonly urgency: "high" | "low" | null;
  /** A priority's id; null: none. */
  readonly priorityId: string | null;
}

/**
 * `key_in_use`: an open incident on the service has the key, perhaps one of an attempt whose answer was lost. `too_long`:
 * PagerDuty found the title or the details too long.
 */
export type Creation =
  | { readonly kind: "created"; readonly incident: Incident }
  | { readonly kind: "key_in_use" }
  | { readonly kind: "too_long"; readonly refusal: PagerDutyError };

/** PagerDuty's codes for what counts as an answer rather than as a fault. */
const ALREADY_RESOLVED = 1001;
const ARGUMENTS_CAUSED_ERROR = 2002;

/** Keeps one incident's text with its answer; PagerDuty leaves it out otherwise. */
const WITH_BODY = [
  ["include[]", "body"],
  ["include[]", "first_trigger_log_entries"],
] as const;

const FIELD_VALUES = "/custom_fields/values";

const createdNoteSchema = z.object({ id: nonEmptySchema });
const notesSchema = z.array(noteSchema);
const textFieldSchema = z.object({ name: z.string(), value: z.string() });
/** What is given on as PagerDuty has it. */
const asGivenSchema = z.unknown();
const listAsGivenSchema = z.array(asGivenSchema);

export class PagerDuty {
  readonly #connection: Connection;

  constructor({ timeoutMs = 10_000, ...options }: PagerDutyOptions) {
    this.#connection = new Connection({ ...options, timeoutMs });
  }

  /** What the last answer said about the rate limit; null while none has said anything. */
  get budget(): Budget | null {
    return this.#connection.budget;
  }

  /** How fast the account may be called at this moment. */
  get pace(): Pace {
    return this.#connection.pace;
  }

  /** `POST /incidents`. Not idempotent but for the key: look it up first after a doubtful attempt. */
  async createIncident({ title, details, serviceId, key, urgency, priorityId }: NewIncident): Promise<Creation> {
    const incident = {
      type: "incident",
      title,
      service: { id: serviceId, type: "service_reference" },
      incident_key: key,
      body: { type: "incident_body", details },
      ...(urgency !== null && { urgency }),
      ...(priorityId !== null && { priority: { id: priorityId, type: "priority_reference" } }),
    };
    try {
      const created = await this.#connection.create("/incidents", { incident }, "incident", createdIncidentSchema);
      return { kind: "created", incident: created };
    } catch (error) {
      if (isKeyInUse(error)) return { kind: "key_in_use" };
      if (isTooLong(error)) return { kind: "too_long", refusal: error };
      throw error;
    }
  }

  /**
   * Every incident, of any status and age, with a key on a service; the newest first where PagerDuty sorts them so.
   * @throws RangeError for an empty key, which PagerDuty would take for no filter at all.
   */
  async findIncidents({ key, serviceId }: { key: string; serviceId: string }): Promise<Incident[]> {
    if (key === "") throw new RangeError("an incident is never looked up by an empty key");
    const query = [
      ["incident_key", key],
      ["service_ids[]", serviceId],
      ...["triggered", "acknowledged", "resolved"].map((status) => ["statuses[]", status] as const),
      ["date_range", "all"],
      ["sort_by", "created_at:desc"],
      ...WITH_BODY,
    ] as const;
    const found = await this.#connection.pages("/incidents", query, "incidents", incidentSchema);
    return found.filter((incident) => incident.key === key && (incident.serviceId ?? serviceId) === serviceId);
  }

  /** One incident, with its body when PagerDuty gives it. */
  async incident(incidentId: string): Promise<Incident> {
    return this.#connection.read(incidentPath(incidentId), "incident", incidentSchema, WITH_BODY);
  }

  /** Adds a note and returns its id. Not idempotent: look for it among {@link notes} after a doubtful attempt. */
  async addNote(incidentId: string, content: string): Promise<string> {
    const path = incidentPath(incidentId, "/notes");
    return (await this.#connection.create(path, { note: { content } }, "note", createdNoteSchema)).id;
  }

  /** Every note of an incident. */
  async notes(incidentId: string): Promise<Note[]> {
    return this.#connection.read(incidentPath(incidentId, "/notes"), "notes", notesSchema);
  }

  /** Every note of an incident, each as PagerDuty has it. */
  async notesAsGiven(incidentId: string): Promise<unknown[]> {
    return this.#connection.read(incidentPath(incidentId, "/notes"), "notes", listAsGivenSchema);
  }

  /** The entries that an incident's log got in a span, each as PagerDuty has it. */
  async logEntriesAsGiven(incidentId: string, span: { sinceMs: number; untilMs: number }): Promise<unknown[]> {
    const query = [
      ["since", isoSecond(span.sinceMs)],
      ["until", isoSecond(span.untilMs)],
    ] as const;
    return this.#connection.pages(incidentPath(incidentId, "/log_entries"), query, "log_entries", asGivenSchema);
  }

  /** The custom fields of an incident, each as PagerDuty has it. */
  async fieldValuesAsGiven(incidentId: string): Promise<unknown[]> {
    return this.#connection.read(incidentPath(incidentId, FIELD_VALUES), "custom_fields", listAsGivenSchema);
  }

  /** What a custom field of an incident, by its name, is set to; null when it is not set, or to something else than text. */
  async fieldValue(incidentId: string, name: string): Promise<string | null> {
    const given = await this.fieldValuesAsGiven(incidentId);
    const fields = given.flatMap((field) => textFieldSchema.safeParse(field).data ?? []);
    return fields.find((field) => field.name === name)?.value ?? null;
  }

  /** Sets a custom field of an incident by its name; null takes its value away. */
  async setField(incidentId: string, name: string, value: string | null): Promise<void> {
    await this.#connection.write("PUT", incidentPath(incidentId, FIELD_VALUES), { custom_fields: [{ name, value }] });
  }

  /** The last hundred log entries of an incident as PagerDuty has them, newest first. */
  async logEntries(incidentId: string): Promise<unknown[]> {
    const query = [
      ["include[]", "channels"],
      ["limit", "100"],
    ] as const;
    return this.#connection.read(incidentPath(incidentId, "/log_entries"), "log_entries", listAsGivenSchema, query);
  }

  /** Resolves an incident; one that is resolved already is fine. */
  async resolveIncident(incidentId: string): Promise<void> {
    const incident = { type: "incident_reference", status: "resolved" };
    try {
      await this.#connection.write("PUT", incidentPath(incidentId), { incident });
    } catch (error) {
      if (!(error instanceof PagerDutyError && error.pagerdutyCode === ALREADY_RESOLVED)) throw error;
    }
  }

  async user(userId: string): Promise<User> {
    return this.#connection.read(`/users/${segment(userId)}`, "user", userSchema);
  }

  /** The user with exactly this address, letter case aside; undefined when there is none. */
  async userByEmail(email: string): Promise<User | undefined> {
    const wanted = email.toLowerCase();
    const users = await this.#connection.pages("/users", [["query", email]], "users", userSchema);
    return users.find((user) => user.email.toLowerCase() === wanted);
  }

  /** The escalation levels, ascending, at which a user was on call for a policy at an instant; empty when at none. */
  async onCallLevels(on: { userId: string; escalationPolicyId: string; atMs: number }): Promise<number[]> {
    const query = [
      ["user_ids[]", on.userId],
      ["escalation_policy_ids[]", on.escalationPolicyId],
      // PagerDuty wants a span in whole seconds; a shift may begin or end within it.
      ["since", isoSecond(on.atMs)],
      ["until", isoSecond(on.atMs + 1000)],
    ] as const;
    const entries = await this.#connection.pages("/oncalls", query, "oncalls", onCallSchema);
    const levels = entries
      .filter((entry) => entry.userId === on.userId && entry.escalationPolicyId === on.escalationPolicyId)
      .filter(({ startMs, endMs }) => (startMs ?? on.atMs) <= on.atMs && (endMs ?? Infinity) > on.atMs)
      .map(({ level }) => level);
    return [...new Set(levels)].sort((a, b) => a - b);
  }

  /** The bytes of `GET /log_entries/{id}` exactly as received, at most {@link MAX_LOG_ENTRY_BYTES}. */
  async logEntry(logEntryId: string): Promise<Uint8Array> {
    return this.#connection.readBytes(
      `/log_entries/${segment(logEntryId)}`,
      [["include[]", "channels"]],
      MAX_LOG_ENTRY_BYTES,
    );
  }

  async service(serviceId: string): Promise<Service> {
    return this.#connection.read(`/services/${segment(serviceId)}`, "service", serviceSchema);
  }

  /** Every service of the account, or those whose names fit a query as PagerDuty understands it. */
  async services(query: string | null): Promise<Service[]> {
    const filter = query === null ? [] : ([["query", query]] as const);
    return this.#connection.pages("/services", filter, "services", serviceSchema);
  }

  /** The user whose own key ours is; undefined for a key that is nobody's. */
  async me(): Promise<User | undefined> {
    try {
      return await this.#connection.read("/users/me", "user", userSchema);
    } catch (error) {
      if (error instanceof PagerDutyError && (error.code === "invalid" || error.code === "not_found")) return undefined;
      throw error;
    }
  }

  /** The account's webhook subscriptions. */
  async subscriptions(): Promise<Subscription[]> {
    return this.#connection.pages("/webhook_subscriptions", [], "webhook_subscriptions", subscriptionSchema);
  }

  /** Asks for the test event of a subscription, which arrives like any other. */
  async pingSubscription(subscriptionId: string): Promise<void> {
    await this.#connection.write("POST", `/webhook_subscriptions/${segment(subscriptionId)}/ping`);
  }

  /** Lets a subscription deliver again that PagerDuty has disabled. */
  async enableSubscription(subscriptionId: string): Promise<void> {
    await this.#connection.write("POST", `/webhook_subscriptions/${segment(subscriptionId)}/enable`);
  }

  /** Names of what the account may do; succeeds with any valid credential that may read them. */
  async abilities(): Promise<string[]> {
    return this.#connection.read("/abilities", "abilities", z.array(z.string()));
  }

  /** The account's priorities. */
  async priorities(): Promise<Priority[]> {
    return this.#connection.pages("/priorities", [], "priorities", prioritySchema);
  }
}

function isKeyInUse(error: unknown): boolean {
  if (!(error instanceof PagerDutyError) || error.status !== 400) return false;
  return (
    error.pagerdutyCode === ARGUMENTS_CAUSED_ERROR && /matching dedup key|incident_key|incident key/i.test(error.detail)
  );
}

// PagerDuty documents no wording; to shorten a text that was not too long costs less than never to page.
function isTooLong(error: unknown): error is PagerDutyError {
  return error instanceof PagerDutyError && error.code === "invalid" && TOO_LONG.test(error.detail);
}

const TOO_LONG = /too (?:long|large|big)|longer than|maximum|at most|exceed|length|characters/i;

// Ids come out of deliveries: one must never reach another path, and none that PagerDuty gave looks otherwise.
function segment(id: string): string {
  if (/^[\w-]{1,64}$/.test(id)) return id;
  throw new PagerDutyError("lookup", faultForUnknownId());
}

function incidentPath(incidentId: string, below = ""): string {
  return `/incidents/${segment(incidentId)}${below}`;
}

function isoSecond(atMs: number): string {
  return new Date(Math.floor(atMs / 1000) * 1000).toISOString().replace(".000Z", "Z");
}
