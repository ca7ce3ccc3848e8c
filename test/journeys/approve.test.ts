import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { PEOPLE } from "../stage/stage.ts";
import { ask, boundIncidentFor, incidentsOf, setStage, stateReached, verdictsSent, WITHIN_MS } from "./journey.ts";

describe("a request that is approved in PagerDuty", () => {
  it("is granted in Teleport, noted and resolved, with an audit line written before", async () => {
    const stage = await setStage();
    const requestId = ask(stage, ["dba"], "the migration hangs");
    const incident = await boundIncidentFor(stage, requestId);
    expect(incident.title).toBe("Access request from alice@example.com: dba");
    expect(incident.details?.split("\n").at(-1)).toBe("Reason, in the requester's words: the migration hangs");

    stage.pagerDuty.as(PEOPLE.bob.id).note(incident.id, "/approve go ahead");
    await stateReached(stage, requestId, "APPROVED");
    await stage.pagerDuty.waitForStatus(incident.id, "resolved", WITHIN_MS);

    const [call] = stage.teleport.calls.filter(({ rpc }) => rpc === "setAccessRequestState");
    expect(call?.request).toMatchObject({ delegator: `pagerduty:${PEOPLE.bob.email}` });
    expect(call?.request).toMatchObject({ reason: expect.stringMatching(/^go ahead \[pd:\w+\]$/) });
    expect(stage.pagerDuty.incident(incident.id).notes.at(-1)?.content).toBe(
      `Access request has been approved by ${PEOPLE.bob.name} (${PEOPLE.bob.email}).\nReason: go ahead`,
    );
    const audit = (await readFile(stage.path("relay-audit.jsonl"), "utf8")).trim().split("\n");
    expect(audit.map((line) => JSON.parse(line).kind)).toEqual(["intent", "outcome"]);
    expect([incidentsOf(stage, requestId).length, verdictsSent(stage, requestId)]).toEqual([1, 1]);
  });

  it("stays pending when its own requester approves it, and the incident says why", async () => {
    const stage = await setStage({ policy: { approvers: '["*"]' } });
    const requestId = ask(stage);
    const incident = await boundIncidentFor(stage, requestId);

    stage.pagerDuty.as(PEOPLE.alice.id).note(incident.id, "/approve");
    const note = await stage.pagerDuty.waitForNote(
      incident.id,
      ({ content }) => content.startsWith("Not approved"),
      WITHIN_MS,
    );
    expect(note.content).toContain("nobody may approve their own access request");
    expect(verdictsSent(stage, requestId)).toBe(0);

    stage.pagerDuty.as(PEOPLE.carol.id).note(incident.id, "/approve");
    await stateReached(stage, requestId, "APPROVED");
  });
});
