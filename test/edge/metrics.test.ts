import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ANSWERS_WITHIN_MS } from "../../edge/relays/enquiry.ts";
import type { Family } from "../../shared/metrics.ts";
import { readExposition, sampleOf } from "../fakes/exposition.ts";
import { Host, type ScriptedRelay } from "./host.ts";
import { accessRequest, HOUR_MS, NOW, noteEvent, resolvedEvent } from "./samples.ts";

const RELAY = { key: "thumbprint", relay_instance: "relay-one" };
const MEMORY = "relay_resident_memory_bytes";

/** How long PagerDuty is waited for, in ms. */
const ASKED_WITHIN_MS = 1500;

/** What a relay says of itself. */
const told = (change: Partial<Family> = {}): Family => ({
  name: `teleport_pagerduty_${MEMORY}`,
  type: "gauge",
  help: "Memory.",
  samples: [[[], 64]],
  ...change,
});

let host: Host;
/** Waits that nobody has ended. */
let waits: { readonly ms: number; readonly run: () => void }[];
beforeEach(async () => {
  host = await Host.start();
  waits = [];
  host.after = (ms, run) => {
    const wait = { ms, run };
    waits.push(wait);
    return () => void waits.splice(waits.indexOf(wait), 1);
  };
});
afterEach(() => host.stop());

const connect = (instance = RELAY.relay_instance) => host.connect().hello({ instance });

function answer(relay: ScriptedRelay, ...families: readonly unknown[]): void {
  relay.raw({ type: "metrics", question: relay.last("report?").question, families });
}

/** A scrape, during which relays may answer; who has not by its end is not waited for. */
async function scraped(during: () => void = () => {}) {
  const text = host.board.inspection.metrics();
  during();
  await host.settled();
  for (const { ms, run } of waits) if (ms === ANSWERS_WITHIN_MS) run();
  const families = readExposition(await text);
  const value = (name: string, labels: Record<string, string> = {}) =>
    sampleOf(families, `teleport_pagerduty_${name}`, labels);
  return Object.assign(value, { families, text: await text });
}

/** A request that is paged and bound; its incident. */
async function opened(change = {}): Promise<{ relay: ScriptedRelay; incidentId: string }> {
  const relay = connect();
  relay.request(change);
  relay.synced();
  await host.settled();
  relay.bound();
  return { relay, incidentId: host.pagerDuty.incidents[0]?.id ?? "" };
}

