import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { REMEMBER_NO_SERVICE_MS, REMEMBER_SERVICES_MS } from "../../../edge/pagerduty/services.ts";
import { Host, type ScriptedRelay } from "../host.ts";
import { BOB, CAROL, KEY, noteEvent, POLICY, SERVICE } from "../samples.ts";

const MINUTE_MS = 60_000;
let host: Host;
let relay: ScriptedRelay;

beforeEach(async () => {
  host = await Host.start();
  for (let n = 0; n < 250; n++) {
    host.pagerDuty.addService({ id: `PSVC${n}`, name: `Service ${n}`, policyId: POLICY });
  }
  host.pagerDuty.addService({ id: "PPAY001", name: "Payments", policyId: POLICY });
  relay = host.connect().hello();
  await host.settled();
});
afterEach(() => host.stop());

const notify = (...values: string[]) => ({ annotations: { pagerduty_notify_service: values } });
const paged = () => host.pagerDuty.incidents.map(({ serviceId }) => serviceId);
const bodyOn = (service: string) =>
  host.pagerDuty.incidents.find(({ serviceId }) => serviceId === service)?.details ?? "";
const lookUps = () => host.pagerDuty.countCalls("GET /services");

async function ask(change: Parameters<ScriptedRelay["request"]>[0], recipients: string[] = []): Promise<void> {
  relay.request(change, recipients);
  await host.settled();
}

describe("a request", () => {
  it("is paged on the cluster's own service, without asking for any, when nothing names one", async () => {
    await ask({});
    expect([paged(), lookUps()]).toEqual([[SERVICE], 0]);
  });

  it("is paged where the relay's rules say, whatever its annotation says", async () => {
    await ask(notify("Service 7"), ["Payments"]);
    expect(paged()).toEqual(["PPAY001"]);
  });

  it.each([
    ["a name", "Payments"],
    ["a name in other letter case", "pAYMENTS"],
    ["a name with spaces around it", " Payments "],
    ["an id", "PPAY001"],
  ])("is paged where its annotation says by %s", async (_, value) => {
    await ask(notify(value));
    expect([paged(), bodyOn("PPAY001")]).toEqual([["PPAY001"], expect.not.stringContaining("not found")]);
  });

  it("is paged on a service far down the list, which no query finds", async () => {
    host.pagerDuty.addService({ id: "PLAST01", name: "Straße – Ost", policyId: POLICY });
    host.pagerDuty.failNext("GET /services", 200, { services: [], more: false });
    await ask(notify("STRASSE", "straße – ost"));
    expect(paged()).toContain("PLAST01");
  });

  it("is paged on every service that is named, once each, as one request", async () => {
    await ask(notify("Payments", "payments", "Service 3", "PPAY001"));
    expect(paged().toSorted()).toEqual(["PPAY001", "PSVC3"]);
    expect(host.record.pagings.map(({ key }) => key)).toEqual([KEY, KEY]);
    const [first, second] = host.record.pagings;
    expect(relay.last("bind").incidents).toEqual([
      { service: "PPAY001", incident: first?.incidentId },
      { service: "PSVC3", incident: second?.incidentId },
    ]);
  });

  it("ends on all of its incidents by one decision on any of them", async () => {
    await ask(notify("Payments", "Service 3"));
    relay.bound();
    expect(host.record.pagings.map(({ bound }) => bound)).toEqual([true, true]);
    const second = host.record.pagings[1]?.incidentId ?? "none";
    host.deliver(noteEvent(second, "/approve", { agent: { id: CAROL.id, type: "user_reference" } }));
    await host.settled();
    relay.outcome({ result: "applied", state: "APPROVED" });
    await host.settled();
    expect(host.pagerDuty.incidents.map(({ status }) => status)).toEqual(["resolved", "resolved"]);
  });

  it("falls back to the cluster's own service for a name that PagerDuty does not have, and says so", async () => {
    await ask(notify("Paymints", "Service 3"));
    expect(paged().toSorted()).toEqual([SERVICE, "PSVC3"].toSorted());
    expect(bodyOn(SERVICE)).toContain('The service "Paymints", which this request is for, was not found in PagerDuty');
    expect(bodyOn("PSVC3")).not.toContain("not found");
    expect(host.ledger.faults(1)[0]?.what).toContain('"Paymints"');
  });

  it("finds a service that was made just now, a moment later", async () => {
    await ask({ id: "one", ...notify("Paymints") });
    host.pagerDuty.addService({ id: "PMINT01", name: "Paymints", policyId: POLICY });
    host.nowMs += REMEMBER_NO_SERVICE_MS;
    await ask({ id: "two", ...notify("Paymints") });
    expect(paged()).toEqual([SERVICE, "PMINT01"]);
  });

  it("says so again when it is paged again", async () => {
    await ask(notify("Paymints"));
    await ask({ ...notify("Paymints"), reason: "another" });
    expect(host.pagerDuty.incidents).toHaveLength(2);
    expect(host.pagerDuty.incidents.every(({ details }) => details?.includes('"Paymints"'))).toBe(true);
  });

  it.each([402, 403, 404])("falls back when PagerDuty does not show its services: %i", async (status) => {
    host.pagerDuty.failNext("GET /services", status, undefined, { times: 9 });
    await ask(notify("Payments"));
    expect([paged(), bodyOn(SERVICE)]).toEqual([[SERVICE], expect.stringContaining('"Payments"')]);
  });

  it("is stored at once and paged when PagerDuty is back, with the reviews that came meanwhile", async () => {
    await host.pagerDuty.down();
    await ask(notify("Payments"));
    expect(host.record).toMatchObject({ pagings: [], routing: { targets: ["Payments"], attempts: 1 } });
    const review = { author: "dave", proposedState: "APPROVED", reason: "", createdMs: null } as const;
    await ask({ ...notify("Payments"), reviews: [review] });
    host.crash();
    relay = host.connect().hello();
    await host.pagerDuty.up();
    await host.pass(2 * MINUTE_MS);
    expect(paged()).toEqual(["PPAY001"]);
    expect(host.pagerDuty.incidents[0]?.notes).toHaveLength(1);
    expect(host.record).toMatchObject({ routing: null, reviewsTold: 1 });
  });

  it("that ends before it was known where it goes is over", async () => {
    await host.pagerDuty.down();
    await ask(notify("Payments"));
    relay.ended("denied");
    await host.pagerDuty.up();
    await host.pass(5 * MINUTE_MS);
    expect([paged(), host.record.pagings, host.record.routing]).toEqual([[], [], null]);
  });

  it("costs no look-up when the name is known", async () => {
    await ask({ id: "one", ...notify("Payments") });
    const before = lookUps();
    await ask({ id: "two", ...notify("PAYMENTS") });
    expect([paged(), lookUps()]).toEqual([["PPAY001", "PPAY001"], before]);
    host.nowMs += REMEMBER_SERVICES_MS;
    await ask({ id: "three", ...notify("PAYMENTS") });
    expect(lookUps()).toBe(before + 1);
  });

  it("lists the account once for many names that are not there", async () => {
    await ask(notify(...Array.from({ length: 10 }, (_, n) => `nowhere ${n}`)));
    expect(lookUps()).toBe(10 + 3);
    await ask({ id: "again", ...notify("nowhere 3") });
    expect(lookUps()).toBe(13);
  });

  it.each([
    ["endless", "x".repeat(300)],
    ["like a path", "../users/me"],
    ["like a query", "Payments&limit=1"],
    ["hostile to terminals", "\u001b[2J\u202e\u0000"],
  ])("is paged on the cluster's own service for a name that is %s", async (_, name) => {
    await ask(notify(name));
    expect([paged(), bodyOn(SERVICE)]).toEqual([[SERVICE], expect.stringContaining("was not found")]);
  });
});

