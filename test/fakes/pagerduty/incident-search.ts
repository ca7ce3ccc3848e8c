/**
 * GET /incidents: which incidents a query means.
 * By an incident key it uses the index; an empty key is no filter but means everything that is open.
 */
import type { Account } from "./account.ts";
import { timeOf } from "./api-call.ts";
import type { Incident } from "./records.ts";
import { invalidInput, type Refusal } from "./refusals.ts";

const DAY_MS = 24 * 3600 * 1000;
const DEFAULT_WINDOW_MS = 30 * DAY_MS;
const LONGEST_WINDOW_MS = 184 * DAY_MS;

/** The incidents in order of creation, or the newest first with `sort_by=created_at:desc`. */
export function findIncidents(account: Account, query: URLSearchParams): Incident[] | Refusal {
  const key = query.get("incident_key");
  const [sinceMs, untilMs] = windowOf(account, query);
  if (!(sinceMs <= untilMs)) return invalidInput("Since and until are invalid");
  const wanted = query.get("date_range") !== "all" && untilMs - sinceMs > LONGEST_WINDOW_MS;
  if (wanted) return invalidInput("Time range is limited to 6 months");
  const statuses = query.getAll("statuses[]");
  if (statuses.some((status) => !["triggered", "acknowledged", "resolved"].includes(status)))
    return invalidInput("Statuses are invalid");
  const tests = testsOf(query, statuses);
  if (key === "") tests.push((incident) => incident.status !== "resolved");
  if (query.get("date_range") !== "all")
    tests.push((incident) => incident.createdAtMs >= sinceMs && incident.createdAtMs <= untilMs);
  const pool = key ? (account.incidentsByKey.get(key) ?? []) : [...account.incidents.values()];
  const found = pool.filter((incident) => tests.every((test) => test(incident)));
  return /:desc/.test(query.get("sort_by") ?? "") ? found.reverse() : found;
}

function windowOf(account: Account, query: URLSearchParams): readonly [number, number] {
  const untilMs = timeOf(query, "until") ?? account.now;
  return [timeOf(query, "since") ?? untilMs - DEFAULT_WINDOW_MS, untilMs];
}

function testsOf(query: URLSearchParams, statuses: readonly string[]): ((incident: Incident) => boolean)[] {
  const tests: ((incident: Incident) => boolean)[] = [];
  const services = new Set(query.getAll("service_ids[]"));
  if (services.size > 0) tests.push((incident) => services.has(incident.serviceId));
  if (statuses.length > 0) tests.push((incident) => statuses.includes(incident.status));
  const urgencies = query.getAll("urgencies[]");
  if (urgencies.length > 0) tests.push((incident) => urgencies.includes(incident.urgency));
  const users = query.getAll("user_ids[]");
  if (users.length > 0) tests.push((incident) => incident.assigneeIds.some((id) => users.includes(id)));
  return tests;
}

/** The open incident with this key on this service. */
export function openIncidentWithKey(account: Account, serviceId: string, key: string): Incident | undefined {
  return account.incidentsByKey
    .get(key)
    ?.find((incident) => incident.serviceId === serviceId && incident.status !== "resolved");
}
