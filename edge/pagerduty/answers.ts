/**
 * What PagerDuty's REST API v2 answers, as far as it is used: schemas that turn each resource into our camelCase form at
 * the door. Unknown keys are skipped; anything optional in practice may be missing. Pure.
 * Source: https://developer.pagerduty.com/api-reference/.
 */
import * as z from "zod/mini";
import { instantSchema, orElse, pagerDutyIdSchema } from "../../shared/values.ts";

const id = pagerDutyIdSchema;
const reference = z.object({ id });
const optionalReference = z.nullish(reference);
const optionalText = z.nullish(z.string());
const optionalTime = orElse(instantSchema, null);

/** An incident as PagerDuty has it now. */
export interface Incident {
  readonly id: string;
  readonly key: string | null;
  readonly status: "triggered" | "acknowledged" | "resolved";
  readonly title: string;
  /** Null when the answer leaves it out, as those of its look-alikes may. */
  readonly serviceId: string | null;
  readonly escalationPolicyId: string | null;
  /** Its page in PagerDuty. */
  readonly url: string | null;
  /** The body's text; null when the answer did not include it. */
  readonly body: string | null;
  /** The incident that it was merged into; null when it was not. */
  readonly mergedInto: string | null;
  /** When its status last changed, ms since the epoch; null when the answer leaves it out. */
  readonly changedMs: number | null;
}

const details = z.object({ details: z.string() });
const triggerEntry = z.object({ channel: details });
const mergeReason = z.object({ type: z.literal("merge_resolve_reason"), incident: reference });

export const incidentSchema = z.pipe(
  z.object({
    id,
    incident_key: optionalText,
    status: z.enum(["triggered", "acknowledged", "resolved"]),
    title: optionalText,
    service: optionalReference,
    escalation_policy: optionalReference,
    html_url: optionalText,
    body: z.optional(z.unknown()),
    first_trigger_log_entry: z.optional(z.unknown()),
    resolve_reason: z.optional(z.unknown()),
    last_status_change_at: optionalTime,
  }),
  z.transform(
    (incident): Incident => ({
      id: incident.id,
      key: incident.incident_key ?? null,
      status: incident.status,
      title: incident.title ?? "",
      serviceId: incident.service?.id ?? null,
      escalationPolicyId: incident.escalation_policy?.id ?? null,
      url: incident.html_url ?? null,
      // Included under `body` by documentation; the first log entry's channel holds the same text.
      body:
        details.safeParse(incident.body).data?.details ??
        triggerEntry.safeParse(incident.first_trigger_log_entry).data?.channel.details ??
        null,
      mergedInto: mergeReason.safeParse(incident.resolve_reason).data?.incident.id ?? null,
      changedMs: incident.last_status_change_at,
    }),
  ),
);

/** The incident that a creation answers with. Nothing but its id need be told: what was just opened is triggered. */
export const createdIncidentSchema = z.pipe(
  z.pipe(
    z.looseObject({}),
    z.transform((incident) => ({ status: "triggered", ...incident })),
  ),
  incidentSchema,
);

/** A note on an incident; `userId` is null when PagerDuty names no author. */
export interface Note {
  readonly id: string;
  readonly content: string;
  readonly userId: string | null;
  /** Ms since the epoch; null when the answer leaves it out. */
  readonly createdMs: number | null;
}

export const noteSchema = z.pipe(
  z.object({ id, content: z.string(), user: optionalReference, created_at: optionalTime }),
  z.transform(
    (note): Note => ({
      id: note.id,
      content: note.content,
      userId: note.user?.id ?? null,
      createdMs: note.created_at,
    }),
  ),
);

/** A user of the account. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

export const userSchema = z.pipe(
  z.object({ id, name: optionalText, email: z.string() }),
  z.transform((user): User => ({ id: user.id, name: user.name ?? "", email: user.email })),
);

/** A service, with what an access request's incident depends on. */
export interface Service {
  readonly id: string;
  readonly name: string;
  readonly escalationPolicyId: string | null;
  /** After how long PagerDuty resolves by itself, in seconds; null: never. */
  readonly autoResolveSeconds: number | null;
  readonly teamIds: readonly string[];
}

export const serviceSchema = z.pipe(
  z.object({
    id,
    name: optionalText,
    escalation_policy: optionalReference,
    auto_resolve_timeout: z.nullish(z.number()),
    teams: z.nullish(z.array(reference)),
  }),
  z.transform(
    (service): Service => ({
      id: service.id,
      name: service.name ?? "",
      escalationPolicyId: service.escalation_policy?.id ?? null,
      autoResolveSeconds: service.auto_resolve_timeout || null,
      teamIds: service.teams?.map((team) => team.id) ?? [],
    }),
  ),
);

const optionalInstant = z.nullish(instantSchema);

/** Somebody on call: who, at which level, since when and until when, in ms since the epoch (null: always). */
export const onCallSchema = z.pipe(
  z.object({
    user: optionalReference,
    escalation_policy: optionalReference,
    escalation_level: z.int(),
    start: optionalInstant,
    end: optionalInstant,
  }),
  z.transform((entry) => ({
    userId: entry.user?.id ?? null,
    escalationPolicyId: entry.escalation_policy?.id ?? null,
    level: entry.escalation_level,
    startMs: entry.start ?? null,
    endMs: entry.end ?? null,
  })),
);

/** A priority of the account. */
export interface Priority {
  readonly id: string;
  readonly name: string;
}

export const prioritySchema = z.pipe(
  z.object({ id, name: optionalText }),
  z.transform((priority): Priority => ({ id: priority.id, name: priority.name ?? "" })),
);

/** A webhook subscription, as far as whether and what it brings us. */
export interface Subscription {
  readonly id: string;
  /** Where its deliveries go; null when it has no HTTP address. */
  readonly url: string | null;
  /** `disabled`: by PagerDuty, for a day, after refused deliveries. */
  readonly state: "enabled" | "inactive" | "disabled";
  readonly events: readonly string[];
  /** `service_reference`, `team_reference` or `account_reference`, which has no id. */
  readonly filter: { readonly type: string; readonly id: string | null };
}

export const subscriptionSchema = z.pipe(
  z.object({
    id,
    active: z.nullish(z.boolean()),
    delivery_method: z.object({
      url: optionalText,
      temporarily_disabled: z.nullish(z.boolean()),
    }),
    events: z.array(z.string()),
    filter: z.object({ type: z.string(), id: z.nullish(id) }),
  }),
  z.transform(
    ({ id, active, delivery_method: { url, temporarily_disabled }, events, filter }): Subscription => ({
      id,
      url: url ?? null,
      state: active === false ? "inactive" : temporarily_disabled === true ? "disabled" : "enabled",
      events,
      filter: { type: filter.type, id: filter.id ?? null },
    }),
  ),
);
