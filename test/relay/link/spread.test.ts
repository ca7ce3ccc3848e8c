import { describe, expect, it } from "vitest";
import type { SocketEvents } from "../../../relay/link/socket.ts";
import { Link } from "../../../relay/link.ts";
import { createLogger } from "../../../shared/log.ts";
import { Dice } from "../../chaos/dice.ts";
import { ManualClock, settled } from "../../fakes/clock.ts";
import { HELLO, recordHandlers, WELCOME } from "./frames.ts";

const RELAYS = 1000;
const HOUR_MS = 3_600_000;

const log = createLogger({ severity: "error", format: "text", now: () => 0, write: () => {} });

/** A thousand relays that all lose the same edge at one moment, and what they do until all are back. */
async function reconnecting(takes: (attempt: number, ms: number) => boolean) {
  const clock = new ManualClock(0);
  const stopping = new AbortController();
  const attempts: number[] = [];
  const accepted: number[] = [];
  const events: SocketEvents[] = [];
  let lostMs = Number.POSITIVE_INFINITY;
  const dial = (_address: string, _token: string, told: SocketEvents) => {
    const sinceMs = clock.now() - lostMs;
    if (clock.now() >= lostMs) attempts.push(sinceMs);
    const isTaken = clock.now() < lostMs || takes(attempts.length, sinceMs);
    if (isTaken && clock.now() >= lostMs) accepted.push(sinceMs);
    queueMicrotask(() => {
      if (!isTaken) return told.ended({ kind: "refused", status: 503, dateMs: null });
      told.opened();
      told.message(JSON.stringify(WELCOME));
      events.push(told);
    });
    return { send: () => {}, close: () => {}, terminate: () => {} };
  };
  const runs = Array.from({ length: RELAYS }, (_, relay) => {
    const dice = new Dice(relay);
    const random = () => dice.roll();
    const handlers = recordHandlers({ push: () => {} });
    const key = { publicKey: "key", sign: () => new Uint8Array(64) };
    const common = { url: "https://edge.example.com", cluster: "teleport.example.com", key, hello: () => HELLO };
    return new Link({ ...common, handlers, clock, random, log, dial }).run(stopping.signal);
  });
  await settled();
  await clock.pass(15_000);
  lostMs = clock.now();
  for (const told of events.splice(0)) told.ended({ kind: "closed", code: 1006, reason: "" });
  while (accepted.length < RELAYS && clock.now() < HOUR_MS) await clock.pass(1_000);
  stopping.abort();
  for (const told of events) told.ended({ kind: "closed", code: 1000, reason: "" });
  await Promise.all(runs);
  return { attempts, accepted, timers: clock.timerCount };
}

/** The largest number of times that fall into one span of so many ms. */
function mostWithin(spanMs: number, times: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const ms of times) counts.set(Math.floor(ms / spanMs), (counts.get(Math.floor(ms / spanMs)) ?? 0) + 1);
  return Math.max(...counts.values());
}

describe("a thousand relays that lose one edge at the same moment", { timeout: 60_000 }, () => {
  it("come back spread over the whole of the first wait when it is there at once", async () => {
    const { attempts, accepted } = await reconnecting(() => true);
    expect([attempts.length, accepted.length]).toEqual([RELAYS, RELAYS]);
    expect(Math.max(...attempts)).toBeLessThan(250);
    // Evenly, 25 of them would fall into one 40th of the wait.
    expect(mostWithin(250 / 40, attempts)).toBeLessThan(60);
  });

  it("come back spread over half a minute when it was away for as long, with few attempts each", async () => {
    const { attempts, accepted } = await reconnecting((_, ms) => ms >= 30_000);
    expect(Math.max(...accepted)).toBeLessThanOrEqual(60_000);
    expect(mostWithin(1_000, accepted)).toBeLessThan(RELAYS / 10);
    expect(attempts.length / RELAYS).toBeLessThan(12);
  });

  it("are all let in soon by an edge that takes only so many in a second", async () => {
    const inSecond = new Map<number, number>();
    const { attempts, accepted } = await reconnecting((_, ms) => {
      const second = Math.floor(ms / 1_000);
      inSecond.set(second, (inSecond.get(second) ?? 0) + 1);
      return (inSecond.get(second) ?? 0) <= 50;
    });
    expect(Math.max(...accepted)).toBeLessThan(120_000);
    expect(attempts.length / RELAYS).toBeLessThan(12);
  });
});
