/**
 * A PagerDuty V3 webhook event, raw bytes → the few facts that matter here. Only the event types that can matter are
 * known; every other authentic event reads as `unused`. Pure; call it with bytes whose signature has been verified.
 * Shapes: https://developer.pagerduty.com/docs/webhooks/webhooks-overview/ and the signed deliveries in test/fixtures.
 */
import * as z from "zod/mini";
import { parseJsonBytes } from "./bytes.ts";
import { instantSchema, orElse, pagerDutyIdSchema, textOf } from "./values.ts";

/** Somebody or something that acted in PagerDuty; null when PagerDuty names nobody (automation). */
export interface Agent {
  readonly id: string;
  /** `user_reference` for a person; anything else is a machine. */
  readonly type: string;
}

interface EventCommon {
  /** PagerDuty's id of the event, the same on every delivery of it. */
  readonly eventId: string;
  /** `occurred_at`, milliseconds since the epoch. */
  readonly occurredMs: number;
  readonly agent: Agent | null;
  readonly incidentId: string;
}

export type WebhookEvent =
  | (EventCommon & {
      readonly kind: "annotated";
      readonly noteId: string;
      readonly content: string;
      readonly trimmed: boolean;
    })
  | (EventCommon & {
      readonly kind: "resolved";
      readonly incidentKey: string | null;
      readonly mergedInto: string | null;
      /** Whether PagerDuty gives no reason for it, as when a person resolves; a merge is one. */
      readonly isBare: boolean;
    })
  | (EventCommon & { readonly kind: "workflow_started"; readonly triggerId: string })
  | (EventCommon & {
      readonly kind: "field_values_updated";
      /** Names of the changed fields, with the values that the incident has now. */
      readonly changed: ReadonlyMap<string, string>;
      /** Names of the changed fields that had a value before, with that value, as far as PagerDuty's samples tell. */
      readonly before: ReadonlyMap<string, string>;
    });

/** `unused`: authentic but of a type that nothing here depends on. `unreadable`: not an event at all, or too deep. */
export type WebhookReading =
  | WebhookEvent
  | { readonly kind: "unused"; readonly eventType: string }
  | { readonly kind: "unreadable" };

/** An agent that is missing or cannot be read is nobody, and nobody decides: what happened is known all the same. */
export const agentSchema = orElse(z.object({ id: pagerDutyIdSchema, type: z.string() }), null);
const referenceSchema = z.object({ id: pagerDutyIdSchema });

const eventSchema = z.object({
  event: z.object({
    id: textOf(1, 128),
    event_type: z.string(),
    occurred_at: instantSchema,
    agent: agentSchema,
    data: z.optional(z.unknown()),
  }),
});

const noteSchema = z.object({
  incident: referenceSchema,
  id: pagerDutyIdSchema,
  content: z.string(),
  trimmed: orElse(z.boolean(), false),
});

const resolvedSchema = z.object({
  id: pagerDutyIdSchema,
  incident_key: z.nullish(z.string()),
  // Documented as null and seen as an object on a merge; a string or a new form is no merge that could be followed.
  resolve_reason: z.optional(z.unknown()),
});
const mergeReasonSchema = z.object({ type: z.literal("merge_resolve_reason"), incident: referenceSchema });

const workflowSchema = z.object({ incident: referenceSchema, workflow_trigger: referenceSchema });

// A field of another kind, such as one with several values, must not hide the others.
const textFieldSchema = orElse(z.object({ id: z.string(), name: z.string(), value: z.string() }), null);
const changedFieldSchema = orElse(z.object({ id: z.string() }), null);
const fieldValuesSchema = z.object({
  incident: referenceSchema,
  custom_fields: z.array(textFieldSchema),
  changed_custom_fields: z.array(z.unknown()),
});

/** Reads one delivery. Never throws, whatever the bytes are. */
export function readWebhook(raw: Uint8Array): WebhookReading {
  const parsed = eventSchema.safeParse(parseJsonBytes(raw));
  if (!parsed.success) return { kind: "unreadable" };
  const { event } = parsed.data;
  const common = { eventId: event.id, occurredMs: event.occurred_at, agent: event.agent };
  return readData(event.event_type, event.data, common);
}

function readData(eventType: string, data: unknown, common: Omit<EventCommon, "incidentId">): WebhookReading {
  switch (eventType) {
    case "incident.annotated": {
      const note = noteSchema.safeParse(data).data;
      if (note === undefined) return { kind: "unreadable" };
      const { incident, id: noteId, content, trimmed } = note;
      return { kind: "annotated", ...common, incidentId: incident.id, noteId, content, trimmed };
    }
    case "incident.resolved": {
      const incident = resolvedSchema.safeParse(data).data;
      if (incident === undefined) return { kind: "unreadable" };
      const mergedInto = mergeReasonSchema.safeParse(incident.resolve_reason).data?.incident.id ?? null;
      return {
        kind: "resolved",
        ...common,
        incidentId: incident.id,
        incidentKey: incident.incident_key ?? null,
        mergedInto,
        isBare: (incident.resolve_reason ?? null) === null,
      };
    }
    case "incident.workflow.started": {
      const started = workflowSchema.safeParse(data).data;
      if (started === undefined) return { kind: "unreadable" };
      return {
        kind: "workflow_started",
        ...common,
        incidentId: started.incident.id,
        triggerId: started.workflow_trigger.id,
      };
    }
    case "incident.custom_field_values.updated": {
      const fields = fieldValuesSchema.safeParse(data).data;
      if (fields === undefined) return { kind: "unreadable" };
      return {
        kind: "field_values_updated",
        ...common,
        incidentId: fields.incident.id,
        changed: changedFields(fields),
        before: valuesBefore(fields),
      };
    }
    default:
      return { kind: "unused", eventType };
  }
}

// The samples show `changed_custom_fields` holding the old value, so it only says which fields changed.
function changedFields(data: z.infer<typeof fieldValuesSchema>): ReadonlyMap<string, string> {
  const changed = new Set(data.changed_custom_fields.map((field) => changedFieldSchema.parse(field)?.id));
  return new Map(
    data.custom_fields.flatMap((field) =>
      changed.has(field?.id) && field ? [[field.name, field.value] as const] : [],
    ),
  );
}

function valuesBefore({
  changed_custom_fields: fields,
}: z.infer<typeof fieldValuesSchema>): ReadonlyMap<string, string> {
  return new Map(
    fields.flatMap((field) => {
      const read = textFieldSchema.parse(field);
      return read === null ? [] : [[read.name, read.value] as const];
    }),
  );
}
