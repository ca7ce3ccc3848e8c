/**
 * PagerDuty in virtual time, as far as the product uses it: incidents under their keys, notes, log entries, users, who is
 * on call, subscriptions. It writes down what it saw. Whatever happens to an incident it tells its listener, as an event.
 */
import type { Call, IncidentHistory, Span, StatusSeen } from "../checker/history.ts";
import type { Journal } from "./journal.ts";
import type { Agent, Incident, LogEntry, Note, PagerDutyEvent } from "./pagerduty/records.ts";
import {
  type Answer,
  entryView,
  found,
  incidentData,
  incidentView,
  matches,
  NOT_FOUND,
  noteView,
  ok,
  reference,
  serviceView,
} from "./pagerduty/views.ts";
import { BOT, PEOPLE, SERVICES, type Somebody } from "./plan.ts";
import type { Scheduler } from "./scheduler.ts";

export class SimulatedPagerDuty {
  readonly incidents = new Map<string, Incident>();
  readonly calls: Call[] = [];
  /** Whoever is on call for each policy, first level first; and since when whoever was. */
  readonly onCall = new Map<string, readonly string[]>();
  readonly shifts: { readonly policyId: string; readonly userIds: readonly string[]; readonly fromMs: number }[] = [];
  /** Told of each event. */
  happened: (event: PagerDutyEvent) => void = () => {};
  /** The account's subscriptions, as the REST API shows them, and what enables one. */
  subscriptions: () => readonly unknown[] = () => [];
  enable: (subscriptionId: string) => void = () => {};
  readonly #scheduler: Scheduler;
  readonly #journal: Journal;
  #count = 0;

  constructor(scheduler: Scheduler, journal: Journal) {
    this.#scheduler = scheduler;
    this.#journal = journal;
  }

  /** The incidents as the checker wants them. */
  get history(): IncidentHistory[] {
    return [...this.incidents.values()].map(({ id, serviceId, key, openedMs, byUs, body, seen }) => {
      return { id, serviceId, key, openedMs, byUs, body, notes: seen.notes, statuses: seen.statuses };
    });
  }

