/** What the journeys have in common: a stage for each test, a request asked for, its incident paged and bound. */
import { afterEach } from "vitest";
import { RequestState } from "../../relay/gen/teleport_pb.ts";
import type { Incident } from "../fakes/pagerduty/records.ts";
import { PEOPLE, Stage, type StageOptions } from "../stage/stage.ts";

/** Longest wait for anything that must happen, in ms; far more than it takes. */
export const WITHIN_MS = 30_000;

let standing: Stage | undefined;

afterEach(async () => {
  await standing?.strike();
  standing = undefined;
});

/** A stage that is struck after the test. */
export async function setStage(options?: StageOptions): Promise<Stage> {
  standing = await Stage.set(options);
  return standing;
}

/** Alice asks for a role; the request's id. */
export function ask(stage: Stage, roles: string[] = ["dba"], reason = "to mend it"): string {
  return stage.teleport.createRequest({ user: PEOPLE.alice.email, roles, reason }).metadata?.name ?? "";
}

/** The incident that a request was paged as. */
export function incidentFor(stage: Stage, requestId: string): Promise<Incident> {
  return stage.pagerDuty.waitForIncident(({ incidentKey }) => incidentKey?.includes(requestId) === true, WITHIN_MS);
}

/** The same, once Teleport holds that it stands for the request. */
export async function boundIncidentFor(stage: Stage, requestId: string): Promise<Incident> {
  const incident = await incidentFor(stage, requestId);
  await stage.relay.line(new RegExp(`Incident bound.*${incident.id}`));
  return incident;
}

/** Waits until Teleport shows a state for a request. */
export async function stateReached(stage: Stage, requestId: string, state: keyof typeof RequestState): Promise<void> {
  await stage.teleport.waitForRequest(requestId, (request) => request?.spec?.state === RequestState[state], WITHIN_MS);
}

/** Every verdict that Teleport was ever sent for a request. */
export function verdictsSent(stage: Stage, requestId: string): number {
  return stage.teleport.calls.filter(
    ({ rpc, request }) => rpc === "setAccessRequestState" && "id" in request && request.id === requestId,
  ).length;
}

/** The incidents that were ever opened for a request. */
export function incidentsOf(stage: Stage, requestId: string): Incident[] {
  return stage.pagerDuty.incidents.filter(({ incidentKey }) => incidentKey?.includes(requestId) === true);
}
