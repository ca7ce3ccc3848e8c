import { describe, expect, it } from "vitest";
import { PEOPLE, SERVICE } from "../stage/stage.ts";
import { ask, incidentsOf, setStage, stateReached, verdictsSent, WITHIN_MS } from "./journey.ts";

/** What the generations of Teleport's own plugin keep with a request. */
const KEPT = {
  "of the first generation": {},
  "of the later ones": { service_id: SERVICE, request_reason: "to mend it", reviews_count: "" },
} as const;

describe("a migration", () => {
  it.each(Object.entries(KEPT))(
    "takes over an incident %s: none is opened twice, and only answers after that count",
    async (_, kept) => {
      const stage = await setStage();
      await stage.relay.kill();
      const requestId = ask(stage);
      const person = stage.pagerDuty.as(PEOPLE.bob.id);
      const incidentKey = `teleport-access-request/${requestId}`;
      const { id } = person.open({ title: "Access request from alice", serviceId: SERVICE, incidentKey });
      const common = { incident_id: id, user: PEOPLE.alice.email, roles: "dba", created: "1767225600" };
      stage.teleport.storePluginData(requestId, { ...common, ...kept });
      person.note(id, "/approve before anybody took it over");

      await stage.startRelay();
      await stage.relay.line(new RegExp(`Incident bound.*${id}`));
      const notes = stage.pagerDuty.incident(id).notes.map(({ content }) => content);
      expect(notes.at(-1)).toContain("This incident now stands for the access request");
      expect(notes.at(-1)).toContain("Roles: dba");
      expect(incidentsOf(stage, requestId)).toHaveLength(1);
      expect(stage.teleport.pluginData(requestId)).toMatchObject({ incident_id: id, incidents: `${SERVICE}:${id}` });
      expect(verdictsSent(stage, requestId)).toBe(0);

      person.note(id, "/approve now that I can see it");
      await stateReached(stage, requestId, "APPROVED");
      await stage.pagerDuty.waitForStatus(id, "resolved", WITHIN_MS);
      const [verdict] = stage.teleport.calls.filter(({ rpc }) => rpc === "setAccessRequestState");
      expect(verdict?.request).toMatchObject({ reason: expect.stringMatching(/^now that I can see it \[pd:/) });
      expect(incidentsOf(stage, requestId)).toHaveLength(1);
    },
  );
});