  /** From now on these are on call for a policy. */
  setOnCall(policyId: string, userIds: readonly string[]): void {
    this.onCall.set(policyId, userIds);
    this.shifts.push({ policyId, userIds, fromMs: this.#scheduler.nowMs });
  }

  /** When somebody was on call for a policy at one of the first levels. */
  spansOf(userId: string, policyId: string, levels: number): Span[] {
    const shifts = this.shifts.filter((shift) => shift.policyId === policyId);
    return shifts.flatMap(({ userIds, fromMs }, index) => {
      const untilMs = shifts[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
      return userIds.slice(0, levels).includes(userId) ? [{ fromMs, untilMs }] : [];
    });
  }

  /** An id that was never given before. */
  newId(prefix: string): string {
    this.#count += 1;
    return `${prefix}${String(this.#count).padStart(6, "0")}`;
  }

  /** Somebody writes a note; its event. */
  note(incident: Incident, agent: Agent | null, content: string): PagerDutyEvent {
    const { id, event } = this.#note(incident, agent?.id ?? "", content, agent);
    this.#journal.tell(nameOf(agent), `writes on ${incident.id}: ${content} (note ${id}, event ${event.id})`);
    return event;
  }

  /** Somebody starts a workflow. */
  startWorkflow(incident: Incident, agent: Agent | null, triggerId: string): PagerDutyEvent {
    this.#journal.tell(nameOf(agent), `starts the workflow ${triggerId} on ${incident.id}`);
    this.#entry(incident, agent, "run_workflow_log_entry", triggerId);
    return this.#event("incident.workflow.started", incident, agent, {
      id: this.newId("W"),
      incident: reference(incident.id),
      workflow_trigger: { id: triggerId, type: "workflow_trigger_reference" },
    });
  }

  /** Somebody presses a button; the log entry of it. */
  press(incident: Incident, agent: Agent | null, label: string): LogEntry {
    const entry = this.#entry(incident, agent, "custom_log_entry", label);
    this.#journal.tell(nameOf(agent), `presses "${label}" on ${incident.id} (log entry ${entry.id})`);
    return entry;
  }

  /** Somebody, or a machine, resolves, reopens or acknowledges an incident; undefined when it is so already. */
  setStatus(incident: Incident, status: StatusSeen["status"], agent: Agent | null): PagerDutyEvent | undefined {
    if (incident.status === status || incident.mergedInto !== null) return undefined;
    this.#journal.tell(nameOf(agent), `sets ${incident.id} to ${status}`);
    this.#changeStatus(incident, status, agent, null);
    const type = {
      resolved: "incident.resolved",
      acknowledged: "incident.acknowledged",
      triggered: "incident.reopened",
    };
    return this.#event(type[status], incident, agent, incidentData(incident, null));
  }

  /** Somebody merges one incident into another. */
  merge(incident: Incident, into: Incident, agent: Agent): PagerDutyEvent | undefined {
    if (incident.mergedInto !== null || into.mergedInto !== null || incident === into) return undefined;
    this.#journal.count("merges");
    this.#journal.tell(nameOf(agent), `merges ${incident.id} into ${into.id}`);
    this.#changeStatus(incident, "resolved", agent, into.id);
    incident.mergedInto = into.id;
    const reason = { type: "merge_resolve_reason", incident: reference(into.id) };
    return this.#event("incident.resolved", incident, agent, incidentData(incident, reason));
  }

  /** An incident that somebody else opens. */
  plant(key: string | null, serviceId: string, body: string): Incident {
    this.#journal.tell("somebody", `opens an incident with the key ${key}`);
    return this.#open({ key, serviceId, title: "planted", body, byUs: false });
  }

  /** One call of the REST API; undefined for what the product never calls. */
  answer(method: string, path: string, query: URLSearchParams, body: unknown): Answer {
    const subject = /^\/(?:incidents|users|services|log_entries)\/([\w-]+)/.exec(path)?.[1] ?? null;
    const call = subject === null ? path : path.replace(subject, "{id}");
    this.calls.push({ at: "pagerduty", atMs: this.#scheduler.nowMs, name: `${method} ${call}`, subject });
    switch (`${method} ${call}`) {
      case "POST /incidents":
        return this.#create(body as NewIncidentBody);
      case "GET /incidents":
        return this.#find(query);
      case "GET /users":
        return ok({ users: PEOPLE.filter(({ email }) => email.toLowerCase() === query.get("query")?.toLowerCase()) });
      case "GET /users/{id}":
        return found(
          PEOPLE.find(({ id }) => id === subject),
          (user) => ({ user }),
        );
      case "GET /services":
        return ok({ services: SERVICES.filter(({ name }) => matches(name, query.get("query"))).map(serviceView) });
      case "GET /services/{id}":
        return found(
          SERVICES.find(({ id }) => id === subject),
          (service) => ({ service: serviceView(service) }),
        );
      case "GET /oncalls":
        return ok({ oncalls: this.#onCalls(query) });
      case "GET /webhook_subscriptions":
        return ok({ webhook_subscriptions: this.subscriptions() });
      case "GET /log_entries/{id}":
        return this.#logEntry(subject ?? "");
    }
    const enabled = /^\/webhook_subscriptions\/([\w-]+)\/enable$/.exec(path)?.[1];
    if (enabled !== undefined) return ok(this.enable(enabled) ?? {});
    return found(this.incidents.get(subject ?? ""), (incident) =>
      this.#ofIncident(`${method} ${call}`, incident, body),
    );
  }

  #ofIncident(call: string, incident: Incident, body: unknown): unknown {
    switch (call) {
      case "GET /incidents/{id}":
        return { incident: incidentView(incident) };
      case "PUT /incidents/{id}":
        this.setStatus(incident, "resolved", { id: BOT.id, type: "user_reference" });
        return { incident: incidentView(incident) };
      case "GET /incidents/{id}/notes":
        return { notes: incident.notes.map(noteView) };
      case "POST /incidents/{id}/notes": {
        const { content } = (body as { note: { content: string } }).note;
        const note = this.#note(incident, BOT.id, content, { id: BOT.id, type: "user_reference" });
        this.#journal.tell("edge", `writes on ${incident.id}: ${content}`);
        return { note: { id: note.id, content } };
      }
      case "GET /incidents/{id}/log_entries":
        return { log_entries: incident.log.map((entry) => entryView(incident, entry)).reverse() };
    }
    throw new Error(`the simulated PagerDuty has no ${call}`);
  }

  #create({ incident: wanted }: NewIncidentBody): Answer {
    const { incident_key: key, title, service, body } = wanted;
    const isOpen = (other: Incident): boolean =>
      other.key === key && other.serviceId === service.id && other.status !== "resolved";
    if ([...this.incidents.values()].some(isOpen)) {
      const errors = ["Open incident with matching dedup key already exists on this service"];
      return { status: 400, body: { error: { message: "Arguments Caused Error", code: 2002, errors } } };
    }
    const opened = this.#open({ key, serviceId: service.id, title, body: body.details, byUs: true });
    this.#journal.count("incidents");
    this.#journal.tell("edge", `opens ${opened.id} on ${service.id} with the key ${key}`);
    return { status: 201, body: { incident: incidentView(opened) } };
  }

  #open(of: Pick<Incident, "key" | "serviceId" | "title" | "body" | "byUs">): Incident {
    const openedMs = this.#scheduler.nowMs;
    const history = { notes: [], log: [], seen: { notes: [], statuses: [] } };
    const at = { openedMs, changedMs: openedMs, status: "triggered", mergedInto: null } as const;
    const incident: Incident = { id: this.newId("Q"), ...of, ...at, ...history };
    this.incidents.set(incident.id, incident);
    return incident;
  }

  #find(query: URLSearchParams): Answer {
    const key = query.get("incident_key");
    const serviceId = query.get("service_ids[]");
    const all = [...this.incidents.values()].reverse();
    const incidents = all.filter((incident) => incident.key === key && incident.serviceId === serviceId);
    return ok({ incidents: incidents.map(incidentView) });
  }

  #onCalls(query: URLSearchParams): unknown[] {
    const policyId = query.get("escalation_policy_ids[]") ?? "";
    const userId = query.get("user_ids[]") ?? "";
    const sinceMs = Date.parse(query.get("since") ?? "");
    const untilMs = Date.parse(query.get("until") ?? "");
    const shifts = this.shifts.filter((shift) => shift.policyId === policyId);
    return shifts.flatMap(({ userIds, fromMs }, index) => {
      const endMs = shifts[index + 1]?.fromMs ?? null;
      const level = userIds.indexOf(userId) + 1;
      if (level === 0 || fromMs >= untilMs || (endMs !== null && endMs <= sinceMs)) return [];
      const span = {
        start: new Date(fromMs).toISOString(),
        end: endMs === null ? null : new Date(endMs).toISOString(),
      };
      return [{ user: { id: userId }, escalation_policy: { id: policyId }, escalation_level: level, ...span }];
    });
  }

