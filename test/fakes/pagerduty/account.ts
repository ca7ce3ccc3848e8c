/**
 * The state of one stand-in PagerDuty account: its directory, its incidents with their indexes, its set-up.
 * Whoever changes it tells what happened through `occurred`; nothing here does input or output.
 */
import { randomUUID } from "node:crypto";
import type { Occurrence } from "./events.ts";
import { Ids } from "./ids.ts";
import type {
  Actor,
  EscalationPolicy,
  Extension,
  Field,
  Incident,
  LogEntry,
  OnCall,
  Priority,
  Service,
  Subscription,
  Team,
  User,
  Workflow,
} from "./records.ts";
import { References } from "./references.ts";

/** What the account accepts at most, in characters; PagerDuty publishes none of these. */
export type Limits = {
  readonly titleCharacters: number;
  readonly detailsCharacters: number;
  readonly noteCharacters: number;
  readonly notesPerIncident: number;
};

/** What an account is like from the outside. */
export type AccountOptions = {
  readonly now: () => number;
  readonly subdomain: string;
  readonly region: "us" | "eu";
  readonly limits: Limits;
  readonly abilities: readonly string[];
  /** Sent by resolving with a note: the note's event before that of the resolution. */
  readonly resolutionNoteFirst: boolean;
};

/** One account; its maps are open to the files of this folder. */
export class Account {
  readonly options: AccountOptions;
  readonly references: References;
  readonly users = new Map<string, User>();
  readonly teams = new Map<string, Team>();
  readonly policies = new Map<string, EscalationPolicy>();
  readonly onCalls = new Map<string, OnCall[]>();
  readonly services = new Map<string, Service>();
  readonly priorities = new Map<string, Priority>();
  readonly subscriptions = new Map<string, Subscription>();
  readonly extensions = new Map<string, Extension>();
  readonly workflows = new Map<string, Workflow>();
  readonly fields = new Map<string, Field>();
  readonly incidents = new Map<string, Incident>();
  readonly incidentsByKey = new Map<string, Incident[]>();
  readonly logEntries = new Map<string, LogEntry>();
  readonly #userByEmail = new Map<string, User>();
  readonly #ids = new Ids();
  readonly #listen: (occurrence: Occurrence) => void;
  #number = 4180;

  constructor(options: AccountOptions, listen: (occurrence: Occurrence) => void) {
    this.options = options;
    const eu = options.region === "eu" ? "eu." : "";
    this.references = new References(
      `https://api.${eu}pagerduty.com`,
      `https://${options.subdomain}.${eu}pagerduty.com`,
    );
    this.#listen = listen;
  }

  get now(): number {
    return this.options.now();
  }

  /** The id of a new resource; see `Ids.next`. */
  nextId(prefix: string, length = 7): string {
    return this.#ids.next(prefix, length);
  }

  nextNumber(): number {
    this.#number += 1;
    return this.#number;
  }

  /** Tells that something happened, once the state shows it. */
  occurred(occurrence: Occurrence): void {
    this.#listen(occurrence);
  }

  addUser(user: { id?: string; name: string; email: string }): User {
    const added = { id: user.id ?? this.nextId("P"), name: user.name, email: user.email };
    this.users.set(added.id, added);
    this.#userByEmail.set(added.email.toLowerCase(), added);
    return added;
  }

  removeUser(id: string): void {
    const user = this.users.get(id);
    if (user !== undefined) this.#userByEmail.delete(user.email.toLowerCase());
    this.users.delete(id);
  }

  userByEmail(email: string): User | undefined {
    return this.#userByEmail.get(email.toLowerCase());
  }

  addTeam(team: { id?: string; name: string }): Team {
    const added = { id: team.id ?? this.nextId("P"), name: team.name };
    this.teams.set(added.id, added);
    return added;
  }

  addPolicy(policy: { id?: string; name: string }): EscalationPolicy {
    const added = { id: policy.id ?? this.nextId("P"), name: policy.name };
    this.policies.set(added.id, added);
    return added;
  }

  /** Replaces who is on call for a policy. */
  setOnCalls(policyId: string, onCalls: readonly Omit<OnCall, "policyId">[]): void {
    this.onCalls.set(
      policyId,
      onCalls.map((onCall) => ({ ...onCall, policyId })),
    );
  }

  /** Those of a level at a moment, in the order they were set. */
  onCallAt(policyId: string, level: number, atMs: number): readonly string[] {
    return (this.onCalls.get(policyId) ?? [])
      .filter((entry) => entry.level === level)
      .filter((entry) => (entry.startMs ?? atMs) <= atMs && (entry.endMs ?? Number.POSITIVE_INFINITY) > atMs)
      .map((entry) => entry.userId);
  }

  addService(service: {
    id?: string;
    name: string;
    policyId: string;
    teamIds?: readonly string[];
    autoResolveTimeoutSeconds?: number | null;
    acknowledgementTimeoutSeconds?: number | null;
  }): Service {
    const added: Service = {
      id: service.id ?? this.nextId("P"),
      name: service.name,
      policyId: service.policyId,
      teamIds: service.teamIds ?? [],
      autoResolveTimeoutSeconds: service.autoResolveTimeoutSeconds ?? null,
      acknowledgementTimeoutSeconds: service.acknowledgementTimeoutSeconds ?? null,
    };
    this.services.set(added.id, added);
    return added;
  }

  addPriority(priority: { id?: string; name: string }): Priority {
    const added = { id: priority.id ?? this.nextId("P"), name: priority.name };
    this.priorities.set(added.id, added);
    return added;
  }

  addWorkflow(workflow: { id?: string; name: string; triggerId?: string; triggerName?: string }): Workflow {
    const added: Workflow = {
      id: workflow.id ?? this.nextId("P"),
      name: workflow.name,
      triggerId: workflow.triggerId ?? randomUUID(),
      triggerName: workflow.triggerName ?? workflow.name,
    };
    this.workflows.set(added.id, added);
    return added;
  }

  addField(field: { id?: string; name: string; options?: readonly string[]; defaultValue?: string }): Field {
    const added: Field = {
      id: field.id ?? this.nextId("P"),
      name: field.name,
      fieldType: field.options === undefined ? "single_value" : "single_value_fixed",
      options: field.options ?? [],
      defaultValue: field.defaultValue ?? null,
    };
    this.fields.set(added.id, added);
    return added;
  }

  fieldByName(name: string): Field | undefined {
    return [...this.fields.values()].find((field) => field.name === name);
  }

  /** The actor that a person is, on the website unless said otherwise. Throws for an unknown user. */
  actorFor(userId: string, channel: Actor["channel"] = "website"): Actor {
    const user = this.users.get(userId);
    if (user === undefined) throw new Error(`The stand-in PagerDuty knows no user ${userId}.`);
    return { agent: this.references.user(user), userId, channel };
  }

  /** Writes a log entry on an incident, where GET /log_entries/{id} finds it. */
  log(incident: Incident, actor: Actor, type: string, summary: string, detail: LogEntry["detail"] = {}): LogEntry {
    const { agent, channel } = actor;
    const id = this.nextId("R", 26);
    const entry = { id, type, summary, atMs: this.now, agent, channel, incidentId: incident.id, detail };
    incident.logEntries.push(entry);
    this.logEntries.set(id, entry);
    incident.revision += 1;
    return entry;
  }
}
