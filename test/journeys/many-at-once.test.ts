import { describe, expect, it } from "vitest";
import { RequestState } from "../../relay/gen/teleport_pb.ts";
import { PEOPLE } from "../stage/stage.ts";
import { ask, boundIncidentFor, incidentsOf, setStage, stateReached, verdictsSent, WITHIN_MS } from "./journey.ts";

const MANY = 20;

describe("many requests at once", () => {
  it("are each paged once and decided once, as each was answered", async () => {
    const stage = await setStage();
    const requestIds = Array.from({ length: MANY }, () => ask(stage));
    await Promise.all(
      requestIds.map(async (requestId, index) => {
        const { id } = await boundIncidentFor(stage, requestId);
        stage.pagerDuty.as(PEOPLE.bob.id).note(id, index % 2 === 0 ? "/approve" : "/deny");
        await stateReached(stage, requestId, index % 2 === 0 ? "APPROVED" : "DENIED");
        await stage.pagerDuty.waitForStatus(id, "resolved", WITHIN_MS);
      }),
    );

    for (const requestId of requestIds) {
      const [incident, ...others] = incidentsOf(stage, requestId);
      expect([others, verdictsSent(stage, requestId)]).toEqual([[], 1]);
      // The answer, and what became of it.
      expect(incident?.notes).toHaveLength(2);
    }
  });

  it("are each told of with three notes when Teleport decides by two reviews", async () => {
    const stage = await setStage({ decideBy: "review", teleport: { version: "18", enterprise: true } });
    const thresholds = [{ approve: 2, deny: 2 }];
    const asked = Array.from({ length: MANY }, () =>
      stage.teleport.createRequest({ user: PEOPLE.alice.email, roles: ["dba"], thresholds }),
    );
    const requestIds = asked.map(({ metadata }) => metadata?.name ?? "");
    await Promise.all(
      requestIds.map(async (requestId, index) => {
        const { id } = await boundIncidentFor(stage, requestId);
        const state = index % 2 === 0 ? RequestState.APPROVED : RequestState.DENIED;
        for (const author of ["dora", "erin"]) stage.teleport.review(requestId, { author, state });
        await stage.pagerDuty.waitForStatus(id, "resolved", WITHIN_MS);
      }),
    );

    for (const [index, requestId] of requestIds.entries()) {
      const [incident, ...others] = incidentsOf(stage, requestId);
      expect(others).toEqual([]);
      expect(incident?.notes.map(({ content }) => content.split(/[\n.]/)[0])).toEqual([
        expect.stringMatching(/^dora reviewed the request at /),
        expect.stringMatching(/^erin reviewed the request at /),
        expect.stringMatching(`^Access request has been ${index % 2 === 0 ? "approved" : "denied"}`),
      ]);
    }
  });
});
