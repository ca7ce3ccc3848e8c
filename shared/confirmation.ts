/**
 * Whether PagerDuty, asked again, shows the same click as its signed delivery. The edge asks and picks out what shows it;
 * the relay looks at that itself, under `confirm = "all"`, before an approval counts. What was read again is unsigned: it
 * withstands somebody who has the webhook secret, and not a dishonest edge. Pure.
 * Shapes: GET /incidents/{id}/notes, …/log_entries and …/custom_fields/values of PagerDuty's REST API v2.
 */
import * as z from "zod/mini";
import { parseJsonBytes } from "./bytes.ts";
import { type Click, clickIn, commandIn } from "./click.ts";
import type { Decisions } from "./decisions.ts";
import { instantSchema } from "./values.ts";
import type { WebhookEvent } from "./webhook-event.ts";

/** How far the log's time may be from the delivery's, in ms: log entries have whole seconds, and are written behind. */
export const LOG_TIME_TOLERANCE_MS = 60_000;

/** What shows a click, each part as PagerDuty's REST API has it: a note alone, a log entry, or a log entry and a field. */
export interface Confirmation {
  readonly note?: unknown;
  readonly log_entry?: unknown;
  readonly custom_field?: unknown;
}

const personSchema = z.object({ id: z.string(), type: z.string() });
const noteSchema = z.object({ id: z.string(), content: z.string(), user: personSchema });
const logEntrySchema = z.object({
  type: z.string(),
  created_at: instantSchema,
  agent: personSchema,
  incident: z.nullish(z.object({ id: z.string() })),
});
const fieldSchema = z.object({ name: z.string(), value: z.string() });
const confirmationSchema = z.object({
  note: z.optional(z.unknown()),
  log_entry: z.optional(z.unknown()),
  custom_field: z.optional(z.unknown()),
});

/** What the log's types of a click by each channel have in their name; PagerDuty does not document all of them. */
const LOG_TYPE = { workflow: /workflow/, field: /field/ } as const;

/** The whole text of a note that shows this click: the same note, author and command; undefined for any other note. */
export function wholeNote(click: Click, noteId: string, note: unknown): string | undefined {
  const read = noteSchema.safeParse(note).data;
  if (read?.id !== noteId || !isBy(click, read.user)) return undefined;
  return commandIn(read.content)?.verdict === click.verdict ? read.content : undefined;
}

/** Whether a log entry tells of a workflow that was started, or a field that was set, by the click's person at its time. */
export function logEntryShows(click: Click, logEntry: unknown): boolean {
  if (click.channel !== "workflow" && click.channel !== "field") return false;
  const read = logEntrySchema.safeParse(logEntry).data;
  return (
    read !== undefined &&
    isBy(click, read.agent) &&
    LOG_TYPE[click.channel].test(read.type) &&
    Math.abs(read.created_at - click.occurredMs) <= LOG_TIME_TOLERANCE_MS &&
    (read.incident?.id ?? click.incidentId) === click.incidentId
  );
}

/** Whether the deciding field still has what the click set it to. */
export function fieldShows(click: Click, field: string, customField: unknown): boolean {
  const read = fieldSchema.safeParse(customField).data;
  return read?.name === field && read.value === click.verdict;
}

/** Whether the bytes of a {@link Confirmation} show the click that an event is. Never throws. */
export function confirms(event: WebhookEvent, decisions: Decisions, bytes: Uint8Array): boolean {
  const click = clickIn(event, decisions);
  const confirmation = confirmationSchema.safeParse(parseJsonBytes(bytes)).data;
  if (click === undefined || confirmation === undefined) return false;
  switch (event.kind) {
    case "annotated":
      return wholeNote(click, event.noteId, confirmation.note) !== undefined;
    case "workflow_started":
      return logEntryShows(click, confirmation.log_entry);
    case "field_values_updated":
      return (
        logEntryShows(click, confirmation.log_entry) && fieldShows(click, decisions.field, confirmation.custom_field)
      );
    case "resolved":
      return false;
  }
}

/** The reason in the whole text of a note; undefined when the confirmation holds no such note. */
export function wholeReason(event: WebhookEvent, decisions: Decisions, bytes: Uint8Array): string | undefined {
  const click = clickIn(event, decisions);
  const confirmation = confirmationSchema.safeParse(parseJsonBytes(bytes)).data;
  if (click === undefined || event.kind !== "annotated") return undefined;
  const text = wholeNote(click, event.noteId, confirmation?.note);
  return text === undefined ? undefined : commandIn(text)?.reason;
}

function isBy({ agent }: Click, { id, type }: z.infer<typeof personSchema>): boolean {
  return agent?.type === "user_reference" && type === "user_reference" && id === agent.id;
}
