import { describe, expect, it } from "vitest";
import { PEOPLE } from "../stage/stage.ts";
import { ask, boundIncidentFor, setStage, stateReached, verdictsSent, WITHIN_MS } from "./journey.ts";

describe("a request that is denied in PagerDuty", () => {
  it("is refused in Teleport at the press of a button, whose log entry is read again first", async () => {
    const stage = await setStage();
    const requestId = ask(stage);
    const incident = await boundIncidentFor(stage, requestId);

    const entry = stage.pagerDuty.as(PEOPLE.bob.id).pressAction(incident.id, "Deny Request");
    await stateReached(stage, requestId, "DENIED");
    await stage.pagerDuty.waitForStatus(incident.id, "resolved", WITHIN_MS);

    expect(stage.pagerDuty.callCount("GET /log_entries/{id}")).toBeGreaterThan(0);
    const [call] = stage.teleport.calls.filter(({ rpc }) => rpc === "setAccessRequestState");
    expect(call?.request).toMatchObject({ reason: `[pd:${entry.id}]`, delegator: `pagerduty:${PEOPLE.bob.email}` });
  });

  it("cannot be denied by somebody who is not on call", async () => {
    const stage = await setStage();
    const requestId = ask(stage);
    const incident = await boundIncidentFor(stage, requestId);

    stage.pagerDuty.as(PEOPLE.carol.id).note(incident.id, "/deny");
    const note = await stage.pagerDuty.waitForNote(
      incident.id,
      ({ content }) => content.startsWith("Not denied"),
      WITHIN_MS,
    );
    expect(note.content).toContain("you were not on call");
    expect(verdictsSent(stage, requestId)).toBe(0);
  });
});
