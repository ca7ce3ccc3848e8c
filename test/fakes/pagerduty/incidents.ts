/**
 * How incidents change their status and their people: PagerDuty's semantics without HTTP.
 * An operation changes the records, writes the log entry, tells what occurred, and returns the incident or a refusal.
 */
import type { Account } from "./account.ts";
import { openIncidentWithKey } from "./incident-search.ts";
import type { Actor, Incident, IncidentStatus } from "./records.ts";
import { ALREADY_RESOLVED, DUPLICATE_KEY, invalidInput, isRefusal, NOT_FOUND, type Refusal } from "./refusals.ts";

/** Who PagerDuty names in a log entry's summary. */
export function nameOf(actor: Actor): string {
  return actor.agent?.summary ?? "PagerDuty";
}

function setStatus(account: Account, actor: Actor, incident: Incident, status: IncidentStatus): void {
  incident.status = status;
  incident.changedAtMs = account.now;
  incident.changedBy = actor.agent;
}

/** Acknowledges an open incident, and hands it to whoever does so when it was not theirs. */
export function acknowledge(account: Account, actor: Actor, incident: Incident): Incident | Refusal {
  if (incident.status === "resolved") return reopen(account, actor, incident, "acknowledged");
  setStatus(account, actor, incident, "acknowledged");
  if (actor.userId !== null) {
    incident.acknowledgements = [...incident.acknowledgements, { atMs: account.now, userId: actor.userId }];
    if (!incident.assigneeIds.includes(actor.userId)) incident.assigneeIds = [actor.userId];
  }
  account.log(incident, actor, "acknowledge_log_entry", `Acknowledged by ${nameOf(actor)}.`);
  account.occurred({ type: "incident.acknowledged", incident, agent: actor.agent });
  return incident;
}

/** Back from acknowledged to triggered. */
export function unacknowledge(account: Account, actor: Actor, incident: Incident): Incident | Refusal {
  if (incident.status === "resolved") return reopen(account, actor, incident, "triggered");
  if (incident.status === "triggered") return incident;
  setStatus(account, actor, incident, "triggered");
  incident.acknowledgements = [];
  account.log(incident, actor, "unacknowledge_log_entry", "Unacknowledged.");
  account.occurred({ type: "incident.unacknowledged", incident, agent: actor.agent });
  return incident;
}

/** Resolves an open incident; `resolution` goes to the log entry only, as PUT /incidents/{id} has it. */
export function resolve(account: Account, actor: Actor, incident: Incident, resolution?: string): Incident | Refusal {
  if (incident.status === "resolved") return ALREADY_RESOLVED;
  setStatus(account, actor, incident, "resolved");
  incident.assigneeIds = [];
  incident.acknowledgements = [];
  const detail: Record<string, string> = resolution === undefined ? {} : { details: resolution };
  account.log(incident, actor, "resolve_log_entry", `Resolved by ${nameOf(actor)}.`, detail);
  account.occurred({ type: "incident.resolved", incident, agent: actor.agent });
  return incident;
}

/** Opens a resolved incident again; refused while another open one on the service has its key. */
export function reopen(
  account: Account,
  actor: Actor,
  incident: Incident,
  status: "triggered" | "acknowledged" = "triggered",
): Incident | Refusal {
  if (incident.status !== "resolved") return incident;
  const { incidentKey, serviceId } = incident;
  if (incidentKey !== null && openIncidentWithKey(account, serviceId, incidentKey)) return DUPLICATE_KEY;
  setStatus(account, actor, incident, status);
  incident.reopenedAtMs = account.now;
  incident.mergedIntoId = null;
  incident.assigneeIds =
    actor.userId !== null && status === "acknowledged"
      ? [actor.userId]
      : account.onCallAt(incident.policyId, 1, account.now);
  account.log(incident, actor, "reopen_log_entry", `Reopened by ${nameOf(actor)}.`);
  account.occurred({ type: "incident.reopened", incident, agent: actor.agent });
  return incident;
}

/** Gives an open incident to other people, or to another escalation policy and its first level. */
export function reassign(
  account: Account,
  actor: Actor,
  incident: Incident,
  to: { readonly userIds?: readonly string[]; readonly policyId?: string },
): Incident | Refusal {
  if (incident.status === "resolved") return ALREADY_RESOLVED;
  if (to.policyId !== undefined && !account.policies.has(to.policyId))
    return invalidInput("Escalation policy not found");
  if (to.userIds?.some((id) => !account.users.has(id))) return invalidInput("Assignee not found");
  incident.policyId = to.policyId ?? incident.policyId;
  incident.assigneeIds = to.userIds ?? account.onCallAt(incident.policyId, 1, account.now);
  account.log(incident, actor, "assign_log_entry", `Reassigned by ${nameOf(actor)}.`);
  account.occurred({ type: "incident.reassigned", incident, agent: actor.agent });
  return incident;
}

/** Resolves the sources with a merge reason; the target stays as it is. */
export function merge(
  account: Account,
  actor: Actor,
  target: Incident,
  sourceIds: readonly string[],
): Incident | Refusal {
  if (target.status === "resolved") return ALREADY_RESOLVED;
  const sources = sourceIds.map((id) => account.incidents.get(id));
  if (sources.length === 0) return invalidInput("Source incidents can't be blank");
  for (const source of sources) {
    if (source === undefined) return NOT_FOUND;
    if (source === target) return invalidInput("Source incidents can't contain the target incident");
  }
  for (const source of sources) {
    if (source === undefined || source.status === "resolved") continue;
    source.mergedIntoId = target.id;
    const done = resolve(account, actor, source);
    if (isRefusal(done)) return done;
    account.log(target, actor, "merge_log_entry", `Merged from #${source.number} by ${nameOf(actor)}.`);
  }
  return target;
}

/** Puts an open incident to sleep, which acknowledges it. */
export function snooze(account: Account, actor: Actor, incident: Incident, seconds: number): Incident | Refusal {
  if (incident.status === "resolved") return ALREADY_RESOLVED;
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 604_800) return invalidInput("Duration is invalid");
  const done = incident.status === "triggered" ? acknowledge(account, actor, incident) : incident;
  incident.snoozedUntilMs = account.now + seconds * 1000;
  account.log(incident, actor, "snooze_log_entry", `Snoozed by ${nameOf(actor)}.`);
  return done;
}
