import { expect, it } from "vitest";
import { readExposition, sampleOf } from "../fakes/exposition.ts";
import { ADMIN_TOKEN, CLUSTER, PEOPLE, type Stage } from "../stage/stage.ts";
import { ask, boundIncidentFor, setStage, stateReached, WITHIN_MS } from "./journey.ts";

/** What Prometheus reads now; the relay that answers is named by its labels. */
async function scrape(stage: Stage) {
  const headers = { Authorization: `Bearer ${ADMIN_TOKEN}` };
  const answer = await fetch(`${stage.edgeUrl}/v1/${CLUSTER}/metrics`, { headers });
  expect([answer.status, answer.headers.get("Content-Type")]).toEqual([
    200,
    "text/plain; version=0.0.4; charset=utf-8",
  ]);
  const families = readExposition(await answer.text());
  const relay = families.get("teleport_pagerduty_relay_up")?.samples[0]?.labels ?? {};
  const value = (name: string, labels: Record<string, string> = {}) =>
    sampleOf(families, `teleport_pagerduty_${name}`, labels);
  return Object.assign(value, { families, relay });
}

/** One request, approved from PagerDuty. */
async function approved(stage: Stage): Promise<void> {
  const requestId = ask(stage);
  const { id } = await boundIncidentFor(stage, requestId);
  stage.pagerDuty.as(PEOPLE.bob.id).note(id, "/approve");
  await stateReached(stage, requestId, "APPROVED");
  await stage.pagerDuty.waitForStatus(id, "resolved", WITHIN_MS);
}

it("both halves tell what they have done, to whoever scrapes the edge", async () => {
  const stage = await setStage();
  await approved(stage);
  const value = await scrape(stage);
  const { relay } = value;
  expect(Object.keys(relay)).toEqual(["key", "relay_instance"]);
  expect(value("requests_ended_total", { end: "approved" })).toBe(1);
  expect(value("decisions_total", { verdict: "approve" })).toBe(1);
  expect(value("clicks_total", { channel: "note" })).toBe(1);
  expect([value("paging_seconds_count"), value("decision_seconds_count")]).toEqual([1, 1]);
  expect([value("relay_up", relay), value("relay_active", relay), value("relay_watching", relay)]).toEqual([1, 1, 1]);
  expect(value("relay_certificate_expiry_timestamp_seconds", relay)).toBeGreaterThan(Date.now() / 1000);
  expect(value("relay_teleport_calls_total", { ...relay, method: "set_state", outcome: "ok" })).toBe(1);
  expect(value("relay_click_to_teleport_seconds_count", relay)).toBe(1);
  expect(value("relay_audit_lines_total", relay)).toBe(2);
  expect([value("api_up"), value("relays_connected")]).toEqual([1, 1]);
});

it("a relay that hangs holds nobody up, and one that is gone is told of", async () => {
  const stage = await setStage();
  await approved(stage);
  const { relay } = await scrape(stage);
  stage.relay.signal("SIGSTOP");
  const hanging = await scrape(stage);
  expect([hanging("relay_up", relay), hanging("relays_connected")]).toEqual([0, 1]);
  expect(hanging("relay_teleport_calls_total", { ...relay, method: "set_state", outcome: "ok" })).toBeUndefined();
  stage.relay.signal("SIGCONT");
  expect((await scrape(stage))("relay_up", relay)).toBe(1);
  await stage.relay.kill();
  const gone = await scrape(stage);
  expect([gone("relay_up", relay), gone("relays_connected")]).toEqual([0, 0]);
});

it("what the edge has counted is there again after it was killed", async () => {
  const stage = await setStage();
  await approved(stage);
  await stage.edge.kill();
  await stage.startEdge();
  const value = await scrape(stage);
  expect(value("requests_ended_total", { end: "approved" })).toBe(1);
  expect(value("paging_seconds_count")).toBe(1);
});
