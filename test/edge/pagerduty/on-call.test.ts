import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mayBeOnCall } from "../../../edge/pagerduty/on-call.ts";
import { ASK_EVERY_MS, HOLD_MS } from "../../../edge/steps/on-call.ts";
import type { AccessRequest } from "../../../shared/access-request.ts";
import { AUTO_CLICK_ID, ON_CALL_ANNOTATION } from "../../../shared/auto-approval.ts";
import { Host, type ScriptedRelay } from "../host.ts";
import { accessRequest, BOB, CAROL, POLICY, SERVICE } from "../samples.ts";

const MINUTE_MS = 60_000;

describe("whether a requester may be on call", () => {
  it.each<[string, Partial<AccessRequest>, boolean]>([
    ["an e-mail address and services", { user: BOB.email, annotations: { [ON_CALL_ANNOTATION]: ["Access"] } }, true],
    ["a plain name", { user: "bob", annotations: { [ON_CALL_ANNOTATION]: ["Access"] } }, false],
    ["no services", { user: BOB.email, annotations: { [ON_CALL_ANNOTATION]: [] } }, false],
    ["another annotation", { user: BOB.email, annotations: { pagerduty_notify_service: ["Access"] } }, false],
  ])("is asked for by %s: %s", (_, change, asks) => {
    expect(mayBeOnCall(accessRequest(change))).toBe(asks);
  });
});

