/**
 * Records → what REST v2 answers. Pure.
 */
import type { Account } from "./account.ts";
import { teamsFor } from "./events.ts";
import type { Incident, LogEntry, Note, Service, User } from "./records.ts";
import { isoSeconds, type RestReference, restReference } from "./references.ts";

/** What `include[]` asked for. */
export type Includes = ReadonlySet<string>;

function userReference(account: Account, id: string): RestReference | null {
  const user = account.users.get(id);
  return user === undefined ? null : restReference(account.references.user(user));
}

function serviceReference(account: Account, id: string): RestReference | null {
  const service = account.services.get(id);
  return service === undefined ? null : restReference(account.references.service(service));
}

function policyReference(account: Account, id: string): RestReference | null {
  const policy = account.policies.get(id);
  return policy === undefined ? null : restReference(account.references.policy(policy));
}

/** A reference with the type of a whole resource. */
function whole(reference: RestReference): RestReference {
  return { ...reference, type: reference.type.replace(/_reference$/, "") };
}

/** An incident; `body` and `first_trigger_log_entries` are honoured in `include[]`. */
export function incidentView(account: Account, incident: Incident, includes: Includes): object {
  const first = incident.logEntries[0];
  const trigger = first && restReference(account.references.logEntry(first));
  const priority = incident.priorityId === null ? undefined : account.priorities.get(incident.priorityId);
  const target = incident.mergedIntoId === null ? undefined : account.incidents.get(incident.mergedIntoId);
  return {
    ...whole(account.references.numberedIncident(incident)),
    incident_number: incident.number,
    title: incident.title,
    description: incident.title,
    created_at: isoSeconds(incident.createdAtMs),
    updated_at: isoSeconds(incident.changedAtMs),
    status: incident.status,
    incident_key: incident.incidentKey,
    service: serviceReference(account, incident.serviceId),
    assignments: incident.assigneeIds.map((id) => ({
      at: isoSeconds(incident.createdAtMs),
      assignee: userReference(account, id),
    })),
    acknowledgements: incident.acknowledgements.map(({ atMs, userId }) => ({
      at: isoSeconds(atMs),
      acknowledger: userReference(account, userId),
    })),
    last_status_change_at: isoSeconds(incident.changedAtMs),
    last_status_change_by: restReference(incident.changedBy),
    first_trigger_log_entry:
      first !== undefined && includes.has("first_trigger_log_entries")
        ? logEntryView(account, first, includes)
        : trigger,
    escalation_policy: policyReference(account, incident.policyId),
    teams: teamsFor(account, incident).map((team) => restReference(team)),
    priority: priority === undefined ? null : whole(restReference(account.references.priority(priority))),
    urgency: incident.urgency,
    resolve_reason:
      target === undefined
        ? null
        : { type: "merge_resolve_reason", incident: account.references.numberedIncident(target) },
    conference_bridge: incident.conferenceBridge,
    incident_type: { name: incident.incidentType },
    pending_actions: pendingActions(incident),
    alert_counts: { all: 0, triggered: 0, resolved: 0 },
    is_mergeable: incident.status !== "resolved",
    ...(includes.has("body") && { body: { type: "incident_body", details: incident.details } }),
  };
}

function pendingActions(incident: Incident): object[] {
  if (incident.snoozedUntilMs === null || incident.status === "resolved") return [];
  return [{ type: "unacknowledge", at: isoSeconds(incident.snoozedUntilMs) }];
}

/** A note, with its author and the channel that every note has. */
export function noteView(note: Note): object {
  return {
    id: note.id,
    user: restReference(note.author),
    channel: { summary: "The PagerDuty website or APIs", id: null, type: "note_channel" },
    content: note.content,
    created_at: isoSeconds(note.createdAtMs),
  };
}

/** A log entry; the channel's details come with `include[]=channels` only. */
export function logEntryView(account: Account, entry: LogEntry, includes: Includes): object {
  const incident = account.incidents.get(entry.incidentId);
  const channel = includes.has("channels") ? { type: entry.channel, ...entry.detail } : { type: entry.channel };
  return {
    ...whole(restReference(account.references.logEntry(entry))),
    created_at: isoSeconds(entry.atMs),
    agent: restReference(entry.agent),
    channel,
    service: incident === undefined ? null : serviceReference(account, incident.serviceId),
    incident: incident === undefined ? null : account.references.numberedIncident(incident),
    teams: incident === undefined ? [] : teamsFor(account, incident).map((team) => restReference(team)),
    contexts: [],
    event_details: {},
  };
}

/** A user with the fields that matter here. */
export function userView(account: Account, user: User): object {
  return {
    ...whole(restReference(account.references.user(user))),
    name: user.name,
    email: user.email,
    role: "user",
    time_zone: "Etc/UTC",
    teams: [],
    contact_methods: [],
  };
}

/** A service; null timeouts mean that it never resolves or unacknowledges by itself. */
export function serviceView(account: Account, service: Service): object {
  return {
    ...whole(restReference(account.references.service(service))),
    name: service.name,
    description: "",
    status: "active",
    created_at: "2025-12-02T10:00:00Z",
    auto_resolve_timeout: service.autoResolveTimeoutSeconds,
    acknowledgement_timeout: service.acknowledgementTimeoutSeconds,
    escalation_policy: policyReference(account, service.policyId),
    incident_urgency_rule: { type: "constant", urgency: "high" },
    alert_creation: "create_alerts_and_incidents",
    teams: service.teamIds.flatMap((id) => {
      const team = account.teams.get(id);
      return team === undefined ? [] : [restReference(account.references.team(team))];
    }),
    integrations: [],
  };
}

/** An escalation policy with one rule a level. */
export function policyView(account: Account, policyId: string): object | undefined {
  const policy = account.policies.get(policyId);
  if (policy === undefined) return undefined;
  const onCalls = account.onCalls.get(policyId) ?? [];
  const levels = [...new Set(onCalls.map((entry) => entry.level))].sort((a, b) => a - b);
  return {
    ...whole(restReference(account.references.policy(policy))),
    name: policy.name,
    num_loops: 0,
    escalation_rules: levels.map((level) => ({
      id: `${policyId}${level}`,
      escalation_delay_in_minutes: 30,
      targets: onCalls
        .filter((entry) => entry.level === level)
        .flatMap((entry) => userReference(account, entry.userId) ?? []),
    })),
    services: [...account.services.values()]
      .filter((service) => service.policyId === policyId)
      .map((service) => restReference(account.references.service(service))),
    teams: [],
  };
}
