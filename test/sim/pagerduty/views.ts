/** What the simulated PagerDuty's REST API answers with, and what its webhooks tell. */

import { SERVICES } from "../plan.ts";
import type { Incident, LogEntry, Note } from "./records.ts";

/** An answer of the REST API. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What is not there. */
export const NOT_FOUND: Answer = { status: 404, body: { error: { message: "Not Found", code: 2100 } } };

/** An answer that says yes. */
export function ok(body: object): Answer {
  return { status: 200, body: { more: false, ...body } };
}

/** An answer with a thing, if there is one. */
export function found<Thing>(thing: Thing | undefined, view: (thing: Thing) => unknown): Answer {
  return thing === undefined ? NOT_FOUND : { status: 200, body: view(thing) };
}

/** Whether a name fits a query. */
export function matches(name: string, query: string | null): boolean {
  return query === null || name.toLowerCase().includes(query.toLowerCase());
}

/** A reference to an incident. */
export function reference(id: string): object {
  return { id, type: "incident_reference" };
}

/** What a webhook tells of an incident's end. */
export function incidentData({ id, key }: Incident, resolve_reason: unknown): object {
  return { id, type: "incident", incident_key: key, resolve_reason };
}

/** An incident as it is read. */
export function incidentView({ id, key, status, title, serviceId, body, mergedInto, changedMs }: Incident): object {
  const policyId = SERVICES.find((service) => service.id === serviceId)?.policyId;
  return {
    id,
    incident_key: key,
    status,
    title,
    service: { id: serviceId },
    escalation_policy: { id: policyId },
    body: { details: body },
    resolve_reason: mergedInto === null ? null : { type: "merge_resolve_reason", incident: { id: mergedInto } },
    last_status_change_at: new Date(changedMs).toISOString(),
  };
}

/** A service as it is read. */
export function serviceView({ id, name, policyId }: (typeof SERVICES)[number]): object {
  return { id, name, escalation_policy: { id: policyId }, auto_resolve_timeout: null, teams: [] };
}

/** A note as it is read. */
export function noteView({ id, content, userId, atMs }: Note): object {
  const user = userId === "" ? null : { id: userId, type: "user_reference" };
  return { id, content, user, created_at: new Date(atMs).toISOString() };
}

/** A log entry as it is read. */
export function entryView({ id, key }: Incident, entry: LogEntry): object {
  return {
    id: entry.id,
    type: entry.type,
    created_at: new Date(entry.atMs).toISOString(),
    agent: entry.agent,
    incident: { id, incident_key: key },
    channel: { type: "custom", summary: entry.label, id: entry.label },
    workflow_trigger: { id: entry.label },
  };
}
