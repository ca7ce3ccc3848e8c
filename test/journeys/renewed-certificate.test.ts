import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { ADMIN_TOKEN, CLUSTER, PEOPLE, type Stage } from "../stage/stage.ts";
import { ask, boundIncidentFor, incidentsOf, setStage, stateReached, verdictsSent } from "./journey.ts";

const REQUESTS = 12;

async function statusOf(stage: Stage): Promise<unknown> {
  const headers = { Authorization: `Bearer ${ADMIN_TOKEN}` };
  return (await fetch(`${stage.edgeUrl}/v1/${CLUSTER}/status`, { headers })).json();
}

describe("a relay whose certificate is renewed under way", () => {
  it("loses no request and no decision, and goes on when the certificate before has ended", async () => {
    const stage = await setStage();
    const before = await readFile(stage.path("auth.crt"), "utf8");
    const ids = Array.from({ length: REQUESTS }, () => ask(stage));
    const incidents = await Promise.all(ids.map((id) => boundIncidentFor(stage, id)));
    await stage.teleport.writeIdentityFiles(stage.directory);
    const renewal = stage.relay.line(/credentials were renewed/);
    for (const { id } of incidents) stage.pagerDuty.as(PEOPLE.bob.id).note(id, "/approve");
    await renewal;
    stage.teleport.endCertificate(before);
    const late = ask(stage);
    const incident = await boundIncidentFor(stage, late);
    stage.pagerDuty.as(PEOPLE.bob.id).note(incident.id, "/deny");

    await Promise.all([...ids.map((id) => stateReached(stage, id, "APPROVED")), stateReached(stage, late, "DENIED")]);
    for (const id of [...ids, late]) expect([verdictsSent(stage, id), incidentsOf(stage, id).length]).toEqual([1, 1]);
    expect(stage.relay.lines.filter((line) => line.includes("Watcher lost"))).toEqual([]);
    expect(await statusOf(stage)).toMatchObject({
      relays: [{ watching: true, problem: null, certificateExpiresMs: expect.any(Number) }],
    });
  });

  it("says that it is refused when the certificate was revoked, and goes on with the next one", async () => {
    const stage = await setStage();
    stage.teleport.endCertificate(await readFile(stage.path("auth.crt"), "utf8"));
    await stage.relay.line(/ERROR Watcher lost.*does not accept our certificate/);
    const requestId = ask(stage);

    await stage.teleport.writeIdentityFiles(stage.directory);
    const incident = await boundIncidentFor(stage, requestId);
    stage.pagerDuty.as(PEOPLE.bob.id).note(incident.id, "/approve");
    await stateReached(stage, requestId, "APPROVED");
  });
});