describe("a requester who may be on call", () => {
  let host: Host;
  let relay: ScriptedRelay;

  beforeEach(async () => {
    host = await Host.start();
    relay = host.connect().hello({ autoApproval: { onCallLevels: 0 } });
    await host.settled();
  });
  afterEach(() => host.stop());

  const names = { annotations: { [ON_CALL_ANNOTATION]: ["production ACCESS", "Unknown"] } };
  const offers = () => relay.socket.all("auto_approve");

  async function asked(change: Partial<AccessRequest> = {}): Promise<void> {
    relay.request({ user: "BOB@example.com", requestExpiresMs: null, ...names, ...change });
    await host.settled();
  }

  function answer(outcome: Record<string, unknown>): void {
    const { requestId, epoch } = relay.last("auto_approve");
    relay.say({ type: "auto_outcome", requestId, epoch, outcome });
  }

  /** Bob is on call for another service of the same policy, and not for the first of a policy of its own. */
  function addServices(): void {
    host.pagerDuty.addEscalationPolicy({ id: "PNIGHT1", name: "Night", levels: [[CAROL.id]] });
    host.pagerDuty.addService({ id: "PFIRST1", name: "First", policyId: "PNIGHT1" });
    host.pagerDuty.addService({ id: "POTHER2", name: "Another", policyId: POLICY });
  }

  it("is offered to the relay, and approved at once without an incident", async () => {
    await asked();
    expect(offers()).toMatchObject([
      {
        digest: host.record.digest,
        services: [{ name: "Production access", id: SERVICE, levels: [1] }],
        person: { id: BOB.id, email: BOB.email, name: BOB.name },
      },
    ]);
    answer({ result: "applied", state: "APPROVED" });
    await host.pass(MINUTE_MS);
    expect([host.pagerDuty.incidents.length, host.pagerDuty.callCount("POST /incidents")]).toEqual([0, 0]);
    expect(host.record.end).toMatchObject({
      end: "approved",
      who: "on-call auto-approval",
      why: "Access requested by BOB@example.com who is on call in service(s) Production access",
    });
  });

  it("is paged after a moment when the relay does not answer, and told who approved in the end", async () => {
    await asked();
    expect(host.pagerDuty.incidents).toHaveLength(0);
    await host.pass(HOLD_MS);
    const [incident] = host.pagerDuty.incidents;
    relay.ended("approved", { why: "Access requested by Bob [pd:auto]", clickId: AUTO_CLICK_ID });
    await host.pass(MINUTE_MS);
    expect(incident?.status).toBe("resolved");
    expect(incident?.notes.map(({ content }) => content)).toEqual([
      "Access request has been approved by on-call auto-approval.\nReason: Access requested by Bob [pd:auto]",
    ]);
  });

  it("is offered for the service for which they are on call, though another is named before it", async () => {
    addServices();
    await asked({ annotations: { [ON_CALL_ANNOTATION]: ["First", "Production access"] } });
    expect(offers()[0]?.services.filter(({ levels }) => levels.length > 0)).toMatchObject([{ id: SERVICE }]);
  });

  it("is paged at once when they are on call for another service alone", async () => {
    addServices();
    await asked({ annotations: { [ON_CALL_ANNOTATION]: ["First"] } });
    expect([host.pagerDuty.incidents.length, offers()]).toEqual([1, []]);
  });

  it.each([
    ["no incident", null],
    ["an incident on that service", SERVICE],
    ["an incident on another service", "POTHER2"],
    ["an incident on a service of another policy", "PFIRST1"],
  ])("is offered when they have %s", async (_, serviceId) => {
    addServices();
    const outage = { title: "an outage", assigneeId: BOB.id };
    if (serviceId !== null) host.pagerDuty.as(CAROL.id).open({ ...outage, serviceId });
    await asked();
    expect(offers()).toMatchObject([{ services: [{ id: SERVICE, levels: [1] }] }]);
  });

  it.each<[string, Partial<AccessRequest>]>([
    ["is on call for nothing of it", { user: CAROL.email, annotations: { [ON_CALL_ANNOTATION]: ["Other"] } }],
    ["is nobody in PagerDuty", { user: "dave@example.com" }],
    ["has a plain name", { user: "bob" }],
  ])("is paged at once when they are not: who %s", async (_, change) => {
    host.pagerDuty.addService({ id: "POTHER1", name: "Other", policyId: "PNOBODY" });
    await asked(change);
    await host.settled();
    expect([host.pagerDuty.incidents.length, offers()]).toEqual([1, []]);
  });

  it("counts at the levels that the relay names alone", async () => {
    host.crash();
    relay = host.connect().hello({ instance: "relay-two", autoApproval: { onCallLevels: 1 } });
    await asked({ user: CAROL.email });
    expect(offers()).toEqual([]);
    await asked({ id: "of-bob" });
    expect(offers()).toHaveLength(1);
  });

  it("is asked about again while the request is pending, and no more when the relay has no use for it", async () => {
    host.pagerDuty.setOnCall(POLICY, []);
    await asked();
    expect([host.pagerDuty.incidents.length, offers()]).toEqual([1, []]);
    host.pagerDuty.setOnCall(POLICY, [[BOB.id]]);
    await host.pass(ASK_EVERY_MS);
    expect(offers()).toHaveLength(1);
    answer({ result: "refused", refusal: "needs_more_approvals", state: "PENDING", detail: "" });
    expect(host.record.onCall).toMatchObject({ offer: null, refusal: "needs_more_approvals" });
    await host.pass(ASK_EVERY_MS);
    expect(offers()).toHaveLength(2);
    answer({ result: "applied", state: "PENDING" });
    const calls = host.pagerDuty.callCount("GET /oncalls");
    await host.pass(10 * ASK_EVERY_MS);
    expect([host.record.onCall, host.pagerDuty.callCount("GET /oncalls")]).toEqual([null, calls]);
  });

  it("does not keep the request from being paged while PagerDuty cannot say", async () => {
    host.pagerDuty.failNext("GET /users", 503, {}, { times: 3 });
    await asked();
    await host.pass(HOLD_MS);
    expect(host.pagerDuty.incidents).toHaveLength(1);
    await host.pass(MINUTE_MS);
    expect(offers().length).toBeGreaterThan(0);
  });

  it("is offered again to a relay that comes back, unless that was long ago", async () => {
    await asked();
    host.disconnect(relay);
    relay = host.connect().hello({ autoApproval: { onCallLevels: 0 } });
    relay.synced();
    expect(offers()).toHaveLength(1);
    host.nowMs += 10 * MINUTE_MS;
    relay = host.connect().hello({ instance: "relay-two", autoApproval: { onCallLevels: 0 } });
    relay.synced();
    expect(offers()).toEqual([]);
  });

  it("is nobody's business without the policy", async () => {
    host.disconnect(relay);
    relay = host.connect().hello({ instance: "relay-two" });
    await asked();
    expect([host.record.onCall, host.pagerDuty.incidents.length, offers()]).toEqual([null, 1, []]);
  });
});
