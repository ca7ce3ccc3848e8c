import { describe, expect, it } from "vitest";
import type { History } from "../checker/history.ts";
import { ManualClock } from "../fakes/clock.ts";
import { FakePagerDuty } from "../fakes/pagerduty.ts";
import { settled } from "./settling.ts";
import { Witness } from "./witness.ts";

const pagerDuty = await FakePagerDuty.start();
await pagerDuty.stop();
const nothing = new Witness().history(pagerDuty, { calmFromMs: 0, quietFromMs: 0, endedMs: 0 });

/** A history in which one request has not been paged, until a time. */
function unpagedUntil(untilMs: number): (nowMs: number) => History {
  const request = {
    ...{ id: "1", user: "alice", emails: [], roles: [], services: ["PIJ90N7"], approvalsNeeded: 1, expiresMs: null },
    ...{ states: [{ atMs: -1, state: "PENDING" as const, byUs: false }], changedMs: [], onCall: [] },
  };
  return (nowMs) => ({ ...nothing, requests: nowMs < untilMs ? [request] : [], quietFromMs: nowMs, endedMs: nowMs });
}

/** How long it waits, in virtual ms. */
async function waited(untilMs: number, signal = new AbortController().signal): Promise<number> {
  const clock = new ManualClock(0);
  let isOver = false;
  const waiting = settled(["no request is lost"], unpagedUntil(untilMs), { clock, signal });
  void waiting.then(() => {
    isOver = true;
  });
  for (let index = 0; index < 1000 && !isOver; index++) await clock.pass(1000);
  return waiting;
}

describe("settling", () => {
  it("takes no time when nothing is missing", async () => {
    expect(await waited(0)).toBe(0);
  });

  it("takes as long as something is missing, however short that is", async () => {
    expect(await waited(7_000)).toBe(7_000);
  });

  it("gives up when the time is over in which everything should have settled", async () => {
    expect(await waited(Number.POSITIVE_INFINITY)).toBe(nothing.setting.settledWithinMs);
  });

  it("ends when it is told to", async () => {
    expect(await waited(Number.POSITIVE_INFINITY, AbortSignal.abort())).toBe(0);
  });
});
