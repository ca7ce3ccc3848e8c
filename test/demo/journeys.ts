/** Both journeys, played by themselves: one request is approved with a note, another is denied with a button. */
import { RequestState } from "../../relay/gen/teleport_pb.ts";
import { PEOPLE, type Stage } from "../stage/stage.ts";
import { onOneLine, step, tell } from "./told.ts";

export interface Journey {
  readonly title: string;
  readonly roles: readonly string[];
  readonly reason: string;
  readonly state: RequestState;
  readonly stateName: string;
  /** What Bob does on the incident, and how it is told. */
  readonly act: (stage: Stage, incidentId: string) => string;
}

/** The journeys, in the order in which they are played. */
export const JOURNEYS: readonly Journey[] = [
  {
    title: "A request is approved",
    roles: ["dba"],
    reason: "the nightly migration hangs, ticket OPS-2231",
    state: RequestState.APPROVED,
    stateName: "APPROVED",
    act: (stage, incidentId) => {
      stage.pagerDuty.as(PEOPLE.bob.id).note(incidentId, "/approve go ahead, I am watching");
      return `${PEOPLE.bob.name}, on call, adds the note "/approve go ahead, I am watching"`;
    },
  },
  {
    title: "Another is denied",
    roles: ["dba", "auditor"],
    reason: "just looking around",
    state: RequestState.DENIED,
    stateName: "DENIED",
    act: (stage, incidentId) => {
      stage.pagerDuty.as(PEOPLE.bob.id).pressAction(incidentId, "Deny Request");
      return `${PEOPLE.bob.name} presses the button "Deny Request"`;
    },
  },
];

/** Plays one journey; how long Teleport took to show the decision after the click, in ms. */
export async function play(stage: Stage, journey: Journey): Promise<number> {
  const { teleport, pagerDuty } = stage;
  tell(`\n${journey.title}`);
  const askedMs = performance.now();
  const request = teleport.createRequest({
    user: PEOPLE.alice.email,
    roles: [...journey.roles],
    reason: journey.reason,
  });
  const requestId = request.metadata?.name ?? "";
  step(`${PEOPLE.alice.email} asks Teleport for ${journey.roles.join(" and ")}: "${journey.reason}"`);
  const incident = await pagerDuty.waitForIncident(({ incidentKey }) => incidentKey?.endsWith(requestId) === true);
  step(`PagerDuty opens incident ${incident.id}: "${incident.title}"`, performance.now() - askedMs);
  await stage.relay.line(new RegExp(`Incident bound.*${incident.id}`));
  step("Teleport holds which incident stands for the request", performance.now() - askedMs);

  const clickedMs = performance.now();
  step(journey.act(stage, incident.id));
  const decided = await teleport.waitForRequest(requestId, (current) => current?.spec?.state === journey.state);
  const latencyMs = performance.now() - clickedMs;
  step(`Teleport: ${journey.stateName}, reason "${decided?.spec?.resolveReason}"`, latencyMs);
  await pagerDuty.waitForStatus(incident.id, "resolved");
  const note = pagerDuty.incident(incident.id).notes.at(-1);
  step(`PagerDuty: noted "${onOneLine(note?.content ?? "")}" and resolved`, performance.now() - clickedMs);
  return latencyMs;
}
