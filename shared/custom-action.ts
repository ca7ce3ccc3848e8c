/**
 * A PagerDuty custom incident action: the V2 payload that PagerDuty posts when somebody presses a button, and the log
 * entry that PagerDuty keeps of it. The payload is unsigned and says only where to look; what counts is the log entry,
 * re-read from PagerDuty. Pure. Shapes: V2 webhooks, https://developer.pagerduty.com/docs/webhooks/v2-overview/.
 */
import * as z from "zod/mini";
import { parseJsonBytes } from "./bytes.ts";
import type { Verdict } from "./decisions.ts";
import { instantSchema, pagerDutyIdSchema } from "./values.ts";
import { type Agent, agentSchema } from "./webhook-event.ts";

/** Labels of the two buttons; PagerDuty names the pressed one in the log entry. */
export const ACTION_LABELS: Readonly<Record<Verdict, string>> = { approve: "Approve Request", deny: "Deny Request" };

/** Where the log entry of a pressed button is to be found. */
export interface ActionPointer {
  readonly logEntryId: string;
  readonly incidentId: string;
}

const payloadSchema = z.object({ messages: z.array(z.unknown()).check(z.maxLength(25)) });
const messageSchema = z.object({
  event: z.literal("incident.custom"),
  incident: z.object({ id: pagerDutyIdSchema }),
  log_entries: z.array(z.object({ id: pagerDutyIdSchema })),
});

/** Reads the payload of a custom incident action; messages that point nowhere are left out. Never throws. */
export function readActionPayload(raw: Uint8Array): ActionPointer[] {
  const messages = payloadSchema.safeParse(parseJsonBytes(raw)).data?.messages ?? [];
  return messages.flatMap((message) => {
    const { data } = messageSchema.safeParse(message);
    return (data?.log_entries ?? []).map(({ id }) => ({ logEntryId: id, incidentId: data?.incident.id ?? "" }));
  });
}

/** What a log entry says about a pressed button. */
export interface ActionLogEntry {
  readonly id: string;
  readonly createdMs: number;
  readonly agent: Agent | null;
  readonly incidentId: string;
  /** The incident's key, when the entry's incident shows one. */
  readonly incidentKey: string | null;
  /** Which of our two extensions it names; null when neither or both. */
  readonly action: Verdict | null;
}

const logEntrySchema = z.looseObject({
  id: pagerDutyIdSchema,
  type: z.enum(["custom_log_entry", "custom_log_entry_reference"]),
  created_at: instantSchema,
  agent: agentSchema,
  incident: z.object({ id: pagerDutyIdSchema, incident_key: z.nullish(z.string()) }),
  summary: z.nullish(z.string()),
});

/** Reads a log entry as `GET /log_entries/{id}` returns it, with or without its wrapper; undefined when it is no button's. */
export function readActionLogEntry(raw: Uint8Array): ActionLogEntry | undefined {
  const value = parseJsonBytes(raw);
  const wrapped = z.object({ log_entry: z.unknown() }).safeParse(value);
  const entry = logEntrySchema.safeParse(wrapped.success ? wrapped.data.log_entry : value).data;
  if (entry === undefined) return undefined;
  return {
    id: entry.id,
    createdMs: entry.created_at,
    agent: entry.agent,
    incidentId: entry.incident.id,
    incidentKey: entry.incident.incident_key ?? null,
    action: actionNamed(entry),
  };
}

// Whose text others choose: a person, a service or a title may be called anything, and names no extension.
const OTHERS_WORDS = new Set(["agent", "incident", "service", "teams", "contexts", "summary", "note"]);

function actionNamed(entry: z.infer<typeof logEntrySchema>): Verdict | null {
  const texts = Object.entries(entry).flatMap(([key, value]) => (OTHERS_WORDS.has(key) ? [] : textsIn(value)));
  const names = (label: string): boolean =>
    texts.some((text) => sameLabel(text, label)) || endsWithLabel(entry.summary ?? "", label);
  const approves = names(ACTION_LABELS.approve);
  const denies = names(ACTION_LABELS.deny);
  if (approves === denies) return null;
  return approves ? "approve" : "deny";
}

// Bounded by the depth that parsing allows.
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function sameLabel(name: string, label: string): boolean {
  return name.trim().toLowerCase() === label.toLowerCase();
}

// "<person> ran Approve Request": the label ends the summary, so that a person's name cannot pass for it.
function endsWithLabel(summary: string, label: string): boolean {
  const text = withoutEnding(summary.trim()).toLowerCase();
  return text === label.toLowerCase() || text.endsWith(` ${label.toLowerCase()}`);
}

// Not by a pattern, which would look for the end from each of many quotes.
function withoutEnding(text: string): string {
  let end = text.length;
  while (end > 0 && `."'`.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}
