import { describe, expect, it } from "vitest";
import { PEOPLE, SERVICE, type Stage, type StageOptions } from "../stage/stage.ts";
import { ask, boundIncidentFor, incidentsOf, setStage, stateReached, verdictsSent, WITHIN_MS } from "./journey.ts";

const FIELD = "teleport_decision";
const { bob, carol } = PEOPLE;

async function setStageFor(decisions: Record<string, string>, more: StageOptions = {}): Promise<Stage> {
  return setStage({ ...more, decisions });
}

function noteSaying(stage: Stage, incidentId: string, words: string) {
  return stage.pagerDuty.waitForNote(incidentId, ({ content }) => content.includes(words), WITHIN_MS);
}

describe("a request whose people run workflows", () => {
  const triggers = { workflow_triggers: '{ approve = "T-APPROVE", deny = "T-DENY" }' };

  it.each([
    ["T-APPROVE", "APPROVED"],
    ["T-DENY", "DENIED"],
  ] as const)("is decided by the manual trigger %s alone", async (triggerId, state) => {
    const stage = await setStageFor({ channels: '["workflow"]', ...triggers });
    const { account } = stage.pagerDuty;
    for (const id of ["T-APPROVE", "T-DENY", "T-OTHER"])
      account.addWorkflow({ name: "Approve Request", triggerId: id });
    const requestId = ask(stage);
    const incident = await boundIncidentFor(stage, requestId);
    expect(incident.details).toContain("To decide: run the incident workflow that approves, or the one that denies.");

    stage.pagerDuty.as(bob.id).startWorkflow(incident.id, "T-OTHER");
    stage.pagerDuty.as(bob.id).note(incident.id, "/deny");
    stage.pagerDuty.as(bob.id).startWorkflow(incident.id, triggerId);
    await stateReached(stage, requestId, state);
    await stage.pagerDuty.waitForStatus(incident.id, "resolved", WITHIN_MS);
    expect(verdictsSent(stage, requestId)).toBe(1);
  });
});

describe("a request whose people set a field", () => {
  it("has the field put back after a refusal, and is approved by who may", async () => {
    const stage = await setStageFor({ channels: '["field"]' });
    stage.pagerDuty.account.addField({ name: FIELD, options: ["pending", "approve", "deny"], defaultValue: "pending" });
    const { id: fieldId } = stage.pagerDuty.account.addField({ name: "impact" });
    const requestId = ask(stage);
    const incident = await boundIncidentFor(stage, requestId);
    expect(incident.details).toContain(`set the incident's field "${FIELD}" to approve or deny.`);

    stage.pagerDuty.as(carol.id).setField(incident.id, FIELD, "approve");
    await noteSaying(stage, incident.id, "you were not on call");
    await stage.pagerDuty.waitForCall(({ route }) => route === "PUT /incidents/{id}/custom_fields/values", WITHIN_MS);
    expect(stage.pagerDuty.incident(incident.id).fieldValues.get(fieldId)).toBeNull();
    expect([...stage.pagerDuty.incident(incident.id).fieldValues.values()]).toContain("pending");
    expect(verdictsSent(stage, requestId)).toBe(0);

    stage.pagerDuty.as(bob.id).setField(incident.id, "impact", "approve");
    stage.pagerDuty.as(bob.id).setField(incident.id, FIELD, "approve");
    await stateReached(stage, requestId, "APPROVED");
    await stage.pagerDuty.waitForStatus(incident.id, "resolved", WITHIN_MS);
    expect([verdictsSent(stage, requestId), incidentsOf(stage, requestId).length]).toEqual([1, 1]);
  });
});

describe('a request under on_resolve = "deny"', () => {
  it("stays pending when automation resolves, or somebody who may not, and is denied when one on call does", async () => {
    const stage = await setStageFor({ on_resolve: '"deny"' });
    const requestId = ask(stage);
    const incident = await boundIncidentFor(stage, requestId);
    expect(incident.details).toContain("Resolving this incident denies the request.");

    stage.pagerDuty.asIntegration(SERVICE).resolve(incident.id);
    await noteSaying(stage, incident.id, "still pending");
    stage.pagerDuty.as(carol.id).reopen(incident.id);
    stage.pagerDuty.as(carol.id).resolve(incident.id);
    await noteSaying(stage, incident.id, "you were not on call");
    expect(verdictsSent(stage, requestId)).toBe(0);

    stage.pagerDuty.as(bob.id).reopen(incident.id);
    stage.pagerDuty.as(bob.id).resolve(incident.id);
    await stateReached(stage, requestId, "DENIED");
    await noteSaying(stage, incident.id, `has been denied by ${bob.name}`);
    expect([stage.pagerDuty.incident(incident.id).status, verdictsSent(stage, requestId)]).toEqual(["resolved", 1]);
  });
});

describe('a request under confirm = "all"', () => {
  it("is approved by a note that PagerDuty shows again, for the whole of its reason", async () => {
    const stage = await setStageFor({ channels: '["note"]' }, { policy: { confirm: '"all"' } });
    const requestId = ask(stage);
    const incident = await boundIncidentFor(stage, requestId);

    stage.pagerDuty.as(bob.id).note(incident.id, `/approve ${"because it hurts ".repeat(200)}indeed`);
    await stateReached(stage, requestId, "APPROVED");
    expect(stage.pagerDuty.callCount("GET /incidents/{id}/notes")).toBeGreaterThan(0);
    const [call] = stage.teleport.calls.filter(({ rpc }) => rpc === "setAccessRequestState");
    expect(call?.request).toMatchObject({ reason: expect.stringMatching(/indeed \[pd:\w+\]$/) });
  });
});
