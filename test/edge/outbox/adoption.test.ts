import { afterEach, describe, expect, it } from "vitest";
import { Host, type ScriptedRelay } from "../host.ts";
import { accessRequest, BOB, KEY, NOW, noteEvent, POLICY, REQUEST_ID, resolvedEvent, SERVICE } from "../samples.ts";

const OLD_KEY = `teleport-access-request/${REQUEST_ID}`;

let host: Host;
afterEach(() => host.stop());

/** An incident as Teleport's own plugin opens it, and a relay that has just connected. */
async function migrating(incidentKey = OLD_KEY): Promise<{ relay: ScriptedRelay; old: string }> {
  host = await Host.start();
  const draft = { title: "Access request from alice", serviceId: SERVICE, incidentKey };
  const { id: old } = host.pagerDuty.as(BOB.id).open(draft);
  return { relay: host.connect().hello(), old };
}

/** The relay tells of the request and of the incident that Teleport names for it. */
function tell(relay: ScriptedRelay, incident: string, service: string | null = SERVICE): void {
  relay.say({ type: "request", request: accessRequest(), recipients: [], adopt: { service, incident } });
}

const notesOn = (id: string) => host.pagerDuty.incident(id).notes.map(({ content }) => content);

describe("an incident of Teleport's own plugin", () => {
  it.each([
    ["with its service", SERVICE],
    ["of the generation that kept no service", null],
  ])("is taken over %s: the body goes on it as a note, then it is bound; none is opened", async (_, service) => {
    const { relay, old } = await migrating();
    tell(relay, old, service);
    await host.settled();
    expect(host.pagerDuty.incidents).toHaveLength(1);
    const [note = "", ...others] = notesOn(old);
    expect(others).toEqual([]);
    expect(note).toMatch(/^This incident now stands for the access request/);
    for (const line of [
      "Roles: dba",
      "Digest: ",
      "add a note that starts with /approve or /deny",
      "to mend the ledger",
    ]) {
      expect(note).toContain(line);
    }
    const incidents = [{ service: SERVICE, incident: old }];
    expect(relay.last("bind")).toMatchObject({ incidents, countsFromMs: host.nowMs });
    relay.bound();
    expect(host.record).toMatchObject({
      routing: null,
      pagings: [{ key: OLD_KEY, state: "open", bound: true, shown: true }],
    });
  });

  it("goes by its service's escalation policy, whichever it was given since", async () => {
    const { relay, old } = await migrating();
    host.pagerDuty.addEscalationPolicy({ id: "PMALLORY", name: "Mallory alone", levels: [[BOB.id]] });
    host.pagerDuty.incident(old).policyId = "PMALLORY";
    tell(relay, old);
    await host.settled();
    expect(host.record.pagings).toMatchObject([{ state: "open", escalationPolicyId: POLICY }]);
  });

  it("is bound no sooner than its readers have been shown the request", async () => {
    const { relay, old } = await migrating();
    host.pagerDuty.failNext("POST /incidents/*/notes", 500);
    tell(relay, old);
    await host.settled();
    expect(relay.socket.all("bind")).toEqual([]);
    await host.pass(60_000);
    expect(notesOn(old)).toHaveLength(1);
    expect(relay.last("bind").countsFromMs).toBeGreaterThan(NOW);
  });

  it("is told once although the edge dies at any call", async () => {
    for (let calls = 1; calls <= 5; calls++) {
      const { relay, old } = await migrating();
      host.callsLeft = calls;
      tell(relay, old);
      await host.settled();
      host.crash();
      const next = host.connect().hello();
      tell(next, old);
      next.synced();
      await host.pass(120_000);
      expect({ calls, notes: notesOn(old).length, incidents: host.pagerDuty.incidents.length }).toEqual({
        calls,
        notes: 1,
        incidents: 1,
      });
      await host.stop();
    }
    await migrating();
  });

  it.each([
    ["was resolved", (old: string) => void host.pagerDuty.as(BOB.id).resolve(old), OLD_KEY],
    ["is another request's", () => {}, "teleport-access-request/another"],
    ["is anybody's", () => {}, "disk-full"],
  ])("is left alone when it %s, and the request is paged anew", async (_, change, key) => {
    const { relay, old } = await migrating(key);
    change(old);
    tell(relay, old);
    await host.settled();
    expect(notesOn(old)).toEqual([]);
    expect(host.pagerDuty.incidents.map(({ incidentKey }) => incidentKey)).toEqual([key, KEY]);
    expect(relay.last("bind").incidents).toEqual([{ service: SERVICE, incident: host.pagerDuty.incidents[1]?.id }]);
    expect(relay.last("bind").countsFromMs).toBeUndefined();
  });

  it.each(["QNOSUCHONE", "../users/PBOT001", "x".repeat(5_000)])(
    "is paged anew when there is none: %s",
    async (incident) => {
      const { relay } = await migrating("disk-full");
      tell(relay, incident);
      await host.settled();
      expect(host.pagerDuty.incidents.at(-1)).toMatchObject({ incidentKey: KEY });
    },
  );

  it("is waited for while PagerDuty cannot be asked", async () => {
    const { relay, old } = await migrating();
    host.pagerDuty.failNext("GET /incidents/*", 500, undefined, { times: 3 });
    tell(relay, old);
    await host.pass(120_000);
    expect(host.pagerDuty.incidents).toHaveLength(1);
    expect(notesOn(old)).toHaveLength(1);
  });

  it("is closed when the request ended before it was taken over", async () => {
    const { relay, old } = await migrating();
    host.pagerDuty.failNext("GET /incidents/*", 500);
    tell(relay, old);
    await host.settled();
    relay.ended("denied", { who: "carol" });
    await host.pass(120_000);
    expect(notesOn(old).at(-1)).toBe("Access request has been denied by carol.");
    expect(host.pagerDuty.incident(old).status).toBe("resolved");
    expect(relay.socket.all("bind")).toEqual([]);
  });

  it("is nobody's when both it and the request are over", async () => {
    const { relay, old } = await migrating();
    host.pagerDuty.failNext("GET /incidents/*", 500);
    tell(relay, old);
    await host.settled();
    relay.ended("denied");
    host.pagerDuty.as(BOB.id).resolve(old);
    await host.pass(120_000);
    expect(host.record).toMatchObject({ routing: null, pagings: [] });
    expect(host.pagerDuty.incidents).toHaveLength(1);
  });

  it("lets nothing count that was held from before", async () => {
    const { relay, old } = await migrating();
    host.pagerDuty.hang("GET /incidents/*");
    tell(relay, old);
    host.deliver(noteEvent(old, "/approve"));
    host.pagerDuty.release();
    await host.settled();
    expect(host.record.decisions).toEqual([]);
    expect(host.ledger.heldCount()).toBe(0);
    relay.bound();
    host.deliver(noteEvent(old, "/deny"));
    await host.settled();
    expect(host.record.decisions).toMatchObject([{ verdict: "deny" }]);
  });

  it("refuses approval where PagerDuty does not take the body", async () => {
    const { relay, old } = await migrating();
    host.pagerDuty.failNext("POST /incidents/*/notes", 400);
    tell(relay, old);
    await host.settled();
    expect(relay.last("bind").incidents).toEqual([{ service: SERVICE, incident: old }]);
    expect(host.record.pagings).toMatchObject([{ shown: false }]);
  });

  it("is paged again under our own key when the request changes, or it is merged", async () => {
    const { relay, old } = await migrating();
    tell(relay, old);
    await host.settled();
    relay.bound();
    host.deliver(resolvedEvent(old, { mergedInto: "QANOTHER" }));
    await host.settled();
    expect(host.record.pagings.map(({ key }) => key)).toEqual([OLD_KEY, `${KEY}/2`]);
  });
});
