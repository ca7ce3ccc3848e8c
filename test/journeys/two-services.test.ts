import { describe, expect, it } from "vitest";
import { RequestState } from "../../relay/gen/teleport_pb.ts";
import { CLUSTER, GATE_TOKEN, PEOPLE, SERVICE, type Stage, WEBHOOK_SECRET } from "../stage/stage.ts";
import { incidentsOf, setStage, stateReached, verdictsSent, WITHIN_MS } from "./journey.ts";

const STORAGE = "PSTORE1";

/** A second team, with Carol on call; answers from its service reach the edge or do not. */
function addStorageTeam({ pagerDuty, edgeUrl }: Stage, covered: boolean): void {
  pagerDuty.addEscalationPolicy({ id: "PSTOREP", name: "Storage", levels: [[PEOPLE.carol.id]] });
  pagerDuty.addService({ id: STORAGE, name: "Storage", policyId: "PSTOREP" });
  if (!covered) return;
  pagerDuty.addSubscription({
    url: `${edgeUrl}/v1/${CLUSTER}/webhook`,
    events: ["incident.annotated", "incident.resolved"],
    filter: { type: "service_reference", id: STORAGE },
    headers: [{ name: "X-Gate-Token", value: GATE_TOKEN }],
    secrets: [WEBHOOK_SECRET],
  });
}

/** Alice asks for a role whose rules name services; the request's id. */
function askOf(stage: Stage, ...services: string[]): string {
  const annotations = { pagerduty_notify_service: services };
  const request = stage.teleport.createRequest({ user: PEOPLE.alice.email, roles: ["dba"], annotations });
  return request.metadata?.name ?? "";
}

async function bothBound(stage: Stage, requestId: string) {
  const named = ({ incidentKey }: { incidentKey: string | null }) => incidentKey?.includes(requestId) === true;
  const [first, second] = await Promise.all(
    [SERVICE, STORAGE].map((service) =>
      stage.pagerDuty.waitForIncident((incident) => incident.serviceId === service && named(incident), WITHIN_MS),
    ),
  );
  if (first === undefined || second === undefined) throw new Error("both services are paged");
  await Promise.all([first, second].map(({ id }) => stage.relay.line(new RegExp(`Incident bound.*${id}`))));
  return { first, second };
}

describe("a request for two services", () => {
  it("pages both teams, and the second one's approval closes both incidents", async () => {
    const stage = await setStage();
    addStorageTeam(stage, true);
    const requestId = askOf(stage, "teleport ACCESS", "Storage");
    const { first, second } = await bothBound(stage, requestId);
    expect([first.details, second.details].filter((body) => body?.includes("will not arrive"))).toEqual([]);

    stage.pagerDuty.as(PEOPLE.carol.id).note(second.id, "/approve ours it is");
    await stateReached(stage, requestId, "APPROVED");
    await Promise.all([first, second].map(({ id }) => stage.pagerDuty.waitForStatus(id, "resolved", WITHIN_MS)));
    for (const { id } of [first, second]) {
      expect(stage.pagerDuty.incident(id).notes.at(-1)?.content).toContain("Access request has been approved by Carol");
    }
    expect([incidentsOf(stage, requestId).length, verdictsSent(stage, requestId)]).toEqual([2, 1]);
  });

  it("takes no answer from one team's people on the other's incident, nor from where answers do not arrive", async () => {
    const stage = await setStage();
    addStorageTeam(stage, false);
    const requestId = askOf(stage, SERVICE, STORAGE);
    const { first, second } = await bothBound(stage, requestId);
    expect(first.details).not.toContain("will not arrive");
    expect(second.details).toContain("Answers from this service will not arrive");

    stage.pagerDuty.as(PEOPLE.carol.id).note(second.id, "/approve");
    stage.pagerDuty.as(PEOPLE.carol.id).note(first.id, "/approve");
    const refusal = await stage.pagerDuty.waitForNote(
      first.id,
      ({ content }) => content.startsWith("Not approved"),
      WITHIN_MS,
    );
    expect(refusal.content).toContain("not on call");
    expect(stage.teleport.request(requestId)?.spec?.state).toBe(RequestState.PENDING);

    stage.pagerDuty.as(PEOPLE.bob.id).note(first.id, "/approve");
    await stateReached(stage, requestId, "APPROVED");
    await stage.pagerDuty.waitForStatus(second.id, "resolved", WITHIN_MS);
  });
});
