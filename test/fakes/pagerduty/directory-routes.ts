/**
 * The routes that only read the directory: users, services, escalation policies, on-calls, abilities, priorities.
 */
import { type Answer, type ApiCall, includesOf, ok, page, type Route, timeOf } from "./api-call.ts";
import type { OnCall } from "./records.ts";
import { restReference } from "./references.ts";
import { invalidInput, NOT_FOUND, type Refusal, refuse } from "./refusals.ts";
import { policyView, serviceView, userView } from "./views.ts";

function getMe(call: ApiCall): Answer | Refusal {
  const user = call.caller.userId === null ? undefined : call.account.users.get(call.caller.userId);
  if (user === undefined) return refuse(400, 2001, "Cannot determine the current user without a user's own key");
  return ok({ user: userView(call.account, user) });
}

function getUser(call: ApiCall): Answer | Refusal {
  const user = call.account.users.get(call.params[0] ?? "");
  return user === undefined ? NOT_FOUND : ok({ user: userView(call.account, user) });
}

function listUsers(call: ApiCall): Answer | Refusal {
  const wanted = (call.query.get("query") ?? "").toLowerCase();
  const users = [...call.account.users.values()].filter(
    ({ name, email }) => name.toLowerCase().includes(wanted) || email.toLowerCase().includes(wanted),
  );
  return page(call.query, "users", users, (user) => userView(call.account, user));
}

function listServices(call: ApiCall): Answer | Refusal {
  const name = call.query.get("name");
  const part = (call.query.get("query") ?? "").toLowerCase();
  const services = [...call.account.services.values()]
    .filter((service) => name === null || service.name === name)
    .filter((service) => service.name.toLowerCase().includes(part));
  return page(call.query, "services", services, (service) => serviceView(call.account, service));
}

function getService(call: ApiCall): Answer | Refusal {
  const service = call.account.services.get(call.params[0] ?? "");
  return service === undefined ? NOT_FOUND : ok({ service: serviceView(call.account, service) });
}

function getPolicy(call: ApiCall): Answer | Refusal {
  const view = policyView(call.account, call.params[0] ?? "");
  return view === undefined ? NOT_FOUND : ok({ escalation_policy: view });
}

/** On-calls that overlap the window, which is this moment unless `since` and `until` say more. */
function listOnCalls(call: ApiCall): Answer | Refusal {
  const { account, query } = call;
  const sinceMs = timeOf(query, "since") ?? account.now;
  const untilMs = timeOf(query, "until") ?? Math.max(sinceMs, account.now);
  if (!(sinceMs <= untilMs)) return invalidInput("Since and until are invalid");
  const allows = (name: string, id: string | null) => {
    const wanted = query.getAll(name);
    return wanted.length === 0 || (id !== null && wanted.includes(id));
  };
  const policyIds = query.getAll("escalation_policy_ids[]");
  const pool =
    policyIds.length > 0
      ? policyIds.flatMap((id) => account.onCalls.get(id) ?? [])
      : [...account.onCalls.values()].flat();
  const found = pool
    .filter((entry) => (entry.startMs ?? sinceMs) <= untilMs && (entry.endMs ?? Number.POSITIVE_INFINITY) > sinceMs)
    .filter((entry) => allows("user_ids[]", entry.userId) && allows("schedule_ids[]", entry.scheduleId));
  const shown = query.get("earliest") === "true" ? earliestOf(found) : found;
  const includes = includesOf(query);
  return page(query, "oncalls", shown, (entry) => onCallView(call, entry, includes));
}

/** For each policy, level and user, the first only. */
function earliestOf(entries: readonly OnCall[]): OnCall[] {
  const first = new Map<string, OnCall>();
  for (const entry of [...entries].sort((a, b) => (a.startMs ?? 0) - (b.startMs ?? 0))) {
    const key = `${entry.policyId} ${entry.level} ${entry.userId}`;
    if (!first.has(key)) first.set(key, entry);
  }
  return [...first.values()];
}

function onCallView({ account }: ApiCall, entry: OnCall, includes: ReadonlySet<string>): object {
  const user = account.users.get(entry.userId);
  const policy = account.policies.get(entry.policyId);
  const schedule =
    entry.scheduleId === null ? null : account.references.to("schedule", "schedules", entry.scheduleId, "Schedule");
  const userReference = user === undefined ? null : restReference(account.references.user(user));
  const policyReference = policy === undefined ? null : restReference(account.references.policy(policy));
  return {
    escalation_policy: includes.has("escalation_policies") ? policyView(account, entry.policyId) : policyReference,
    escalation_level: entry.level,
    schedule: restReference(schedule),
    user: user !== undefined && includes.has("users") ? userView(account, user) : userReference,
    start: entry.startMs === null ? null : new Date(entry.startMs).toISOString(),
    end: entry.endMs === null ? null : new Date(entry.endMs).toISOString(),
  };
}

function listPriorities(call: ApiCall): Answer | Refusal {
  return page(call.query, "priorities", call.account.priorities.values(), (priority) => ({
    ...restReference(call.account.references.priority(priority)),
    type: "priority",
    name: priority.name,
  }));
}

/** See the file's header. */
export const DIRECTORY_ROUTES: readonly Route[] = [
  { method: "GET", path: "/users", scope: "users.read", handle: listUsers },
  { method: "GET", path: "/users/me", scope: "users.read", handle: getMe },
  { method: "GET", path: "/users/{id}", scope: "users.read", handle: getUser },
  { method: "GET", path: "/services", scope: "services.read", handle: listServices },
  { method: "GET", path: "/services/{id}", scope: "services.read", handle: getService },
  { method: "GET", path: "/escalation_policies/{id}", scope: "escalation_policies.read", handle: getPolicy },
  { method: "GET", path: "/oncalls", scope: "oncalls.read", handle: listOnCalls },
  {
    method: "GET",
    path: "/abilities",
    scope: "abilities.read",
    handle: (call) => ok({ abilities: call.account.options.abilities }),
  },
  { method: "GET", path: "/priorities", scope: "priorities.read", handle: listPriorities },
];
