/**
 * What occurred → the body of a webhook v3 event, key for key as PagerDuty sends it.
 * Pure: the event id and the time come from outside.
 */
import type { Account } from "./account.ts";
import type { Extension, Field, Incident, LogEntry, Note, Reference, Workflow } from "./records.ts";
import { isoSeconds } from "./references.ts";

type Common = { readonly incident: Incident; readonly agent: Reference | null };

/** Everything that can happen to an incident. `incident.custom` goes to an extension as V2, the others to subscriptions. */
export type Occurrence = Common &
  (
    | {
        readonly type:
          | "incident.triggered"
          | "incident.acknowledged"
          | "incident.unacknowledged"
          | "incident.resolved"
          | "incident.reopened"
          | "incident.reassigned"
          | "incident.priority_updated";
      }
    | { readonly type: "incident.annotated"; readonly note: Note }
    | {
        readonly type: "incident.custom_field_values.updated";
        /** Field id → the value before. */
        readonly before: ReadonlyMap<string, string | null>;
      }
    | { readonly type: "incident.workflow.started"; readonly workflow: Workflow; readonly instanceId: string }
    | {
        readonly type: "incident.responder.replied";
        readonly state: "joined" | "declined";
        readonly message: string;
      }
    | { readonly type: "incident.custom"; readonly extension: Extension; readonly entry: LogEntry }
  );

/** The types a subscription may ask for, as the webhooks overview lists them. */
export const EVENT_TYPES: ReadonlySet<string> = new Set(
  [
    ..."acknowledged annotated conference_bridge.updated custom_field_values.updated delegated escalated".split(" "),
    ..."incident_type.changed priority_updated reassigned reopened resolved responder.added responder.replied".split(
      " ",
    ),
    ..."role.assigned service_updated status_update_published task.completed task.created task.updated".split(" "),
    ..."triggered unacknowledged action_invocation.created action_invocation.terminated".split(" "),
    ..."action_invocation.updated workflow.started workflow.completed".split(" "),
  ]
    .map((name) => `incident.${name}`)
    .concat(
      "service.created service.custom_field_values.updated service.deleted service.updated pagey.ping".split(" "),
    ),
);

/** The id, type and time of one event. */
export type EventHead = { readonly id: string; readonly occurredAtMs: number };

/** Wraps data in the envelope of webhooks v3. */
export function envelopeFor(head: EventHead, type: string, agent: unknown, data: unknown): { event: object } {
  return {
    event: {
      id: head.id,
      event_type: type,
      resource_type: type.split(".")[0],
      occurred_at: new Date(head.occurredAtMs).toISOString(),
      agent,
      client: null,
      data,
    },
  };
}

/** The test event of POST /webhook_subscriptions/{id}/ping; its agent has an id and a type only, or is null. */
export function pingFor(head: EventHead, userId: string | null): { event: object } {
  const agent = userId === null ? null : { id: userId, type: "user_reference" };
  return envelopeFor(head, "pagey.ping", agent, { message: "Hello from your friend Pagey!", type: "ping" });
}

/** The body of one event. Notes longer than `trimCharacters` are cut and say so. */
export function eventFor(account: Account, occurrence: Occurrence, head: EventHead, trimCharacters: number) {
  return envelopeFor(head, occurrence.type, occurrence.agent, dataFor(account, occurrence, trimCharacters));
}

function dataFor(account: Account, occurrence: Occurrence, trimCharacters: number): object {
  const { incident } = occurrence;
  const { references } = account;
  switch (occurrence.type) {
    case "incident.annotated":
      return noteData(references.incident(incident), occurrence.note, trimCharacters);
    case "incident.custom_field_values.updated":
      return {
        incident: { ...references.incident(incident), summary: null },
        custom_fields: fieldValuesFor(account, incident),
        changed_custom_fields: [...account.fields.values()]
          .filter((field) => occurrence.before.has(field.id))
          .map((field) => fieldValue(field, occurrence.before.get(field.id) ?? null)),
        type: "incident_field_values",
      };
    case "incident.workflow.started":
      return {
        id: occurrence.instanceId,
        type: "incident_workflow_instance",
        summary: occurrence.workflow.name,
        incident_workflow: references.workflow(occurrence.workflow),
        workflow_trigger: references.workflowTrigger(occurrence.workflow),
        incident: references.incident(incident),
        service: serviceReference(account, incident),
      };
    case "incident.responder.replied":
      return {
        incident: references.incident(incident),
        user: occurrence.agent,
        escalation_policy: policyReference(account, incident),
        message: occurrence.message,
        state: occurrence.state,
        type: "incident_responder",
      };
    default:
      return incidentData(account, incident);
  }
}

function noteData(incident: Reference, note: Note, trimCharacters: number): object {
  const trimmed = note.content.length > trimCharacters;
  const content = trimmed ? note.content.slice(0, trimCharacters) : note.content;
  return { incident, id: note.id, content, trimmed, type: "incident_note" };
}

function fieldValue(field: Field, value: string | null): object {
  const { fieldType, id, name } = field;
  return { data_type: "string", field_type: fieldType, id, name, namespace: "incidents", type: "field_value", value };
}

/** All custom field values of an incident, in the order the fields were defined. */
export function fieldValuesFor(account: Account, incident: Incident): object[] {
  return [...account.fields.values()].map((field) => fieldValue(field, incident.fieldValues.get(field.id) ?? null));
}

function serviceReference(account: Account, incident: Incident): Reference | null {
  const service = account.services.get(incident.serviceId);
  return service === undefined ? null : account.references.service(service);
}

function policyReference(account: Account, incident: Incident): Reference | null {
  const policy = account.policies.get(incident.policyId);
  return policy === undefined ? null : account.references.policy(policy);
}

/** The merge reason of an incident that was merged away, else null; `summary` differs between v3 and REST. */
function resolveReasonFor(account: Account, incident: Incident): object | null {
  const target = incident.mergedIntoId === null ? undefined : account.incidents.get(incident.mergedIntoId);
  if (target === undefined) return null;
  return { type: "merge_resolve_reason", incident: account.references.incident(target) };
}

function incidentData(account: Account, incident: Incident): object {
  const { references } = account;
  const priority = incident.priorityId === null ? undefined : account.priorities.get(incident.priorityId);
  const link = references.incident(incident);
  const data = {
    id: incident.id,
    type: "incident",
    self: link.self,
    html_url: link.html_url,
    number: incident.number,
    status: incident.status,
    incident_key: incident.fromEvents ? null : incident.incidentKey,
    created_at: isoSeconds(incident.createdAtMs),
    title: incident.title,
    service: serviceReference(account, incident),
    assignees: incident.assigneeIds.flatMap((id) => {
      const user = account.users.get(id);
      return user === undefined ? [] : [references.user(user)];
    }),
    escalation_policy: policyReference(account, incident),
    teams: teamsFor(account, incident),
    priority: priority === undefined ? null : references.priority(priority),
    urgency: incident.urgency,
    conference_bridge: incident.conferenceBridge,
    resolve_reason: resolveReasonFor(account, incident),
    incident_type: { name: incident.incidentType },
  };
  return incident.reopenedAtMs === null ? data : { ...data, reopened_at: isoSeconds(incident.reopenedAtMs) };
}

/** The teams of the incident's service. */
export function teamsFor(account: Account, incident: Incident): Reference[] {
  return (account.services.get(incident.serviceId)?.teamIds ?? []).flatMap((id) => {
    const team = account.teams.get(id);
    return team === undefined ? [] : [account.references.team(team)];
  });
}
