/**
 * What people do to an incident besides changing its status: notes, fields, workflows, buttons, responder replies.
 * The same rules as in incidents.ts: records first, then the log entry, then what occurred.
 */
import type { Account } from "./account.ts";
import { nameOf, resolve } from "./incidents.ts";
import type { Actor, Extension, Incident, LogEntry, Note, Workflow } from "./records.ts";
import { invalidInput, isRefusal, type Refusal } from "./refusals.ts";

/** Adds a note; notes stay possible on resolved incidents. */
export function annotate(account: Account, actor: Actor, incident: Incident, content: string): Note | Refusal {
  const { limits } = account.options;
  if (content.trim() === "") return invalidInput("Content can't be blank");
  if (content.length > limits.noteCharacters)
    return invalidInput(`Content is too long (maximum is ${limits.noteCharacters} characters)`);
  if (incident.notes.length >= limits.notesPerIncident) return invalidInput("Incident has too many notes");
  const note: Note = { id: account.nextId("P"), content, author: actor.agent, createdAtMs: account.now };
  incident.notes.push(note);
  account.log(incident, actor, "annotate_log_entry", `Note added by ${nameOf(actor)}.`, { content });
  account.occurred({ type: "incident.annotated", incident, agent: actor.agent, note });
  return note;
}

/** Changes what a note says. PagerDuty tells nobody. */
export function editNote(incident: Incident, noteId: string, content: string): Note | undefined {
  const note = incident.notes.find((candidate) => candidate.id === noteId);
  if (note === undefined) return undefined;
  note.content = content;
  incident.revision += 1;
  return note;
}

/** Takes a note away. PagerDuty tells nobody. */
export function deleteNote(incident: Incident, noteId: string): boolean {
  const index = incident.notes.findIndex((candidate) => candidate.id === noteId);
  if (index < 0) return false;
  incident.notes.splice(index, 1);
  incident.revision += 1;
  return true;
}

/** Resolves on the website; a note given with it becomes a note of its own with PagerDuty's prefix. */
export function resolveWithNote(
  account: Account,
  actor: Actor,
  incident: Incident,
  resolutionNote?: string,
): Incident | Refusal {
  if (resolutionNote === undefined || incident.status === "resolved") return resolve(account, actor, incident);
  const addNote = () => annotate(account, actor, incident, `Resolution Note: ${resolutionNote}`);
  if (account.options.resolutionNoteFirst) addNote();
  const done = resolve(account, actor, incident);
  if (!isRefusal(done) && !account.options.resolutionNoteFirst) addNote();
  return done;
}

/** Sets custom fields by id or name; nothing changes when one of them is refused. */
export function setFields(
  account: Account,
  actor: Actor,
  incident: Incident,
  values: readonly {
    readonly id?: string | undefined;
    readonly name?: string | undefined;
    readonly value: string | null;
  }[],
): Incident | Refusal {
  const changes = new Map<string, string | null>();
  for (const { id, name, value } of values) {
    const field = id === undefined ? account.fieldByName(name ?? "") : account.fields.get(id);
    if (field === undefined) return invalidInput("Custom field not found");
    if (value !== null && field.fieldType === "single_value_fixed" && !field.options.includes(value))
      return invalidInput(`${field.name} is not one of its options`);
    if (value !== null && value.length > 200)
      return invalidInput(`${field.name} is too long (maximum is 200 characters)`);
    changes.set(field.id, value);
  }
  const before = new Map([...changes.keys()].map((id) => [id, incident.fieldValues.get(id) ?? null]));
  for (const [id, value] of changes) incident.fieldValues.set(id, value);
  account.log(incident, actor, "field_value_change_log_entry", `Custom fields changed by ${nameOf(actor)}.`);
  account.occurred({ type: "incident.custom_field_values.updated", incident, agent: actor.agent, before });
  return incident;
}

/** Starts a workflow by its manual trigger; returns the id of the instance. */
export function startWorkflow(account: Account, actor: Actor, incident: Incident, workflow: Workflow): string {
  const instanceId = account.nextId("P");
  account.log(incident, actor, "workflow_start_log_entry", `${nameOf(actor)} started ${workflow.name}.`);
  account.occurred({ type: "incident.workflow.started", incident, agent: actor.agent, workflow, instanceId });
  return instanceId;
}

/** Presses a custom incident action; the log entry is what GET /log_entries/{id} then returns. */
export function pressAction(
  account: Account,
  actor: Actor,
  incident: Incident,
  extension: Extension,
): LogEntry | Refusal {
  if (!extension.serviceIds.includes(incident.serviceId)) return invalidInput("Webhook not found on this service");
  const entry = account.log(incident, actor, "custom_log_entry", `${nameOf(actor)} ran ${extension.name}`);
  account.occurred({ type: "incident.custom", incident, agent: actor.agent, extension, entry });
  return entry;
}

/** Answers a responder request. */
export function reply(
  account: Account,
  actor: Actor,
  incident: Incident,
  state: "joined" | "declined",
  message: string,
): LogEntry {
  const entry = account.log(incident, actor, "responder_request_log_entry", `${nameOf(actor)} ${state}.`);
  account.occurred({ type: "incident.responder.replied", incident, agent: actor.agent, state, message });
  return entry;
}