describe("the metrics of a cluster", () => {
  it("are there from the start, every label with every value", async () => {
    const value = await scraped();
    expect(value("requests_seen_total")).toBe(0);
    expect(value("refusals_total", { reason: "audit_unavailable" })).toBe(0);
    expect(value("requests_ended_total", { end: "deleted" })).toBe(0);
    expect(value("requests", { state: "awaiting_decision" })).toBe(0);
    expect(value("paging_seconds_bucket", { le: "+Inf" })).toBe(0);
  });

  it("count what happens on both journeys, and how long it takes", async () => {
    const { relay, incidentId } = await opened({ createdMs: NOW - 1200 });
    const waiting = await scraped();
    expect(waiting("requests", { state: "awaiting_decision" })).toBe(1);
    expect([waiting("paging_seconds_bucket", { le: "1" }), waiting("paging_seconds_bucket", { le: "2.5" })]).toEqual([
      0, 1,
    ]);
    expect(waiting("paging_seconds_sum")).toBe(1.2);
    host.deliver(noteEvent(incidentId, "/approve"));
    await host.settled();
    relay.outcome({ result: "refused", refusal: "stale", state: "PENDING", detail: "" });
    host.deliver(noteEvent(incidentId, "/approve again"));
    await host.settled();
    host.nowMs += 400;
    relay.outcome({ result: "applied", state: "APPROVED" });
    await host.settled();
    const value = await scraped();
    expect(value("refusals_total", { reason: "stale" })).toBe(1);
    expect(value("clicks_total", { channel: "note" })).toBe(2);
    expect(value("decisions_total", { verdict: "approve" })).toBe(1);
    expect([value("decision_seconds_count"), value("decision_seconds_sum")]).toEqual([1, 0.4]);
    expect(value("requests_ended_total", { end: "approved" })).toBe(1);
    expect(value("incidents_opened_total")).toBe(1);
    expect(value("requests", { state: "awaiting_decision" })).toBe(0);
    expect(value("api_calls_total", { outcome: "ok" })).toBeGreaterThan(4);
  });

  it("never go back, over sleeps and crashes and whatever is deleted", async () => {
    const { relay } = await opened();
    relay.ended("denied");
    await host.settled();
    const before = await scraped();
    host.sleep();
    const slept = await scraped();
    host.crash();
    await host.pass(31 * 24 * HOUR_MS);
    host.board.look();
    expect(host.ledger.load(accessRequest().id)).toBeUndefined();
    const deleted = await scraped();
    for (const { name, type, samples } of before.families.values()) {
      if (type === "gauge") continue;
      for (const { name: part, labels, value } of samples) {
        expect(sampleOf(slept.families, part, labels), name).toBeGreaterThanOrEqual(value);
        expect(sampleOf(deleted.families, part, labels), name).toBeGreaterThanOrEqual(value);
      }
    }
    expect(deleted("requests_ended_total", { end: "denied" })).toBe(1);
  });

  it("write nothing and set no alarm", async () => {
    await opened();
    const written = () =>
      JSON.stringify(["live_request", "session", "fault"].map((t) => host.sql.run(`SELECT * FROM ${t}`)));
    const before = [written(), host.alarmsSet.length];
    await scraped();
    expect([written(), host.alarmsSet.length]).toEqual(before);
  });

  it("tell what waits for PagerDuty, and for how long", async () => {
    host.pagerDuty.failNext("* /**", 500, {}, { times: 100 });
    const relay = connect();
    relay.request();
    await host.settled();
    host.nowMs += 90_000;
    const value = await scraped();
    expect(value("outbox_requests", { kind: "paging" })).toBe(1);
    expect(value("outbox_oldest_seconds")).toBe(90);
    expect(value("api_calls_total", { outcome: "unavailable" })).toBeGreaterThan(0);
    expect([value("api_up"), value("notices", { level: "failing" })]).toEqual([0, 1]);
  });

  it("tell that PagerDuty refuses our key, though nothing is open", async () => {
    const { credentials } = host.config.pagerDuty;
    if (credentials.kind === "api_key") host.pagerDuty.credentials.revoke(credentials.apiKey);
    const value = await scraped();
    expect([value("api_up"), value("api_calls_total", { outcome: "unauthorized" })]).toEqual([0, 0]);
    expect(host.ledger.faults(1)).toMatchObject([{ what: expect.stringMatching(/^PagerDuty refuses our key: GET /) }]);
    expect(value("faults_total")).toBe(1);
  });

  it("tell nothing of PagerDuty that nobody knows", async () => {
    host.pagerDuty.hang("* /**");
    const text = host.board.inspection.metrics();
    await setImmediate();
    for (const { ms, run } of [...waits]) if (ms === ASKED_WITHIN_MS) run();
    const family = readExposition(await text).get("teleport_pagerduty_api_up");
    host.pagerDuty.release();
    expect(family?.samples).toEqual([]);
  });

  it("hold no text of a user", async () => {
    const { incidentId } = await opened({ user: "CANARY", reason: "CANARY", roles: ["CANARY"] });
    host.deliver(resolvedEvent(incidentId));
    await host.settled();
    expect((await scraped()).text).not.toContain("CANARY");
  });
});

