/** What PagerDuty and the people on it saw: incidents, clicks, what was delivered, and every call. */
import * as z from "zod";
import { parseJsonText } from "../../../shared/bytes.ts";
import type {
  Call,
  ClickHistory,
  IncidentHistory,
  Mistype,
  Refused,
  StatusSeen,
  Verdict,
} from "../../checker/history.ts";
import { type DeliveryAttempt, fateFor } from "../../fakes/pagerduty/delivery.ts";
import type { Incident, LogEntry } from "../../fakes/pagerduty/records.ts";
import type { Call as RestCall } from "../../fakes/pagerduty/rest.ts";
import type { FakePagerDuty } from "../../fakes/pagerduty.ts";
import { ON_CALL, PEOPLE, type PersonName } from "../cast.ts";

/** A click as whoever gave it knows it. */
export interface ClickSeen {
  /** `note`: the id is that of a note, whose event PagerDuty has yet to make. `entry`: of a log entry. `forged`: of an event. */
  readonly kind: "note" | "entry" | "forged";
  readonly id: string;
  readonly incidentId: string;
  readonly verdict: Verdict;
  readonly who: PersonName;
  readonly atMs: number;
}

export class PagerDutySide {
  readonly mistypes: Mistype[] = [];
  readonly refused: Refused[] = [];
  /** Their statuses come later than they do. */
  readonly #calls: RestCall[] = [];
  readonly #clicks: ClickSeen[] = [];
  /** By event id, or by log entry: when a delivery of it was first accepted. */
  readonly #acceptedMs = new Map<string, number>();
  /** Event ids by note. */
  readonly #events = new Map<string, string>();
  readonly #readUpTo = { call: 0, delivery: 0 };

  clicked(click: ClickSeen): void {
    this.#clicks.push(click);
  }

  mistyped(incidentId: string, who: PersonName): void {
    this.mistypes.push({ incidentId, personId: PEOPLE[who].id });
  }

  get clickCount(): number {
    return this.#clicks.length;
  }

  /** Reads the calls and deliveries that came since. */
  read(pagerDuty: FakePagerDuty): void {
    for (const call of pagerDuty.calls) {
      if (call.sequence <= this.#readUpTo.call) continue;
      this.#readUpTo.call = call.sequence;
      this.#calls.push(call);
    }
    for (const delivery of pagerDuty.deliveries) {
      if (delivery.sequence <= this.#readUpTo.delivery) continue;
      this.#readUpTo.delivery = delivery.sequence;
      this.#delivered(delivery);
    }
  }

  get calls(): Call[] {
    return this.#calls.map((call) => {
      const { atMs, route: name } = call;
      return { at: "pagerduty", atMs, name, subject: subjectOf(call) };
    });
  }

  /** How many calls were answered with a status for which `counts`; null: they had no answer. */
  answered(counts: (status: number | null) => boolean): number {
    return this.#calls.filter(({ status }) => counts(status)).length;
  }

  incidentsOf(pagerDuty: FakePagerDuty): IncidentHistory[] {
    return pagerDuty.incidents.map(incidentHistoryFor);
  }

  clicksOn(pagerDuty: FakePagerDuty): ClickHistory[] {
    return this.#clicks.map(({ kind, id: ownId, incidentId, verdict, who, atMs }) => {
      const id = kind === "note" ? (this.#events.get(ownId) ?? `undelivered:${ownId}`) : ownId;
      const { id: personId, name, email } = PEOPLE[who];
      return {
        id,
        incidentId,
        verdict,
        atMs,
        person: { id: personId, kind: "user", name, email, teleportUsers: [email] },
        onCall: ON_CALL[pagerDuty.incident(incidentId).serviceId]?.includes(who) === true,
        isAuthentic: kind !== "forged",
        acceptedMs: this.#acceptedMs.get(id) ?? null,
        foundBy: kind === "forged" ? "nobody" : "reconciliation",
      };
    });
  }

  #delivered({ atMs, eventId, eventType, body, result }: DeliveryAttempt): void {
    const noteId = eventType === "incident.annotated" ? noteIdIn(body) : undefined;
    if (noteId !== undefined) this.#events.set(noteId, eventId);
    const fate = fateFor(result);
    if (fate === "delivered" && !this.#acceptedMs.has(eventId)) this.#acceptedMs.set(eventId, atMs);
    if (fate === "dropped" && typeof result === "number") this.refused.push({ eventId, atMs, status: result });
  }
}

const annotatedSchema = z.object({ event: z.object({ data: z.object({ id: z.string() }) }) });

function noteIdIn(body: string): string | undefined {
  return annotatedSchema.safeParse(parseJsonText(body)).data?.event.data.id;
}

const creationSchema = z.object({ incident: z.object({ incident_key: z.string() }) });

/** The incident, or the key of one, that a call is about. */
function subjectOf({ path, query, body }: RestCall): string | null {
  const incidentId = /^\/incidents\/([^/]+)/.exec(path)?.[1];
  return incidentId ?? query.get("incident_key") ?? creationSchema.safeParse(body).data?.incident.incident_key ?? null;
}

function incidentHistoryFor(incident: Incident): IncidentHistory {
  const { id, serviceId, incidentKey: key, createdAtMs: openedMs, details, notes, logEntries } = incident;
  return {
    id,
    serviceId,
    key,
    openedMs,
    byUs: isOurs(logEntries.find(({ type }) => type === "trigger_log_entry")?.agent),
    body: details ?? "",
    notes: notes.map(({ createdAtMs: atMs, author, content }) => ({ atMs, byUs: isOurs(author), content })),
    statuses: logEntries.flatMap((entry) => statusFor(entry, incident)),
  };
}

const STATUSES: Readonly<Record<string, StatusSeen["status"]>> = {
  acknowledge_log_entry: "acknowledged",
  unacknowledge_log_entry: "triggered",
  reopen_log_entry: "triggered",
  resolve_log_entry: "resolved",
};

function statusFor({ type, atMs, agent }: LogEntry, { mergedIntoId: mergedInto }: Incident): StatusSeen[] {
  const status = STATUSES[type];
  if (status === undefined) return [];
  return [{ atMs, status, byUs: isOurs(agent), mergedInto: status === "resolved" ? mergedInto : null }];
}

function isOurs(author: { readonly id: string } | null | undefined): boolean {
  return author?.id === PEOPLE.bot.id;
}
