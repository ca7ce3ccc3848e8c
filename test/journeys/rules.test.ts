import { describe, expect, it } from "vitest";
import type { Incident } from "../fakes/pagerduty/records.ts";
import { CLUSTER, GATE_TOKEN, PEOPLE, SERVICE, type Stage, WEBHOOK_SECRET } from "../stage/stage.ts";
import { ask, incidentsOf, setStage, stateReached, verdictsSent, WITHIN_MS } from "./journey.ts";

const TEAMS = [
  { id: "PSTORE1", name: "Storage" },
  { id: "PNETWRK", name: "Network" },
] as const;

/** Two teams with Carol on call for both, whose answers reach the edge. */
function addTeams({ pagerDuty, edgeUrl }: Stage): void {
  pagerDuty.addEscalationPolicy({ id: "PTEAMS1", name: "Teams", levels: [[PEOPLE.carol.id]] });
  for (const { id, name } of TEAMS) {
    pagerDuty.addService({ id, name, policyId: "PTEAMS1" });
    pagerDuty.addSubscription({
      url: `${edgeUrl}/v1/${CLUSTER}/webhook`,
      events: ["incident.annotated", "incident.resolved"],
      filter: { type: "service_reference", id },
      headers: [{ name: "X-Gate-Token", value: GATE_TOKEN }],
      secrets: [WEBHOOK_SECRET],
    });
  }
}

/** Has a rule notify of requests for a role. */
function putRule({ teleport }: Stage, role: string, recipients: string[]): void {
  teleport.putRule({
    metadata: { name: "teams" },
    spec: {
      subjects: ["access_request"],
      condition: `contains_any(access_request.spec.roles, set("${role}"))`,
      notification: { name: "pagerduty", recipients },
    },
  });
}

/** The incident of a request on one service. */
function incidentOn({ pagerDuty }: Stage, requestId: string, service: string): Promise<Incident> {
  return pagerDuty.waitForIncident(
    ({ serviceId, incidentKey }) => serviceId === service && incidentKey?.includes(requestId) === true,
    WITHIN_MS,
  );
}

function servicesOf(stage: Stage, requestId: string): string[] {
  return incidentsOf(stage, requestId)
    .map(({ serviceId }) => serviceId)
    .sort();
}

describe("an Access Monitoring Rule with two recipients", () => {
  it("pages both services and no other, beats the annotation, and one answer closes both", async () => {
    const stage = await setStage({ teleport: { version: "18" } });
    addTeams(stage);
    putRule(stage, "dba", ["storage", "Network"]);
    const annotations = { pagerduty_notify_service: ["Teleport access"] };
    const request = stage.teleport.createRequest({ user: PEOPLE.alice.email, roles: ["dba"], annotations });
    const requestId = request.metadata?.name ?? "";
    const incidents = await Promise.all(TEAMS.map(({ id }) => incidentOn(stage, requestId, id)));
    await Promise.all(incidents.map(({ id }) => stage.relay.line(new RegExp(`Incident bound.*${id}`))));

    stage.pagerDuty.as(PEOPLE.carol.id).note(incidents[1]?.id ?? "", "/approve ours it is");
    await stateReached(stage, requestId, "APPROVED");
    await Promise.all(incidents.map(({ id }) => stage.pagerDuty.waitForStatus(id, "resolved", WITHIN_MS)));
    expect(servicesOf(stage, requestId)).toEqual(["PNETWRK", "PSTORE1"]);
    expect(verdictsSent(stage, requestId)).toBe(1);
  });

  it("is followed as it is when the request comes: changed or gone, the next request goes elsewhere", async () => {
    const stage = await setStage({ teleport: { version: "18" } });
    addTeams(stage);
    putRule(stage, "dba", ["Storage"]);
    await incidentOn(stage, ask(stage), "PSTORE1");
    putRule(stage, "dba", ["Network"]);
    await incidentOn(stage, ask(stage), "PNETWRK");
    stage.teleport.deleteRule("teams");
    const unruled = ask(stage);
    await incidentOn(stage, unruled, SERVICE);
    expect(servicesOf(stage, unruled)).toEqual([SERVICE]);
  });
});
