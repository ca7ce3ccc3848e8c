/**
 * The bodies of POST and PUT /incidents: read with PagerDuty's checks, and for a PUT carried out field by field.
 */
import type { Account } from "./account.ts";
import { acknowledge, reassign, resolve, unacknowledge } from "./incidents.ts";
import { isRecord, listAt, recordAt, textAt } from "./json.ts";
import type { IncidentDraft } from "./opening.ts";
import type { Actor, Incident } from "./records.ts";
import { invalidInput, isRefusal, type Refusal } from "./refusals.ts";

/** The body of POST /incidents, or what is wrong with it. */
export function draftFrom(body: unknown): IncidentDraft | Refusal {
  const incident = recordAt(body, "incident");
  if (incident === undefined) return invalidInput("Incident can't be blank");
  if (textAt(incident, "type") !== "incident") return invalidInput("Incident type is invalid");
  const details = recordAt(incident, "body")?.details;
  if (details !== undefined && typeof details !== "string") return invalidInput("Body details must be a string");
  const serviceId = textAt(recordAt(incident, "service"), "id");
  if (serviceId === undefined) return invalidInput("Service can't be blank");
  const urgency = textAt(incident, "urgency");
  if (urgency !== undefined && urgency !== "high" && urgency !== "low") return invalidInput("Urgency is invalid");
  const assignees = listAt(incident, "assignments").flatMap((item) => textAt(recordAt(item, "assignee"), "id") ?? []);
  const policyId = textAt(recordAt(incident, "escalation_policy"), "id");
  if (assignees.length > 1) return invalidInput("Only one assignee is allowed");
  if (assignees.length > 0 && policyId !== undefined)
    return invalidInput("Assignments and escalation policy are mutually exclusive");
  return {
    title: textAt(incident, "title") ?? "",
    serviceId,
    details,
    incidentKey: textAt(incident, "incident_key"),
    urgency,
    policyId,
    assigneeId: assignees[0],
    priorityId: textAt(recordAt(incident, "priority"), "id"),
    conferenceBridge: recordAt(incident, "conference_bridge"),
    incidentType: textAt(recordAt(incident, "incident_type"), "name"),
  };
}

/** One incident's part of a PUT: status first, then title, urgency, assignment. */
export function change(account: Account, actor: Actor, incident: Incident, wanted: unknown): Incident | Refusal {
  const type = textAt(wanted, "type");
  if (!isRecord(wanted) || (type !== "incident" && type !== "incident_reference"))
    return invalidInput("Incident type is invalid");
  const title = textAt(wanted, "title");
  if (title !== undefined && title.length > account.options.limits.titleCharacters)
    return invalidInput(`Title is too long (maximum is ${account.options.limits.titleCharacters} characters)`);
  const moved = changeStatus(account, actor, incident, wanted);
  if (isRefusal(moved)) return moved;
  incident.title = title ?? incident.title;
  const urgency = textAt(wanted, "urgency");
  if (urgency === "high" || urgency === "low") incident.urgency = urgency;
  const userIds = listAt(wanted, "assignments").flatMap((item) => textAt(recordAt(item, "assignee"), "id") ?? []);
  const policyId = textAt(recordAt(wanted, "escalation_policy"), "id");
  if (userIds.length > 0) return reassign(account, actor, incident, { userIds });
  if (policyId !== undefined) return reassign(account, actor, incident, { policyId });
  return incident;
}

function changeStatus(account: Account, actor: Actor, incident: Incident, wanted: unknown): Incident | Refusal {
  const status = textAt(wanted, "status");
  switch (status) {
    case undefined:
      return incident;
    case "resolved":
      return resolve(account, actor, incident, textAt(wanted, "resolution"));
    case "acknowledged":
      return acknowledge(account, actor, incident);
    case "triggered":
      return unacknowledge(account, actor, incident);
    default:
      return invalidInput("Status is invalid");
  }
}
