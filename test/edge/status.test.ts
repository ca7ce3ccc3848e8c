import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Ledger } from "../../edge/ledger.ts";
import type { ClusterStatus } from "../../edge/status.ts";
import { Host, type ScriptedRelay } from "./host.ts";
import { BOB, DECISIONS, noteEvent, REQUEST_ID } from "./samples.ts";

let host: Host;
beforeEach(async () => {
  host = await Host.start();
});
afterEach(() => host.stop());

const status = (): ClusterStatus => host.status();

/** The relay of a request that is paged and bound. */
async function pagedAndBound(): Promise<ScriptedRelay> {
  const relay = host.connect().hello();
  relay.request();
  relay.synced();
  await host.settled();
  relay.bound();
  return relay;
}

/** Somebody clicks, and the active relay answers. */
async function clickedAndAnswered(outcome: Record<string, unknown>): Promise<void> {
  const relay = await pagedAndBound();
  host.deliver(noteEvent(host.pagerDuty.incidents[0]?.id ?? "", "/approve go ahead"));
  await host.settled();
  relay.outcome(outcome);
  await host.settled();
}

describe("the status", () => {
  it("can be told before anything ever happened", () => {
    expect(status()).toMatchObject({
      epoch: 0,
      activeSinceMs: null,
      relays: [],
      pendingCount: 0,
      finished: [],
      waiting: [],
      faults: [],
      notices: [{ level: "failing" }],
    });
  });

  it("shows as many requests as an answer bears, and how many there are", () => {
    const relay = host.connect().hello();
    for (let n = 0; n < 150; n++) relay.request({ id: `r${n}`, requestExpiresMs: null });
    expect([status().pendingCount, status().requests.length]).toEqual([150, 100]);
  });

  it("shows both relays, who greeted", () => {
    host.connect().hello();
    host.connect().hello({ instance: "relay-two", decisions: { ...DECISIONS, channels: [] } });
    host.connect();
    expect(status().relays).toMatchObject([{ role: "active" }, { role: "standby" }]);
  });

  it("shows the last faults only", () => {
    for (let n = 0; n < 30; n++) host.ledger.addFault(`fault ${n}`, host.nowMs + n);
    expect(status().faults).toHaveLength(20);
  });

  it("shows that another relay has become active, and which", () => {
    const first = host.connect("key-of-the-first").hello();
    expect(status().faults).toEqual([]);
    host.connect("key-of-the-second").hello({ instance: "relay-two" });
    host.disconnect(first);
    expect(status()).toMatchObject({ epoch: 2, faults: [{ what: expect.stringContaining("key-of-the-second") }] });
  });

  it("shows a request's way while it goes, and after it has ended", async () => {
    const relay = host.connect().hello();
    relay.request();
    await host.settled();
    expect(status()).toMatchObject({ requests: [{ stage: "awaiting_relay", reason: "to mend the ledger" }] });
    relay.ended("denied", { who: "dave" });
    await host.settled();
    expect(status()).toMatchObject({ requests: [], finished: [{ id: REQUEST_ID, stage: "denied" }] });
    const kinds = status().finished[0]?.timeline.map(({ kind }) => kind);
    expect(kinds).toEqual(["asked", "seen", "paged", "denied", "resolved"]);
    host.sleep();
    expect(status().finished[0]?.timeline.map(({ kind }) => kind)).toEqual(kinds);
    expect(status().days[0]).toMatchObject({ denied: 1 });
  });

  it("shows who was refused and why, in the words that they were told", async () => {
    await clickedAndAnswered({ result: "refused", refusal: "self_approval", state: "PENDING", detail: "" });
    expect(status().refusals).toEqual([
      {
        atMs: host.nowMs,
        requestId: REQUEST_ID,
        who: BOB.name,
        verdict: "approve",
        refusal: "self_approval",
        text: expect.stringContaining("nobody may approve their own access request"),
      },
    ]);
  });

  it("shows what waits for PagerDuty, since when, and how often it failed", async () => {
    host.pagerDuty.failNext("POST /incidents", 500);
    const relay = host.connect().hello();
    relay.request();
    await host.settled();
    expect(status().waiting).toEqual([
      { requestId: REQUEST_ID, task: "open", attempts: 1, dueMs: expect.any(Number), sinceMs: host.nowMs },
    ]);
    expect(status().notices.map(({ what }) => what)).toContainEqual(
      expect.stringMatching(/A call to PagerDuty did not/),
    );
  });

  it("shows user text with nothing in it that hides or reorders", () => {
    host.connect().hello().request({ user: "al\u202eice", reason: "see\r\nhttps://evil.example.com" });
    expect(status().requests).toMatchObject([{ user: "alice", reason: "see https[:]//evil.example.com" }]);
  });

  it("costs no row and no alarm, and asks nobody anything that is known", async () => {
    await pagedAndBound();
    await host.board.inspection.status();
    const [alarms, asked] = [host.alarmsSet.length, host.pagerDuty.calls.length];
    const before = rowsOf(host);
    await host.board.inspection.status();
    expect(rowsOf(host)).toBe(before);
    expect([host.alarmsSet.length, host.pagerDuty.calls.length]).toEqual([alarms, asked]);
  });

  it("asks PagerDuty for what nobody remembers since the object woke", async () => {
    await pagedAndBound();
    host.sleep();
    expect(status().pagerduty.seenMs).toBeNull();
    expect((await host.board.inspection.status()).pagerduty).toEqual({ ok: true, problem: null, seenMs: host.nowMs });
  });

  it("says that PagerDuty does not do its part also after a sleep", async () => {
    await pagedAndBound();
    const { credentials } = host.config.pagerDuty;
    if (credentials.kind === "api_key") host.pagerDuty.credentials.revoke(credentials.apiKey);
    host.sleep();
    const { pagerduty, notices } = await host.board.inspection.status();
    expect([pagerduty.ok, notices[0]?.level]).toEqual([false, "failing"]);
  });

  it("asks a PagerDuty in trouble no more for many who look on, and tells within a minute that it is mended", async () => {
    const { credentials } = host.config.pagerDuty;
    const apiKey = credentials.kind === "api_key" ? credentials.apiKey : "";
    host.pagerDuty.credentials.revoke(apiKey);
    const isWell = async () => (await host.board.inspection.status()).pagerduty.ok;
    expect(await isWell()).toBe(false);
    const asked = host.pagerDuty.calls.length;
    for (let looks = 0; looks < 10; looks++) expect(await isWell()).toBe(false);
    expect(host.pagerDuty.calls).toHaveLength(asked);

    host.pagerDuty.credentials.addAccountKey(apiKey);
    await host.pass(60_000);
    expect(await isWell()).toBe(true);
  });
});

/** Everything that the ledger holds, as text. */
function rowsOf({ sql }: Host): string {
  const tables = sql.run("SELECT name FROM sqlite_master WHERE type = 'table'").map(({ name }) => String(name));
  expect(new Ledger(sql).faults(1)).toEqual([]);
  return JSON.stringify(tables.map((name) => sql.run(`SELECT * FROM ${name}`)));
}
