import { describe, expect, it } from "vitest";
import { PEOPLE } from "../stage/stage.ts";
import { ask, incidentFor, incidentsOf, setStage, stateReached, verdictsSent, WITHIN_MS } from "./journey.ts";

/** Requests of each round, and how often the edge is replaced while they are under way. */
const REQUESTS = 8;
const ROUNDS = 3;

describe("an edge that is replaced under load, by the relay that was connected before", () => {
  it("loses no request and no click, and doubles none", async () => {
    const stage = await setStage();
    const requestIds: string[] = [];
    const answered: Promise<void>[] = [];
    const play = async (requestId: string, index: number): Promise<void> => {
      const { id } = await incidentFor(stage, requestId);
      stage.pagerDuty.as(PEOPLE.bob.id).note(id, index % 2 === 0 ? "/approve" : "/deny");
      await stateReached(stage, requestId, index % 2 === 0 ? "APPROVED" : "DENIED");
      await stage.pagerDuty.waitForStatus(id, "resolved", WITHIN_MS);
    };
    for (let round = 0; round < ROUNDS; round++) {
      const asked = Array.from({ length: REQUESTS }, () => ask(stage));
      requestIds.push(...asked);
      answered.push(...asked.map(play));
      await incidentFor(stage, asked[round] ?? "");
      expect(await stage.edge.stop()).toBe(0);
      requestIds.push(ask(stage));
      answered.push(play(requestIds.at(-1) ?? "", round));
      await stage.startEdge();
    }
    await Promise.all(answered);

    for (const requestId of requestIds) {
      expect([incidentsOf(stage, requestId).length, verdictsSent(stage, requestId)]).toEqual([1, 1]);
    }
    expect(requestIds).toHaveLength(ROUNDS * (REQUESTS + 1));
  }, 60_000);
});
