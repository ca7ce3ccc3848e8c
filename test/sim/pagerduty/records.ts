/** What the simulated PagerDuty keeps. */
import type { NoteSeen, StatusSeen } from "../../checker/history.ts";

/** Who did something. */
export interface Agent {
  readonly id: string;
  readonly type: string;
}

/** A note on an incident. */
export interface Note {
  readonly id: string;
  readonly content: string;
  readonly userId: string;
  readonly atMs: number;
}

/** An entry of an incident's log. */
export interface LogEntry {
  readonly id: string;
  readonly atMs: number;
  readonly agent: Agent | null;
  readonly type: string;
  /** The button or the trigger, where the entry is about one. */
  readonly label: string;
}

/** An incident, and what the checker is told of it. */
export interface Incident {
  readonly id: string;
  readonly key: string | null;
  readonly serviceId: string;
  readonly title: string;
  readonly body: string;
  readonly openedMs: number;
  readonly byUs: boolean;
  status: StatusSeen["status"];
  changedMs: number;
  mergedInto: string | null;
  readonly notes: Note[];
  readonly log: LogEntry[];
  readonly seen: { readonly notes: NoteSeen[]; readonly statuses: StatusSeen[] };
}

/** Something that happened to an incident, as webhooks tell it. */
export interface PagerDutyEvent {
  readonly id: string;
  readonly type: string;
  readonly incident: Incident;
  readonly atMs: number;
  readonly agent: Agent | null;
  readonly data: unknown;
}
