/**
 * What an account of the stand-in PagerDuty holds, as plain records.
 * Times are epoch milliseconds. Only the files of this folder write to these records; tests read them.
 */

/** A resource reference in the key order of webhooks v3. */
export type Reference = {
  readonly html_url: string | null;
  readonly id: string;
  readonly self: string | null;
  readonly summary: string | null;
  readonly type: string;
};

/** Who acts. `channel` is what a log entry names as its channel; `agent` null stands for automation. */
export type Actor = {
  readonly agent: Reference | null;
  readonly userId: string | null;
  readonly channel: "website" | "api";
};

/** A person or a bot; PagerDuty knows no difference. */
export type User = { readonly id: string; name: string; email: string };
/** A team, which services belong to. */
export type Team = { readonly id: string; name: string };
/** An escalation policy; who is on call for it is kept beside it. */
export type EscalationPolicy = { readonly id: string; name: string };

/** One person on one level of a policy; null bounds are open ends. */
export type OnCall = {
  readonly userId: string;
  readonly policyId: string;
  readonly level: number;
  readonly scheduleId: string | null;
  readonly startMs: number | null;
  readonly endMs: number | null;
};

/** A service; null timeouts are disabled ones. */
export type Service = {
  readonly id: string;
  name: string;
  policyId: string;
  teamIds: readonly string[];
  autoResolveTimeoutSeconds: number | null;
  acknowledgementTimeoutSeconds: number | null;
};

/** A priority that incidents may have. */
export type Priority = { readonly id: string; readonly name: string };

/** A note; `content` is the whole of it. */
export type Note = {
  readonly id: string;
  content: string;
  readonly author: Reference | null;
  readonly createdAtMs: number;
};

/** A line of an incident's history. */
export type LogEntry = {
  readonly id: string;
  readonly type: string;
  readonly summary: string;
  readonly atMs: number;
  readonly agent: Reference | null;
  readonly channel: string;
  readonly incidentId: string;
  /** What `include[]=channels` adds to the channel. */
  readonly detail: Readonly<Record<string, string>>;
};

/** What an incident can be. */
export type IncidentStatus = "triggered" | "acknowledged" | "resolved";

/** An incident with all that hangs on it. */
export type Incident = {
  readonly id: string;
  readonly number: number;
  readonly incidentKey: string | null;
  /** Opened through the Events API: webhooks then carry a null incident key. */
  readonly fromEvents: boolean;
  readonly createdAtMs: number;
  title: string;
  details: string | null;
  status: IncidentStatus;
  serviceId: string;
  policyId: string;
  assigneeIds: readonly string[];
  acknowledgements: readonly { readonly atMs: number; readonly userId: string }[];
  urgency: "high" | "low";
  priorityId: string | null;
  conferenceBridge: Readonly<Record<string, unknown>> | null;
  incidentType: string;
  reopenedAtMs: number | null;
  changedAtMs: number;
  changedBy: Reference | null;
  mergedIntoId: string | null;
  snoozedUntilMs: number | null;
  /** Rises with every change; the page redraws what rose. */
  revision: number;
  readonly notes: Note[];
  readonly logEntries: LogEntry[];
  readonly fieldValues: Map<string, string | null>;
};

/** Where deliveries go. Three drops in a row set `disabledUntilMs`. */
export type Endpoint = {
  readonly id: string;
  readonly kind: "subscription" | "extension";
  url: string;
  headers: readonly { readonly name: string; readonly value: string }[];
  /** Signs with each of them; several during a rotation, none for an extension. */
  secrets: readonly string[];
  consecutiveDrops: number;
  disabledUntilMs: number | null;
};

/** A webhook subscription. */
export type Subscription = {
  readonly endpoint: Endpoint;
  readonly createdAtMs: number;
  description: string;
  events: readonly string[];
  filter: { readonly type: string; readonly id: string | null };
  active: boolean;
};

/** An extension: here a custom incident action. */
export type Extension = {
  readonly endpoint: Endpoint;
  readonly createdAtMs: number;
  /** The button's label. */
  name: string;
  schemaId: string;
  serviceIds: readonly string[];
};

/** An incident workflow with its one manual trigger. */
export type Workflow = {
  readonly id: string;
  readonly name: string;
  readonly triggerId: string;
  readonly triggerName: string;
};

/** A custom field on incidents. */
export type Field = {
  readonly id: string;
  readonly name: string;
  readonly fieldType: "single_value" | "single_value_fixed";
  readonly options: readonly string[];
  readonly defaultValue: string | null;
};
