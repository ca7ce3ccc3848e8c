import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { CLUSTER, PEOPLE, type Stage } from "../stage/stage.ts";
import { boundIncidentFor, incidentsOf, setStage, stateReached, verdictsSent, WITHIN_MS } from "./journey.ts";

const POLICY = { auto_approve_on_call: "true" };

/** Somebody asks for a role whose rules name the service by another letter case. */
function ask(stage: Stage, user: string): string {
  const annotations = { pagerduty_services: ["TELEPORT access"] };
  return stage.teleport.createRequest({ user, roles: ["dba"], annotations }).metadata?.name ?? "";
}

describe("a request of somebody who is on call for what it is for", () => {
  it("is granted without an incident, with an audit line written before", async () => {
    const stage = await setStage({ policy: POLICY });
    const requestId = ask(stage, PEOPLE.bob.email);
    await stateReached(stage, requestId, "APPROVED");
    await stage.relay.line(/Approved, because the requester is on call/);

    const [call] = stage.teleport.calls.filter(({ rpc }) => rpc === "setAccessRequestState");
    expect(call?.request).toMatchObject({
      delegator: `pagerduty:${PEOPLE.bob.email}`,
      reason: `Access requested by ${PEOPLE.bob.email} who is on call in service(s) Teleport access [pd:auto]`,
    });
    const audit = (await readFile(stage.path("relay-audit.jsonl"), "utf8")).trim().split("\n");
    expect(audit.map((line) => JSON.parse(line).kind)).toEqual(["auto_intent", "outcome"]);
    await boundIncidentFor(stage, ask(stage, PEOPLE.alice.email));
    expect([incidentsOf(stage, requestId).length, verdictsSent(stage, requestId)]).toEqual([0, 1]);
  });

  it("is paged like any other when its requester is not", async () => {
    const stage = await setStage({ policy: POLICY });
    const requestId = ask(stage, PEOPLE.carol.email);
    const incident = await boundIncidentFor(stage, requestId);
    stage.pagerDuty.as(PEOPLE.bob.id).note(incident.id, "/deny");
    await stateReached(stage, requestId, "DENIED");
    await stage.pagerDuty.waitForStatus(incident.id, "resolved", WITHIN_MS);
    expect(incident.incidentKey).toBe(`teleport-access-request/${CLUSTER}/${requestId}`);
  });
});