describe("the metrics of relays", () => {
  it("are asked of each that is connected, and told with which it is", async () => {
    const [one, two] = [connect(), connect("relay-two")];
    const value = await scraped(() => {
      answer(one, told());
      answer(two, told({ samples: [[[], 65]] }));
    });
    const other = { ...RELAY, relay_instance: "relay-two" };
    expect([value(MEMORY, RELAY), value(MEMORY, other)]).toEqual([64, 65]);
    expect([value("relay_up", RELAY), value("relay_up", other)]).toEqual([1, 1]);
    expect([value("relay_active", RELAY), value("relay_active", other)]).toEqual([1, 0]);
    expect(value("relays_connected")).toBe(2);
  });

  it("are not waited for once all have answered, nor for longer than a moment", async () => {
    const relay = connect();
    const text = host.board.inspection.metrics();
    const waited = () => waits.filter(({ ms }) => ms === ANSWERS_WITHIN_MS);
    expect(waited()).toHaveLength(1);
    answer(relay, told());
    expect(waited()).toHaveLength(0);
    await text;
    const value = await scraped();
    expect([value("relay_up", RELAY), value(MEMORY, RELAY)]).toEqual([0, undefined]);
  });

  it("leave out a relay that answers too late, or to another question", async () => {
    const relay = connect();
    await scraped();
    const value = await scraped(() => {
      const [late] = relay.socket.all("report?");
      relay.raw({ type: "metrics", question: late?.question, families: [told()] });
      relay.raw({ type: "metrics", question: "another", families: [told()] });
    });
    expect(value("relay_up", RELAY)).toBe(0);
  });

  it("are not asked of a relay that has long been silent", async () => {
    const ghost = connect();
    host.nowMs += HOUR_MS;
    const value = await scraped();
    expect([ghost.socket.all("report?"), value("relay_up", RELAY)]).toEqual([[], 0]);
  });

  it("change nothing of whose turn it is", async () => {
    const [one, two] = [connect(), connect("relay-two")];
    await scraped();
    one.acknowledgeAll();
    await host.pass(HOUR_MS);
    expect([one.socket.isOpen, two.socket.all("promote")]).toEqual([true, []]);
  });

  it("tell of a relay that is away when its certificate ends", async () => {
    const certificateExpiresMs = NOW + HOUR_MS;
    host.disconnect(host.connect().hello({ instance: RELAY.relay_instance, certificateExpiresMs }));
    const value = await scraped();
    expect([value("relay_up", RELAY), value("relays_connected")]).toEqual([0, 0]);
    expect(value("relay_certificate_expiry_timestamp_seconds", RELAY)).toBe(certificateExpiresMs / 1000);
  });

  it("say that none is up where there never was one", async () => {
    expect((await scraped())("relay_up")).toBe(0);
  });

  it("tell of the watch and the audit log what was reported", async () => {
    const relay = connect();
    const report = { type: "report", certificateExpiresMs: null, teleportVersion: "18.2.0", problem: null };
    const audit = { lines: 0, head: "0".repeat(64), digests: [], writable: false };
    relay.say({ ...report, watching: false, audit });
    const value = await scraped();
    expect([value("relay_watching", RELAY), value("relay_audit_writable", RELAY)]).toEqual([0, 0]);
    expect(value("relay_certificate_expiry_timestamp_seconds", RELAY)).toBeUndefined();
  });

  it("bear whatever a relay says", async () => {
    const [one, two] = [connect(), connect("relay-two")];
    const value = await scraped(() => {
      const up = told({ name: "teleport_pagerduty_relay_up", samples: [[[], 0]] });
      answer(one, told(), up, { name: "x" }, null, told({ help: 'a\n# "' }), told({ samples: [[[["a", '"}\n']], 1]] }));
      answer(two, told({ type: "counter" }), told({ samples: [[[], 65]] }));
    });
    expect([value(MEMORY, RELAY), value(MEMORY, { ...RELAY, relay_instance: "relay-two" })]).toEqual([64, 65]);
    expect(value("relay_up", RELAY)).toBe(1);
    expect([one.socket.isOpen, two.socket.isOpen]).toEqual([true, true]);
  });
});
