import { describe, expect, it } from "vitest";
import { CLUSTER, PEOPLE } from "../stage/stage.ts";
import { boundIncidentFor, setStage, stateReached, verdictsSent, WITHIN_MS } from "./journey.ts";

describe("a request of a user who is known by traits", () => {
  it("names its resources as people do, and is not approved by its requester under another name", async () => {
    const stage = await setStage({ teleport: { version: "18" }, policy: { approvers: '["*"]' } });
    const { teleport, pagerDuty } = stage;
    teleport.addUser("alice", { traits: { email: [PEOPLE.alice.email], level: ["L1"] } });
    teleport.addResource({ type: "node", name: "5f3c", hostname: "db-7.example.com" });
    teleport.putRule({
      metadata: { name: "databases" },
      spec: {
        subjects: ["access_request"],
        condition: 'user.traits["level"].contains("L1")',
        notification: { name: "pagerduty", recipients: ["Teleport access"] },
      },
    });
    const request = teleport.createRequest({
      user: "alice",
      roles: ["dba"],
      resources: [{ clusterName: CLUSTER, kind: "node", name: "5f3c" }],
    });
    const requestId = request.metadata?.name ?? "";
    const incident = await boundIncidentFor(stage, requestId);
    expect(incident.details).toContain(`/${CLUSTER}/node/5f3c (db-7.example.com)`);

    pagerDuty.as(PEOPLE.alice.id).note(incident.id, "/approve");
    await pagerDuty.waitForNote(incident.id, ({ content }) => content.includes("their own access request"), WITHIN_MS);
    expect(verdictsSent(stage, requestId)).toBe(0);
    pagerDuty.as(PEOPLE.bob.id).note(incident.id, "/approve");
    await stateReached(stage, requestId, "APPROVED");
  });

  it("is paged and decided all the same where neither rules, users nor resources may be read", async () => {
    const stage = await setStage({ teleport: { version: "18" }, policy: { approvers: '["*"]' } });
    const { teleport, pagerDuty } = stage;
    const requests = { access_request: ["list", "read", "update"], access_plugin_data: ["list", "read", "update"] };
    teleport.addUser("access-plugin", { grants: requests });
    teleport.addUser(PEOPLE.alice.email, { traits: { email: ["alice@example.org"] } });
    await stage.relay.stop();
    await stage.startRelay();
    const request = teleport.createRequest({
      user: PEOPLE.alice.email,
      roles: ["dba"],
      resources: [{ clusterName: CLUSTER, kind: "node", name: "5f3c" }],
    });
    const requestId = request.metadata?.name ?? "";
    const incident = await boundIncidentFor(stage, requestId);
    expect(incident.details).toContain(`/${CLUSTER}/node/5f3c\n`);
    pagerDuty.as(PEOPLE.bob.id).note(incident.id, "/approve");
    await stateReached(stage, requestId, "APPROVED");
    await stage.relay.line(/Access Monitoring Rules are not used/);
    await stage.relay.line(/User traits are not used/);
    await stage.relay.line(/Resources are shown by their ids alone/);
  });
});