describe("the escalation policy of an incident", () => {
  const levels = { asksOnCall: true };
  const answered = () => relay.last("decide").word.onCallLevels;

  async function openedWithoutPolicy(): Promise<string> {
    relay = host.connect().hello({ ...levels, instance: "asks-on-call" });
    host.disconnect(relay);
    relay = host.connect().hello({ ...levels, instance: "asks-on-call" });
    const incident = { id: "QBARE01", status: "triggered" };
    host.pagerDuty.failNext("POST /incidents", 201, { incident });
    await ask({});
    return incident.id;
  }

  it("is that of its service, where the answer that made it names none", async () => {
    host.crash();
    const id = await openedWithoutPolicy();
    expect(host.record.pagings).toMatchObject([{ incidentId: id, escalationPolicyId: POLICY, state: "open" }]);
  });

  it("is asked for again with the click, when it could not be read then", async () => {
    host.crash();
    host.pagerDuty.failNext("GET /services/*", 503, undefined, { times: 3 });
    const id = await openedWithoutPolicy();
    expect(host.record.pagings).toMatchObject([{ incidentId: id, escalationPolicyId: null, state: "open" }]);
    relay.bound();
    host.pagerDuty.clearFaults();
    host.deliver(noteEvent(id, "/approve", { agent: { id: BOB.id, type: "user_reference" } }));
    await host.pass(MINUTE_MS);
    expect([answered(), host.pagerDuty.countCalls("POST /incidents")]).toEqual([[1], 1]);
  });
});

describe("a directory of users that is closed to us", () => {
  it("stops no decision, and is said", async () => {
    host.pagerDuty.failNext("GET /users", 403, undefined, { times: 9 });
    host.crash();
    relay = host.connect().hello();
    await ask({});
    relay.bound();
    host.deliver(noteEvent(host.pagerDuty.incidents[0]?.id ?? "none", "/deny"));
    await host.settled();
    expect(relay.last("decide").word).toMatchObject({ email: BOB.email, botUserId: null });
    expect(host.ledger.faults(9).map(({ what }) => what)).toContainEqual(
      expect.stringContaining("does not let us look up teleport-bot@example.com"),
    );
  });
});
