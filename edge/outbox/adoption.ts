/**
 * Takes over the incident that Teleport's own plugin opened for a request, if PagerDuty still has it open and it is that
 * request's. It trusts the relay's word no further than PagerDuty confirms it.
 */
import { parseIncidentKey } from "../../shared/incident-key.ts";
import type { Body } from "../incident.ts";
import type { Incident } from "../pagerduty/answers.ts";
import { PagerDutyError } from "../pagerduty/error.ts";
import type { Services } from "../pagerduty/services.ts";
import type { Subscriptions } from "../pagerduty/subscriptions.ts";
import type { PagerDuty } from "../pagerduty.ts";
import type { RequestRecord } from "../record.ts";
import type { Requests } from "../requests.ts";
import { adopted, notAdopted } from "../steps/adoption.ts";

export interface AdoptionOptions {
  readonly pagerDuty: Pick<PagerDuty, "incident">;
  readonly services: Pick<Services, "escalationPolicyId">;
  readonly subscriptions: Pick<Subscriptions, "covers">;
  readonly requests: () => Requests;
  readonly now: () => number;
  /** What is told on it; `covered` as a paging has it. */
  readonly bodyOf: (covered: boolean | null) => Body;
}

/**
 * Adopts the incident that a record names; false when it names none, or none that can be taken over. Throws a
 * `PagerDutyError` when PagerDuty could not be asked.
 */
export async function adoptPredecessors(options: AdoptionOptions, record: RequestRecord): Promise<boolean> {
  const { pagerDuty, services, subscriptions, requests, now, bodyOf } = options;
  const wanted = record.routing?.adopt;
  if (!wanted) return false;
  const incident = await existing(pagerDuty.incident(wanted.incident));
  const serviceId = incident?.serviceId ?? wanted.service;
  if (incident === undefined || !serviceId || !isOpenFor(incident, record.request.id)) {
    requests().change(record.request.id, notAdopted);
    return false;
  }
  const covered = await subscriptions.covers(serviceId);
  // The incident's own may be another by now, of anybody's choice.
  const escalationPolicyId = await services.escalationPolicyId(serviceId);
  // What was said there before answered another text: no delivery that was held counts.
  requests().discard(incident.id);
  const { id: incidentId, url } = incident;
  const key = incident.key ?? "";
  const found = { incidentId, key, url, serviceId, escalationPolicyId, covered };
  requests().change(record.request.id, (current) => adopted(current, found, bodyOf(covered), now()));
  return true;
}

function isOpenFor({ key, status }: Incident, requestId: string): boolean {
  const named = key === null ? undefined : parseIncidentKey(key);
  return named?.cluster === null && named.requestId === requestId && status !== "resolved";
}

async function existing(asked: Promise<Incident>): Promise<Incident | undefined> {
  try {
    return await asked;
  } catch (error) {
    // An id that PagerDuty cannot have given is refused as not found, too.
    if (error instanceof PagerDutyError && (error.code === "not_found" || error.code === "invalid")) return undefined;
    throw error;
  }
}
