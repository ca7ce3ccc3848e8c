import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { REMEMBER_SUBSCRIPTIONS_MS, REMEMBER_UNCOVERED_MS } from "../../../edge/pagerduty/subscriptions.ts";
import type { SubscriptionDraft } from "../../fakes/pagerduty/setup.ts";
import { Host, type ScriptedRelay } from "../host.ts";
import { CLUSTER, DECISIONS, POLICY } from "../samples.ts";

// Nobody listens there: what would be delivered goes nowhere.
const ORIGIN = "http://127.0.0.1:9";
const TEAMS = "PTEAMED";
let host: Host;

beforeEach(async () => {
  host = await Host.start({ serviceId: TEAMS });
  host.origin = ORIGIN;
  host.pagerDuty.account.addTeam({ id: "PTEAM01", name: "Storage" });
  host.pagerDuty.addService({ id: TEAMS, name: "Storage", policyId: POLICY, teamIds: ["PTEAM01"] });
});
afterEach(() => host.stop());

function subscribe(change: Partial<SubscriptionDraft> = {}) {
  return host.pagerDuty.addSubscription({
    url: `${ORIGIN}/v1/${CLUSTER}/webhook`,
    events: ["incident.annotated"],
    filter: { type: "service_reference", id: TEAMS },
    ...change,
  });
}

async function page(id = "r1", change: Parameters<ScriptedRelay["hello"]>[0] = {}): Promise<void> {
  host.connect().hello(change).request({ id });
  await host.settled();
}

const covered = (id = "r1") => host.ledger.load(id)?.pagings.map((paging) => paging.covered);
const saysSo = () => host.pagerDuty.incidents.map(({ details }) => details?.includes("will not arrive"));
const faults = () => host.ledger.faults(9).map(({ what }) => what);

describe("answers from a service", () => {
  it.each([
    ["of the service", {}],
    ["of its team", { filter: { type: "team_reference", id: "PTEAM01" } }],
    ["of the account", { filter: { type: "account_reference", id: null } }],
    ["behind something that ends TLS", { url: `https://127.0.0.1:9/v1/${CLUSTER}/webhook` }],
  ])("arrive by a subscription %s, and nothing is said", async (_, change) => {
    subscribe(change);
    await page();
    expect([covered(), saysSo(), faults()]).toEqual([[true], [false], []]);
    expect(host.status()).toMatchObject({ uncovered: [], subscriptionsProblem: null });
  });

  it.each([
    ["no subscription", undefined],
    ["one of another address", { url: "https://elsewhere.example.com/hook" }],
    ["one of another cluster", { url: `${ORIGIN}/v1/another.example.com/webhook` }],
    ["one of another service", { filter: { type: "service_reference", id: "PIJ90N7" } }],
    ["one of another team", { filter: { type: "team_reference", id: "PTEAM02" } }],
    ["one that is not active", { active: false }],
    ["one without the events that decide", { events: ["incident.resolved"] }],
  ])(
    "do not arrive with %s: it is paged all the same, and its body, the status and a fault say so",
    async (_, change) => {
      if (change !== undefined) subscribe(change);
      await page();
      expect([covered(), saysSo()]).toEqual([[false], [true]]);
      expect(faults()).toEqual([expect.stringMatching(/^answers from service PTEAMED will not arrive: /)]);
      expect(host.status()).toMatchObject({
        uncovered: [{ serviceId: TEAMS }],
        requests: [{ incidents: [{ covered: false }] }],
      });
    },
  );

  it("do not arrive by a subscription that PagerDuty has disabled for a while", async () => {
    subscribe().endpoint.disabledUntilMs = host.nowMs + 1;
    await page();
    expect([covered(), saysSo()]).toEqual([[false], [true]]);
  });

  it("are known to arrive again once it is mended", async () => {
    await page("r1");
    subscribe();
    await page("r2");
    expect(covered("r2")).toEqual([false]);
    host.nowMs += REMEMBER_UNCOVERED_MS;
    await page("r3");
    expect([covered("r3"), faults().length]).toEqual([[true], 1]);
    expect(host.status()).toMatchObject({ uncovered: [] });
  });

  it("are found among more subscriptions than fit on a page", async () => {
    for (let n = 0; n < 120; n++) subscribe({ filter: { type: "service_reference", id: `P${n}` } });
    subscribe();
    await page();
    expect(covered()).toEqual([true]);
  });

  it.each([402, 403, 404, 503])("are not judged when the subscriptions cannot be read: %i", async (status) => {
    host.pagerDuty.failNext("GET /webhook_subscriptions", status, undefined, { times: 9 });
    await page();
    expect([covered(), saysSo(), faults()]).toEqual([[null], [false], []]);
    expect(host.status()).toMatchObject({
      uncovered: [],
      subscriptionsProblem: expect.stringMatching(/webhook_sub/),
    });
  });

  it("are judged by what was read last while PagerDuty is out of order", async () => {
    subscribe();
    await page("r1");
    host.nowMs += REMEMBER_SUBSCRIPTIONS_MS;
    host.pagerDuty.failNext("GET /webhook_subscriptions", 503);
    await page("r2");
    expect([covered("r2"), host.pagerDuty.countCalls("GET /webhook_subscriptions")]).toEqual([[true], 2]);
  });

  it("are not judged by teams when the service is not shown", async () => {
    subscribe({ filter: { type: "team_reference", id: "PTEAM01" } });
    host.pagerDuty.failNext("GET /services/*", 403, undefined, { times: 9 });
    await page();
    expect([covered(), saysSo()]).toEqual([[null], [false]]);
  });

  it("are not judged while nobody knows where the edge is", async () => {
    host.origin = null;
    await page();
    expect([covered(), saysSo()]).toEqual([[null], [false]]);
  });

  it("need no subscription where only buttons decide, but for a resolve that denies", async () => {
    await page("r1", { decisions: { ...DECISIONS, channels: ["action"] } });
    expect(covered("r1")).toEqual([null]);
    host.crash();
    await page("r2", { decisions: { ...DECISIONS, channels: ["action"], onResolve: "deny" } });
    expect(covered("r2")).toEqual([false]);
  });

  it("are asked about once for many requests", async () => {
    subscribe();
    const relay = host.connect().hello();
    for (let n = 0; n < 30; n++) relay.request({ id: `r${n}` });
    await host.settled();
    expect(host.pagerDuty.countCalls("GET /webhook_subscriptions")).toBe(1);
  });

  it("are still judged after a sleep, by where the relay found us", async () => {
    subscribe();
    const relay = host.connect().hello();
    await host.settled();
    host.sleep();
    relay.request({ id: "r1" });
    await host.settled();
    expect(covered("r1")).toEqual([true]);
  });
});
