import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakePagerDuty } from "../../fakes/pagerduty.ts";
import { PEOPLE, SERVICES } from "../cast.ts";
import { PagerDutySide } from "./pagerduty-side.ts";

let side: PagerDutySide;
let pagerDuty: FakePagerDuty;
let endpoint: Server;

beforeEach(async () => {
  side = new PagerDutySide();
  pagerDuty = await FakePagerDuty.start();
  for (const person of Object.values(PEOPLE)) pagerDuty.addUser(person);
  pagerDuty.addEscalationPolicy({ id: "PPOLICY", name: "Access", levels: [[PEOPLE.bob.id]] });
  pagerDuty.addService({ ...SERVICES.access, policyId: "PPOLICY" });
  endpoint = createServer((_, response) => response.writeHead(202).end());
  await once(endpoint.listen(0, "127.0.0.1"), "listening");
  const address = endpoint.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`;
  const filter = { type: "service_reference", id: SERVICES.access.id };
  pagerDuty.addSubscription({ url, events: ["incident.annotated"], filter });
});

afterEach(async () => {
  await pagerDuty.stop();
  endpoint.closeAllConnections();
  endpoint.close();
});

/** An incident that the product has opened. */
function opened(key = "teleport-access-request/c/1"): string {
  return pagerDuty
    .as(PEOPLE.bot.id)
    .open({ title: "Access request", details: "who and what", serviceId: SERVICES.access.id, incidentKey: key }).id;
}

function clicked(id: string, incidentId: string, kind: "note" | "forged" = "note"): void {
  side.clicked({ kind, id, incidentId, verdict: "approve", who: "bob", atMs: Date.now() });
}

describe("what PagerDuty saw", () => {
  it("is a click under the id of its event, once that has been delivered and accepted", async () => {
    const incidentId = opened();
    const { id } = pagerDuty.as(PEOPLE.bob.id).note(incidentId, "/approve");
    clicked(id, incidentId);
    side.read(pagerDuty);
    expect(side.clicksOn(pagerDuty)).toMatchObject([{ id: `undelivered:${id}`, acceptedMs: null }]);
    const { eventId, atMs } = await pagerDuty.waitForDelivery(({ result }) => result === 202);
    side.read(pagerDuty);
    expect(side.clicksOn(pagerDuty)).toMatchObject([
      { id: eventId, acceptedMs: atMs, incidentId, onCall: true, isAuthentic: true, person: { id: PEOPLE.bob.id } },
    ]);
  });

  it("is no authentic click when it was forged", () => {
    clicked("01FORGED", opened(), "forged");
    expect(side.clicksOn(pagerDuty)).toMatchObject([{ id: "01FORGED", isAuthentic: false, foundBy: "nobody" }]);
  });

  it("is an incident with its notes and statuses, and who made them", () => {
    const incidentId = opened();
    pagerDuty.as(PEOPLE.carol.id).acknowledge(incidentId);
    pagerDuty.as(PEOPLE.bot.id).note(incidentId, "Access request has been denied.");
    pagerDuty.as(PEOPLE.bot.id).resolve(incidentId);
    const [incident] = side.incidentsOf(pagerDuty);
    expect(incident).toMatchObject({ id: incidentId, byUs: true, key: "teleport-access-request/c/1" });
    expect(incident?.notes.map(({ byUs, content }) => [byUs, content])).toEqual([
      [true, "Access request has been denied."],
    ]);
    expect(incident?.statuses.map(({ status, byUs }) => [status, byUs])).toEqual([
      ["acknowledged", false],
      ["resolved", true],
    ]);
  });

  it("is a merge as the incident that is left", () => {
    const [from, into] = [opened("one"), opened("other")];
    pagerDuty.as(PEOPLE.carol.id).merge(from, into);
    expect(side.incidentsOf(pagerDuty)[0]?.statuses).toMatchObject([{ status: "resolved", mergedInto: into }]);
  });

  it("is each call once, with what it was about", async () => {
    const incidentId = opened();
    await fetch(`${pagerDuty.url}/incidents/${incidentId}/notes`);
    await fetch(`${pagerDuty.url}/incidents?incident_key=the-key`);
    await fetch(`${pagerDuty.url}/abilities`);
    side.read(pagerDuty);
    side.read(pagerDuty);
    expect(side.calls.map(({ name, subject }) => [name, subject])).toEqual([
      ["GET /incidents/{id}/notes", incidentId],
      ["GET /incidents", "the-key"],
      ["GET /abilities", null],
    ]);
  });
});
