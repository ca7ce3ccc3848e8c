/**
 * How an incident opens: what is refused, who gets it, what is told.
 */
import type { Account } from "./account.ts";
import { openIncidentWithKey } from "./incident-search.ts";
import { acknowledge } from "./incidents.ts";
import type { Actor, Incident } from "./records.ts";
import { DUPLICATE_KEY, invalidInput, type Refusal } from "./refusals.ts";

/** What POST /incidents and the Events API bring. */
export type IncidentDraft = {
  readonly title: string;
  readonly serviceId: string;
  readonly details?: string | undefined;
  readonly incidentKey?: string | undefined;
  readonly urgency?: "high" | "low" | undefined;
  readonly policyId?: string | undefined;
  readonly assigneeId?: string | undefined;
  readonly priorityId?: string | undefined;
  readonly conferenceBridge?: Readonly<Record<string, unknown>> | undefined;
  readonly incidentType?: string | undefined;
  readonly fromEvents?: boolean;
};

function refusalOf(account: Account, draft: IncidentDraft): Refusal | undefined {
  const { limits } = account.options;
  if (draft.title.trim() === "") return invalidInput("Title can't be blank");
  if (draft.title.length > limits.titleCharacters)
    return invalidInput(`Title is too long (maximum is ${limits.titleCharacters} characters)`);
  if ((draft.details?.length ?? 0) > limits.detailsCharacters)
    return invalidInput(`Details is too long (maximum is ${limits.detailsCharacters} characters)`);
  if (!account.services.has(draft.serviceId)) return invalidInput("Service not found");
  if (draft.policyId !== undefined && !account.policies.has(draft.policyId))
    return invalidInput("Escalation policy not found");
  if (draft.assigneeId !== undefined && !account.users.has(draft.assigneeId)) return invalidInput("Assignee not found");
  if (draft.priorityId !== undefined && !account.priorities.has(draft.priorityId))
    return invalidInput("Priority not found");
  if (draft.incidentKey && openIncidentWithKey(account, draft.serviceId, draft.incidentKey)) return DUPLICATE_KEY;
  return undefined;
}

/** Opens an incident; one that its opener is assigned to starts acknowledged, as PagerDuty documents. */
export function openIncident(account: Account, actor: Actor, draft: IncidentDraft): Incident | Refusal {
  const refusal = refusalOf(account, draft);
  if (refusal !== undefined) return refusal;
  const incident = incidentFrom(account, actor, draft);
  account.incidents.set(incident.id, incident);
  if (incident.incidentKey !== null) {
    const same = account.incidentsByKey.get(incident.incidentKey);
    if (same === undefined) account.incidentsByKey.set(incident.incidentKey, [incident]);
    else same.push(incident);
  }
  const via = draft.fromEvents ? "Events API" : actor.channel === "api" ? "API" : "website";
  account.log(incident, actor, "trigger_log_entry", `Triggered through the ${via}.`);
  account.occurred({ type: "incident.triggered", incident, agent: actor.agent });
  const mine = draft.assigneeId !== undefined && draft.assigneeId === actor.userId;
  return mine ? acknowledge(account, actor, incident) : incident;
}

function incidentFrom(account: Account, actor: Actor, draft: IncidentDraft): Incident {
  const atMs = account.now;
  const policyId = draft.policyId ?? account.services.get(draft.serviceId)?.policyId ?? "";
  const assigneeIds = draft.assigneeId === undefined ? account.onCallAt(policyId, 1, atMs) : [draft.assigneeId];
  return {
    id: account.nextId("Q", 14),
    number: account.nextNumber(),
    incidentKey: draft.incidentKey || account.nextId("", 32).toLowerCase(),
    fromEvents: draft.fromEvents ?? false,
    createdAtMs: atMs,
    title: draft.title,
    details: draft.details ?? null,
    status: "triggered",
    serviceId: draft.serviceId,
    policyId,
    assigneeIds,
    acknowledgements: [],
    urgency: draft.urgency ?? "high",
    priorityId: draft.priorityId ?? null,
    conferenceBridge: draft.conferenceBridge ?? null,
    incidentType: draft.incidentType ?? "incident_default",
    reopenedAtMs: null,
    changedAtMs: atMs,
    changedBy: actor.agent,
    mergedIntoId: null,
    snoozedUntilMs: null,
    revision: 0,
    notes: [],
    logEntries: [],
    fieldValues: new Map([...account.fields.values()].map((field) => [field.id, field.defaultValue])),
  };
}
