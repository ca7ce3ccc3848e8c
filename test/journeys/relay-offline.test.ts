import { describe, expect, it } from "vitest";
import { RequestState } from "../../relay/gen/teleport_pb.ts";
import { PEOPLE } from "../stage/stage.ts";
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

describe("a relay that is away", () => {
  it("pages, when it is back, what was asked meanwhile", async () => {
    const stage = await setStage();
    await stage.relay.kill();
    const requestId = ask(stage);
    await stage.startRelay();

    await incidentFor(stage, requestId);
    expect(incidentsOf(stage, requestId)).toHaveLength(1);
  });

  it("carries out, when it is back, what was decided meanwhile, once", async () => {
    const stage = await setStage();
    const requestId = ask(stage);
    const incident = await boundIncidentFor(stage, requestId);
    await stage.relay.kill();
    stage.pagerDuty.as(PEOPLE.bob.id).note(incident.id, "/approve");
    await stage.pagerDuty.waitForDelivery(
      ({ eventType, result }) => eventType === "incident.annotated" && result === 202,
    );
    await stage.startRelay();

    await stateReached(stage, requestId, "APPROVED");
    await stage.pagerDuty.waitForStatus(incident.id, "resolved", WITHIN_MS);
    expect(verdictsSent(stage, requestId)).toBe(1);
  });

  it("finishes the decision that it was killed in the middle of", async () => {
    const stage = await setStage();
    const requestId = ask(stage);
    const incident = await boundIncidentFor(stage, requestId);
    stage.teleport.hang("setAccessRequestState", "after");
    stage.pagerDuty.as(PEOPLE.bob.id).note(incident.id, "/deny");
    await stage.teleport.waitForCall("setAccessRequestState");
    await stage.relay.kill();
    stage.teleport.release("setAccessRequestState");
    await stage.startRelay();

    await stateReached(stage, requestId, "DENIED");
    await stage.pagerDuty.waitForStatus(incident.id, "resolved", WITHIN_MS);
    expect(verdictsSent(stage, requestId)).toBe(1);
    expect(stage.pagerDuty.incident(incident.id).notes.at(-1)?.content).toContain(PEOPLE.bob.name);
  });

  it("closes the incident of what ended elsewhere meanwhile", async () => {
    const stage = await setStage();
    const requestId = ask(stage);
    const incident = await boundIncidentFor(stage, requestId);
    await stage.relay.kill();
    stage.teleport.resolve(requestId, 2, { reason: "by tctl" });
    await stage.startRelay();

    await stage.pagerDuty.waitForStatus(incident.id, "resolved", WITHIN_MS);
    expect(stage.pagerDuty.incident(incident.id).notes.at(-1)?.content).toBe(
      "Access request has been approved.\nReason: by tctl",
    );
  });

  it.each(["4.2.8", "7.0", "18"] as const)(
    "closes the incident of what was removed meanwhile, though nothing else is pending: Teleport %s",
    async (version) => {
      const stage = await setStage({ teleport: { version } });
      const requestId = ask(stage);
      const incident = await boundIncidentFor(stage, requestId);
      await stage.relay.kill();
      stage.teleport.delete(requestId);
      await stage.startRelay();

      await stage.pagerDuty.waitForStatus(incident.id, "resolved", WITHIN_MS);
      expect(stage.pagerDuty.incident(incident.id).notes.at(-1)?.content).toMatch(/^Access request has been deleted/);
    },
  );

  it("has each review told once, whichever half was away when it was given", async () => {
    const stage = await setStage();
    const requestId = stage.teleport.createRequest({ thresholds: [{ approve: 3, deny: 3 }] }).metadata?.name ?? "";
    const { id } = await boundIncidentFor(stage, requestId);
    const told = (author: string) =>
      stage.pagerDuty.waitForNote(id, ({ content }) => content.startsWith(`${author} reviewed the request`), WITHIN_MS);
    const review = (author: string) => stage.teleport.review(requestId, { author, state: RequestState.APPROVED });
    review("dora");
    await told("dora");
    await stage.relay.kill();
    review("erin");
    await stage.startRelay();
    await told("erin");
    await Promise.all([stage.relay.kill(), stage.edge.kill()]);
    review("fay");
    await stage.startEdge();
    await stage.startRelay();

    await stage.pagerDuty.waitForStatus(id, "resolved", WITHIN_MS);
    const notes = stage.pagerDuty.incident(id).notes.map(({ content }) => content.split(" at ")[0]?.split("\n")[0]);
    expect(notes).toEqual([
      ...["dora", "erin", "fay"].map((author) => `${author} reviewed the request`),
      "Access request has been approved by dora, erin, fay.",
    ]);
  });
});
