/**
 * What happened to incidents and deliveries, to be awaited: each wait ends with what fits, now or later,
 * or rejects with a sentence that says what was there instead.
 */
import type { DeliveryAttempt } from "./delivery.ts";
import type { Incident, IncidentStatus, Note } from "./records.ts";
import { Signal } from "./signal.ts";

const DELIVERIES_KEPT = 10_000;

/** The past of an account, and what is still to come. */
export class History {
  readonly changes = new Signal<Incident>(0);
  readonly deliveries = new Signal<DeliveryAttempt>(DELIVERIES_KEPT);
  readonly #incidents: ReadonlyMap<string, Incident>;

  constructor(incidents: ReadonlyMap<string, Incident>) {
    this.#incidents = incidents;
  }

  /** An incident that fits, now or later. */
  waitForIncident(check: (incident: Incident) => boolean, timeoutMs: number): Promise<Incident> {
    return this.changes.wait(this.#incidents.values(), check, timeoutMs, "The awaited incident", () =>
      listed([...this.#incidents.values()].map(({ id, status, title }) => `${id} ${status} “${title}”`)),
    );
  }

  /** A note on an incident that fits, now or later. */
  async waitForNote(incidentId: string, check: (note: Note) => boolean, timeoutMs: number): Promise<Note> {
    const incident = this.#incident(incidentId);
    const has = (changed: Incident) => changed.id === incidentId && changed.notes.some(check);
    await this.changes.wait([incident], has, timeoutMs, `The awaited note on ${incidentId}`, () =>
      listed(incident.notes.map(({ content }) => `“${content}”`)),
    );
    const note = incident.notes.find(check);
    if (note === undefined) throw new Error(`The awaited note on ${incidentId} came and went.`);
    return note;
  }

  /** An incident, once it has this status. */
  waitForStatus(incidentId: string, status: IncidentStatus, timeoutMs: number): Promise<Incident> {
    const incident = this.#incident(incidentId);
    const has = (changed: Incident) => changed.id === incidentId && changed.status === status;
    return this.changes.wait(
      [incident],
      has,
      timeoutMs,
      `The status ${status} of ${incidentId}`,
      () => incident.status,
    );
  }

  /** An attempt at a delivery that fits, of those made or to come; `result` is the status the endpoint answered. */
  waitForDelivery(check: (attempt: DeliveryAttempt) => boolean, timeoutMs: number): Promise<DeliveryAttempt> {
    return this.deliveries.wait(this.deliveries.items, check, timeoutMs, "The awaited delivery", () =>
      listed(
        this.deliveries.items.map(({ eventType, attempt, result }) => `${eventType} (attempt ${attempt}: ${result})`),
      ),
    );
  }

  #incident(id: string): Incident {
    const found = this.#incidents.get(id);
    if (found === undefined) throw new Error(`The stand-in PagerDuty knows no incident ${id}.`);
    return found;
  }
}

/** A few of the latest things, for a sentence. */
export function listed(things: readonly string[]): string {
  if (things.length === 0) return "nothing";
  return things.length > 8 ? `${things.length} others, at last ${things.slice(-8).join(", ")}` : things.join(", ");
}
