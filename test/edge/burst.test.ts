/** Bursts and bad weather under virtual time: a whole switchboard against an account that counts, refuses, fails and hangs. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Switchboard } from "../../edge/switchboard.ts";
import { platformTimer } from "../../edge/timer.ts";
import { createLogger } from "../../shared/log.ts";
import { NodeSql } from "../fakes/node-sql.ts";
import { ScriptedRelay } from "./host.ts";
import { BOB, clusterConfig, NOW, noteEvent } from "./samples.ts";
import { SimulatedAccount } from "./simulated-account.ts";

const MINUTE_MS = 60_000;
const BURST = 2000;
const STORM = 600;

/** A switchboard whose alarm, network and clock are vitest's. */
function playing(options: { omitHeaders?: boolean } = {}) {
  const sql = new NodeSql();
  const account = new SimulatedAccount(Date.now, options);
  let alarm: NodeJS.Timeout | undefined;
  const relay = new ScriptedRelay((socket, message) => board.received(socket, message));
  const board: Switchboard = new Switchboard({
    config: clusterConfig(),
    sql,
    sockets: () => [relay.socket],
    setAlarm: (atMs) => {
      clearTimeout(alarm);
      alarm = setTimeout(() => board.alarmed(), Math.max(0, atMs - Date.now()));
    },
    armedMs: null,
    wakeEveryMs: null,
    reconcileEveryMs: null,
    fetch: account.fetch,
    now: Date.now,
    after: platformTimer,
    random: () => 0.5,
    randomId: () => crypto.randomUUID(),
    log: createLogger({ severity: "error", format: "text", now: Date.now, write: () => {} }),
  });
  board.accept(relay.socket, { relayKey: "thumbprint", origin: null });
  relay.hello();
  relay.synced();
  return { account, relay, board };
}

type Playing = ReturnType<typeof playing>;

function burst({ relay }: Playing, count = BURST): void {
  for (let n = 0; n < count; n++) relay.request({ id: `r${String(n).padStart(4, "0")}`, requestExpiresMs: null });
}

/** Lets time pass until as many incidents are open; how long that took, in ms. */
async function drained({ account }: Playing, count: number): Promise<number> {
  const sinceMs = Date.now();
  while (account.incidents.size < count && Date.now() - sinceMs < 60 * MINUTE_MS)
    await vi.advanceTimersByTimeAsync(500);
  return Date.now() - sinceMs;
}

function keysOf({ account }: Playing): string[] {
  return [...account.incidents.values()].map(({ key }) => key);
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date", "setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a burst of two thousand requests", () => {
  it.each([
    ["with", false],
    ["without", true],
  ])("is paged in the shortest time that the limit allows, oldest first, %s headers", async (_, omitHeaders) => {
    const play = playing({ omitHeaders });
    await vi.advanceTimersByTimeAsync(1000);
    burst(play);
    const tookMs = await drained(play, BURST);
    // Two whole minutes' worth, and what is left over at the beginning of the third.
    expect(tookMs).toBeLessThanOrEqual(2 * MINUTE_MS + 10_000);
    expect(play.account.calls.filter(({ status }) => status === 429)).toEqual([]);
    const order = keysOf(play).map((key) => Number(key.split("/r").at(-1)));
    expect(order.every((n, index) => Math.abs(n - index) <= 24)).toBe(true);
  });

  it("does not keep somebody waiting who clicks, or is told of an end", async () => {
    const play = playing();
    await vi.advanceTimersByTimeAsync(1000);
    burst(play, 1);
    await drained(play, 1);
    const [first] = play.account.incidents.values();
    const id = first?.id ?? "";
    play.relay.bound();
    burst(play);
    // The account's calls are spent but for those that are kept for answers.
    await vi.advanceTimersByTimeAsync(20_000);
    expect(play.account.incidents.size).toBeLessThan(BURST);
    const clickedMs = Date.now();
    play.board.deliver({ raw: noteEvent(id, "/approve", { atMs: clickedMs }), signature: "v1=00" });
    await vi.advanceTimersByTimeAsync(1000);
    expect(play.relay.last("decide").word).toMatchObject({ email: BOB.email });
    play.relay.outcome({ result: "applied", state: "APPROVED" });
    await vi.advanceTimersByTimeAsync(2000);
    expect([first?.status, first?.notes.length]).toEqual(["resolved", 1]);
  });
});

describe("ten minutes of refusals, then failures, then silence", () => {
  it.each([
    ["with", false],
    ["without", true],
  ])("lose nothing, double nothing, and are made up for at the limit, %s headers", async (_, omitHeaders) => {
    const play = playing({ omitHeaders });
    const { account } = play;
    await vi.advanceTimersByTimeAsync(1000);
    account.weather = "refusing";
    burst(play, STORM);
    await vi.advanceTimersByTimeAsync(10 * MINUTE_MS);
    const refused = account.calls.length;
    account.weather = "failing";
    await vi.advanceTimersByTimeAsync(5 * MINUTE_MS);
    account.weather = "hanging after the effect";
    await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
    account.weather = "hanging";
    await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
    account.weather = "fine";
    const tookMs = await drained(play, STORM);
    await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
    expect([account.incidents.size, new Set(keysOf(play)).size]).toEqual([STORM, STORM]);
    // A refusal ends what was under way and is then tried by one alone; the longest pause is a minute.
    expect(refused).toBeLessThan(60);
    // What may have been opened is looked for first: two calls for each of them, at 960 a minute.
    expect(tookMs).toBeLessThanOrEqual(2 * MINUTE_MS);
    expect(account.fullestMinute).toBeLessThanOrEqual(2 * 960);
    expect(account.calls.filter(({ status }) => status === 429).length).toBeLessThan(60);
  });
});
