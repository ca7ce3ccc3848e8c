import { describe, expect, it } from "vitest";
import { PEOPLE, type Stage } from "../stage/stage.ts";
import {
  ask,
  boundIncidentFor,
  incidentFor,
  incidentsOf,
  setStage,
  stateReached,
  verdictsSent,
  WITHIN_MS,
} from "./journey.ts";

async function restartEdge(stage: Stage): Promise<void> {
  await stage.edge.kill();
  await stage.startEdge();
}

describe("an edge that is killed", () => {
  it("loses no request that was asked while it was down", async () => {
    const stage = await setStage();
    await stage.edge.kill();
    const requestId = ask(stage);
    await stage.startEdge();

    await incidentFor(stage, requestId);
    expect(incidentsOf(stage, requestId)).toHaveLength(1);
  });

  it("opens one incident when it dies after PagerDuty has it and before the answer is stored", async () => {
    const stage = await setStage();
    stage.pagerDuty.hang("POST /incidents", { afterEffect: true });
    const requestId = ask(stage);
    await incidentFor(stage, requestId);
    await stage.edge.kill();
    stage.pagerDuty.clearFaults();
    await stage.startEdge();

    const incident = await boundIncidentFor(stage, requestId);
    stage.pagerDuty.as(PEOPLE.bob.id).note(incident.id, "/approve");
    await stateReached(stage, requestId, "APPROVED");
    expect(incidentsOf(stage, requestId)).toHaveLength(1);
  });

  it("keeps a click that it has answered for, and carries it out once", async () => {
    const stage = await setStage();
    const requestId = ask(stage);
    const incident = await boundIncidentFor(stage, requestId);
    await stage.relay.kill();
    stage.pagerDuty.as(PEOPLE.bob.id).note(incident.id, "/deny");
    await stage.pagerDuty.waitForDelivery(
      ({ eventType, result }) => eventType === "incident.annotated" && result === 202,
    );
    await restartEdge(stage);
    await stage.startRelay();

    await stateReached(stage, requestId, "DENIED");
    await stage.pagerDuty.waitForStatus(incident.id, "resolved", WITHIN_MS);
    expect(verdictsSent(stage, requestId)).toBe(1);
  });

  it("is given by PagerDuty the click that it was down for", async () => {
    const stage = await setStage();
    const requestId = ask(stage);
    const incident = await boundIncidentFor(stage, requestId);
    await stage.edge.kill();
    stage.pagerDuty.as(PEOPLE.bob.id).note(incident.id, "/approve");
    await stage.startEdge();

    await stateReached(stage, requestId, "APPROVED");
    expect(verdictsSent(stage, requestId)).toBe(1);
  });

  it("ends in good order when its whole process group is asked to, a relay still connected", async () => {
    const stage = await setStage();
    expect(await stage.edge.stop()).toBe(0);
  });
});
