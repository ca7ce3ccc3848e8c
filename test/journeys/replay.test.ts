import { describe, expect, it } from "vitest";
import { PEOPLE } from "../stage/stage.ts";
import { ask, boundIncidentFor, setStage, stateReached, verdictsSent, WITHIN_MS } from "./journey.ts";

describe("a delivery that comes again", () => {
  it("has one effect, however often it is replayed, before and after the decision", async () => {
    const stage = await setStage();
    stage.pagerDuty.courier.duplicates = 20;
    const requestId = ask(stage);
    const incident = await boundIncidentFor(stage, requestId);

    stage.pagerDuty.as(PEOPLE.bob.id).note(incident.id, "/approve");
    await stateReached(stage, requestId, "APPROVED");
    await stage.pagerDuty.waitForStatus(incident.id, "resolved", WITHIN_MS);
    const [captured] = stage.pagerDuty.deliveries.filter(({ eventType }) => eventType === "incident.annotated");
    if (captured === undefined) throw new Error("nothing was delivered");
    const again = await Promise.all(
      Array.from({ length: 100 }, () => stage.post("/webhook", captured.body, captured.headers)),
    );

    expect(again.map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 202));
    expect(verdictsSent(stage, requestId)).toBe(1);
  });

  it("has one effect when it first comes a hundred times at once", async () => {
    const stage = await setStage();
    const requestId = ask(stage);
    const incident = await boundIncidentFor(stage, requestId);
    // PagerDuty finds nobody, and somebody else brings what it would have brought.
    for (const { endpoint } of stage.pagerDuty.account.subscriptions.values()) endpoint.url = "http://127.0.0.1:1/";
    stage.pagerDuty.as(PEOPLE.bob.id).note(incident.id, "/approve");
    const { body, headers } = await stage.pagerDuty.waitForDelivery(
      ({ eventType }) => eventType === "incident.annotated",
    );
    const answers = await Promise.all(Array.from({ length: 100 }, () => stage.post("/webhook", body, headers)));

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    await stateReached(stage, requestId, "APPROVED");
    const { notes } = await stage.pagerDuty.waitForStatus(incident.id, "resolved", WITHIN_MS);
    expect([verdictsSent(stage, requestId), notes.length]).toEqual([1, 2]);
  });

  it("decides nothing for another request when it is sent for one", async () => {
    const stage = await setStage();
    const first = ask(stage);
    const second = ask(stage);
    const incident = await boundIncidentFor(stage, first);
    await boundIncidentFor(stage, second);

    stage.pagerDuty.as(PEOPLE.bob.id).note(incident.id, "/deny");
    await stateReached(stage, first, "DENIED");

    expect(verdictsSent(stage, second)).toBe(0);
  });
});
