import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Host, type ScriptedRelay } from "./host.ts";
import { BOB, BOT, CAROL, CLUSTER, HOUR_MS, noteEvent, SERVICE } from "./samples.ts";

const MINUTE_MS = 60_000;
const EVERY_MS = 3 * MINUTE_MS;
const ORIGIN = "https://edge.example.com";
const WEBHOOK = `${ORIGIN}/v1/${CLUSTER}/webhook`;

let host: Host;
let relay: ScriptedRelay;

beforeEach(async () => {
  host = await Host.start();
  host.origin = ORIGIN;
  host.reconcileEveryMs = EVERY_MS;
  host.crash();
  relay = host.connect().hello();
  await host.settled();
});
afterEach(() => host.stop());

async function opened(): Promise<string> {
  relay.request();
  await host.settled();
  relay.bound();
  return host.pagerDuty.incidents[0]?.id ?? "none";
}

const notesOn = (id: string) => host.pagerDuty.incident(id).notes.map(({ content }) => content);
const faults = () => host.ledger.faults(100).map(({ what }) => what);

describe("reconciliation", () => {
  it("wakes nothing while nothing is open", async () => {
    expect(host.alarmMs).toBeNull();
    const id = await opened();
    await host.pass(HOUR_MS);
    expect(host.alarmMs).not.toBeNull();
    relay.ended("denied");
    await host.settled();
    expect(host.pagerDuty.incident(id).status).toBe("resolved");
    const calls = host.pagerDuty.calls.length;
    await host.pass(HOUR_MS);
    expect(host.pagerDuty.calls.length).toBe(calls);
  });

  it("asks the author of a note that no delivery brought to repeat it, once, and decides nothing", async () => {
    const id = await opened();
    const atMs = host.nowMs;
    host.pagerDuty.as(BOB.id).note(id, "/approve go ahead");
    await host.pass(MINUTE_MS);
    expect(notesOn(id)).toHaveLength(1);
    await host.pass(10 * MINUTE_MS);
    host.sleep();
    await host.pass(10 * MINUTE_MS);
    const at = new Date(atMs).toISOString().slice(0, 19).replace("T", " ");
    expect(notesOn(id).slice(1)).toEqual([
      `${BOB.name} (${BOB.email}): your /approve of ${at} UTC was not delivered to us, and so it decided nothing. Please repeat it.`,
    ]);
    expect(relay.socket.all("decide")).toEqual([]);
  });

  it("asks also where the key may not look its author up", async () => {
    const id = await opened();
    host.pagerDuty.failNext("GET /users/*", 403);
    host.pagerDuty.as(BOB.id).note(id, "/approve");
    await host.pass(10 * MINUTE_MS);
    expect(notesOn(id).slice(1)).toEqual([
      expect.stringMatching(/^To whoever answered: your \/approve .* repeat it\.$/),
    ]);
  });

  it("lets the delivery count that comes after all", async () => {
    const id = await opened();
    const note = host.pagerDuty.as(BOB.id).note(id, "/deny");
    await host.pass(10 * MINUTE_MS);
    host.deliver(noteEvent(id, "/deny", { noteId: note.id, atMs: note.createdAtMs }));
    await host.settled();
    expect(relay.last("decide").word.email).toBe(BOB.email);
  });

  it.each([
    ["was delivered", (id: string) => deliveredNote(id, "/approve")],
    ["is no command", (id: string) => host.pagerDuty.as(BOB.id).note(id, "looks like /approve to me")],
    ["is our own", (id: string) => host.pagerDuty.as(BOT.id).note(id, "/approve")],
  ])("says nothing of a note that %s", async (_, write) => {
    const id = await opened();
    write(id);
    await host.settled();
    await host.pass(10 * MINUTE_MS);
    expect(notesOn(id)).toHaveLength(1);
  });

  function deliveredNote(id: string, text: string): void {
    const { id: noteId } = host.pagerDuty.as(BOB.id).note(id, text);
    host.deliver(noteEvent(id, text, { noteId, atMs: host.nowMs }));
  }

  it("asks whoever pressed a button that nobody told us of to press it again", async () => {
    const id = await opened();
    host.pagerDuty.addAction({ name: "Deny Request", url: `${ORIGIN}/x`, serviceIds: [SERVICE], headers: [] });
    host.pagerDuty.courier.hold();
    host.pagerDuty.as(CAROL.id).pressAction(id, "Deny Request");
    await host.pass(10 * MINUTE_MS);
    expect(notesOn(id)).toEqual([
      expect.stringMatching(/^Carol Cedar .*: your "Deny Request" of .* Please repeat it\.$/),
    ]);
  });

  it("follows what was resolved or merged while we were away", async () => {
    const id = await opened();
    relay.request({ id: "another", requestExpiresMs: null });
    await host.settled();
    const other = host.pagerDuty.incidents[1]?.id ?? "none";
    host.pagerDuty.as(BOB.id).resolve(id);
    host.pagerDuty.as(BOB.id).merge(other, host.pagerDuty.as(BOB.id).open({ title: "x", serviceId: SERVICE }).id);
    await host.pass(10 * MINUTE_MS);
    expect(notesOn(id)).toEqual([expect.stringContaining("still pending")]);
    expect(host.ledger.load("another")?.pagings.map(({ number, closing }) => [number, closing])).toEqual([
      [1, true],
      [2, false],
    ]);
  });

  it("enables a subscription of ours that PagerDuty disabled, says so, and leaves others alone", async () => {
    const draft = { events: ["incident.annotated"], filter: { type: "account_reference", id: null } } as const;
    const ours = host.pagerDuty.addSubscription({ ...draft, url: WEBHOOK });
    const theirs = host.pagerDuty.addSubscription({ ...draft, url: "https://other.example.com/hook" });
    for (const { endpoint } of [ours, theirs]) endpoint.disabledUntilMs = host.nowMs + 24 * HOUR_MS;
    await opened();
    await host.pass(10 * MINUTE_MS);
    expect([ours.endpoint.disabledUntilMs, theirs.endpoint.disabledUntilMs === null]).toEqual([null, false]);
    expect(
      faults().filter((what) => what.includes(`had disabled webhook subscription ${ours.endpoint.id}`)),
    ).toHaveLength(1);
    const notices = async () =>
      (await host.board.inspection.status()).notices.filter(({ what }) => what.includes("had disabled"));
    expect(await notices()).toMatchObject([{ level: "soon" }]);
    relay.ended("denied");
    await host.settled();
    expect(host.ledger.tally.disabled).toBe(1);
    await host.pass(25 * HOUR_MS);
    expect(await notices()).toEqual([]);
  });

  it("says once that answers will not arrive, however often it sleeps", async () => {
    await opened();
    for (let round = 0; round < 5; round++) {
      host.sleep();
      await host.pass(EVERY_MS);
    }
    expect(faults().filter((what) => what.includes("will not arrive"))).toHaveLength(1);
  });

  it("goes on where it stopped, so that of many each has its turn, and leaves calls to others", async () => {
    await opened();
    for (let n = 0; n < 150; n++) relay.request({ id: `r${n}`, requestExpiresMs: null });
    await host.settled();
    const last = [...host.ledger.openAfter("", 200)].at(-1) ?? "";
    const id = host.ledger.load(last)?.pagings[0]?.incidentId ?? "";
    host.pagerDuty.as(BOB.id).note(id, "/approve");
    await host.pass(15 * MINUTE_MS);
    expect(notesOn(id)).toHaveLength(2);
    expect(host.pagerDuty.calls.filter(({ status }) => status === 429)).toEqual([]);
  });

  it("comes again when PagerDuty was away", async () => {
    const id = await opened();
    host.pagerDuty.as(BOB.id).note(id, "/approve");
    host.pagerDuty.failNext("GET /**", 503, {}, { times: 10 });
    await host.pass(HOUR_MS / 2);
    expect(notesOn(id)).toHaveLength(2);
  });
});