  #logEntry(id: string): Answer {
    for (const incident of this.incidents.values()) {
      const entry = incident.log.find((candidate) => candidate.id === id);
      if (entry !== undefined) return ok({ log_entry: entryView(incident, entry) });
    }
    return NOT_FOUND;
  }

  #note(incident: Incident, userId: string, content: string, agent: Agent | null) {
    const note: Note = { id: this.newId("N"), content, userId, atMs: this.#scheduler.nowMs };
    incident.notes.push(note);
    incident.seen.notes.push({ atMs: note.atMs, byUs: userId === BOT.id, content });
    const data = { incident: reference(incident.id), id: note.id, content, trimmed: false, type: "incident_note" };
    return { id: note.id, event: this.#event("incident.annotated", incident, agent, data) };
  }

  #entry(incident: Incident, agent: Agent | null, type: string, label: string): LogEntry {
    const entry: LogEntry = { id: this.newId("L"), atMs: this.#scheduler.nowMs, agent, type, label };
    incident.log.push(entry);
    return entry;
  }

  #changeStatus(
    incident: Incident,
    status: StatusSeen["status"],
    agent: Agent | null,
    mergedInto: string | null,
  ): void {
    const atMs = this.#scheduler.nowMs;
    incident.status = status;
    incident.changedMs = atMs;
    incident.seen.statuses.push({ atMs, status, byUs: agent?.id === BOT.id, mergedInto });
  }

  #event(type: string, incident: Incident, agent: Agent | null, data: unknown): PagerDutyEvent {
    const event = { id: this.newId("E"), type, incident, atMs: this.#scheduler.nowMs, agent, data };
    this.happened(event);
    return event;
  }
}

interface NewIncidentBody {
  readonly incident: {
    readonly incident_key: string;
    readonly title: string;
    readonly service: { readonly id: string };
    readonly body: { readonly details: string };
  };
}

/** What a person is called in the story. */
export function nameOf(agent: Agent | null): string {
  const person: Somebody | undefined = PEOPLE.find(({ id }) => id === agent?.id);
  return person?.name.split(" ")[0]?.toLowerCase() ?? "nobody";
}
