/**
 * A person on PagerDuty's website, or an integration, or automation, for tests to act as.
 * Every method throws when PagerDuty would refuse, since a test that expects a refusal asks the REST API.
 */
import type { Account } from "./account.ts";
import {
  annotate,
  deleteNote,
  editNote,
  pressAction,
  reply,
  resolveWithNote,
  setFields,
  startWorkflow,
} from "./answers.ts";
import { acknowledge, merge, reassign, reopen, snooze, unacknowledge } from "./incidents.ts";
import { type IncidentDraft, openIncident } from "./opening.ts";
import type { Actor, Incident, LogEntry, Note } from "./records.ts";
import { isRefusal, type Refusal } from "./refusals.ts";

/** The value, or an exception with the refusal's words. */
export function accepted<T>(outcome: T | Refusal): T {
  if (!isRefusal(outcome)) return outcome;
  throw new Error(`The stand-in PagerDuty refused: ${outcome.message} (${outcome.code}) ${outcome.errors.join("; ")}`);
}

/** Somebody, or something, that acts on incidents. */
export class Person {
  readonly #account: Account;
  readonly #actor: Actor;

  constructor(account: Account, actor: Actor) {
    this.#account = account;
    this.#actor = actor;
  }

  open(draft: IncidentDraft): Incident {
    return accepted(openIncident(this.#account, this.#actor, draft));
  }

  note(incidentId: string, content: string): Note {
    return accepted(annotate(this.#account, this.#actor, this.#incident(incidentId), content));
  }

  /** Changes a note in place; no event tells of it. */
  editNote(incidentId: string, noteId: string, content: string): void {
    if (editNote(this.#incident(incidentId), noteId, content) === undefined) throw new Error(`No note ${noteId}.`);
  }

  /** Takes a note away; no event tells of it. */
  deleteNote(incidentId: string, noteId: string): void {
    if (!deleteNote(this.#incident(incidentId), noteId)) throw new Error(`No note ${noteId}.`);
  }

  acknowledge(incidentId: string): Incident {
    return accepted(acknowledge(this.#account, this.#actor, this.#incident(incidentId)));
  }

  unacknowledge(incidentId: string): Incident {
    return accepted(unacknowledge(this.#account, this.#actor, this.#incident(incidentId)));
  }

  resolve(incidentId: string, resolutionNote?: string): Incident {
    return accepted(resolveWithNote(this.#account, this.#actor, this.#incident(incidentId), resolutionNote));
  }

  reopen(incidentId: string): Incident {
    return accepted(reopen(this.#account, this.#actor, this.#incident(incidentId)));
  }

  snooze(incidentId: string, seconds: number): Incident {
    return accepted(snooze(this.#account, this.#actor, this.#incident(incidentId), seconds));
  }

  reassign(incidentId: string, to: { readonly userIds?: readonly string[]; readonly policyId?: string }): Incident {
    return accepted(reassign(this.#account, this.#actor, this.#incident(incidentId), to));
  }

  /** Merges one incident away into another, which is returned. */
  merge(fromId: string, intoId: string): Incident {
    return accepted(merge(this.#account, this.#actor, this.#incident(intoId), [fromId]));
  }

  /** Presses the button with this label; returns its log entry. */
  pressAction(incidentId: string, label: string): LogEntry {
    const incident = this.#incident(incidentId);
    const extension = [...this.#account.extensions.values()].find(
      ({ name, serviceIds }) => name === label && serviceIds.includes(incident.serviceId),
    );
    if (extension === undefined) throw new Error(`No custom action is called ${label} on incident ${incidentId}.`);
    return accepted(pressAction(this.#account, this.#actor, incident, extension));
  }

  /** Sets a custom field by its name. */
  setField(incidentId: string, name: string, value: string | null): Incident {
    return accepted(setFields(this.#account, this.#actor, this.#incident(incidentId), [{ name, value }]));
  }

  /** Starts a workflow by the id of its manual trigger, or by its own id; returns the id of the instance. */
  startWorkflow(incidentId: string, triggerOrWorkflowId: string): string {
    const workflow = [...this.#account.workflows.values()].find(
      ({ id, triggerId }) => id === triggerOrWorkflowId || triggerId === triggerOrWorkflowId,
    );
    if (workflow === undefined) throw new Error(`No workflow has the id or trigger ${triggerOrWorkflowId}.`);
    return startWorkflow(this.#account, this.#actor, this.#incident(incidentId), workflow);
  }

  /** Answers a responder request. */
  reply(incidentId: string, state: "joined" | "declined", message = "Please help with this incident."): LogEntry {
    return reply(this.#account, this.#actor, this.#incident(incidentId), state, message);
  }

  #incident(id: string): Incident {
    const incident = this.#account.incidents.get(id);
    if (incident === undefined) throw new Error(`The stand-in PagerDuty knows no incident ${id}.`);
    return incident;
  }
}
