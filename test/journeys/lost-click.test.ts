import { describe, expect, it } from "vitest";
import { PEOPLE } from "../stage/stage.ts";
import { ask, boundIncidentFor, setStage, stateReached, verdictsSent, WITHIN_MS } from "./journey.ts";

describe("a click that PagerDuty never delivered", () => {
  it("decides nothing, is asked for again, and then counts, because the subscription is enabled again", async () => {
    const stage = await setStage({ vars: { RECONCILE_EVERY_SECONDS: "1" } });
    const { pagerDuty } = stage;
    const requestId = ask(stage);
    const incident = await boundIncidentFor(stage, requestId);
    const [subscription] = pagerDuty.account.subscriptions.values();
    if (subscription === undefined) throw new Error("the stage has no subscription");
    subscription.endpoint.disabledUntilMs = Date.now() + 24 * 3600 * 1000;
    pagerDuty.as(PEOPLE.bob.id).note(incident.id, "/approve");

    const note = await pagerDuty.waitForNote(
      incident.id,
      ({ content }) => content.includes("Please repeat it"),
      WITHIN_MS,
    );
    expect(note.content).toContain(`${PEOPLE.bob.name} (${PEOPLE.bob.email}): your /approve of `);
    expect([subscription.endpoint.disabledUntilMs, verdictsSent(stage, requestId)]).toEqual([null, 0]);

    pagerDuty.as(PEOPLE.bob.id).note(incident.id, "/approve");
    await stateReached(stage, requestId, "APPROVED");
    await pagerDuty.waitForStatus(incident.id, "resolved", WITHIN_MS);
    const asked = pagerDuty.incident(incident.id).notes.filter(({ content }) => content.includes("Please repeat it"));
    expect([asked.length, verdictsSent(stage, requestId)]).toEqual([1, 1]);
  });
});
