import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Session } from "../../../edge/ledger/session.ts";
import { Absence, AWAY_MS } from "../../../edge/relays/absence.ts";
import { Host } from "../host.ts";
import { NOW } from "../samples.ts";

let host: Host;
beforeEach(async () => {
  host = await Host.start();
  host.reconcileEveryMs = AWAY_MS;
  host.sleep();
});
afterEach(() => host.stop());

const AWAY = /cannot be reached from here/;

/** The notes on the incident that say that nobody is there. */
const told = () => host.pagerDuty.incidents.flatMap(({ notes }) => notes.filter(({ content }) => AWAY.test(content)));

async function pagedByARelay() {
  const relay = host.connect().hello();
  relay.request();
  relay.synced();
  await host.settled();
  relay.bound();
  return relay;
}

describe("while no relay is connected", () => {
  it("the incident of a pending request says so after a few minutes, once, over any number of sleeps", async () => {
    host.disconnect(await pagedByARelay());
    await host.pass(AWAY_MS - 1000);
    expect(told()).toEqual([]);
    for (let minutes = 3; minutes < 30; minutes += 3) {
      host.sleep();
      await host.pass(AWAY_MS);
    }
    expect(told()).toHaveLength(1);
    expect(host.ledger.faults(9).filter(({ what }) => what.startsWith("No relay has been connected"))).toHaveLength(1);
  });

  it("it says so too when nobody saw the relay go", async () => {
    await pagedByARelay();
    host.crash();
    await host.pass(4 * AWAY_MS);
    expect(told()).toHaveLength(1);
  });

  it("it says nothing of a relay that is soon back, nor counts what was before", async () => {
    host.disconnect(await pagedByARelay());
    await host.pass(AWAY_MS / 2);
    const back = host.connect().hello();
    await host.pass(AWAY_MS);
    host.disconnect(back);
    await host.pass(AWAY_MS / 2);
    expect(told()).toEqual([]);
    await host.pass(2 * AWAY_MS);
    expect(told()).toHaveLength(1);
  });

  it("it says so again the next time", async () => {
    host.disconnect(await pagedByARelay());
    await host.pass(3 * AWAY_MS);
    const back = host.connect().hello({ instance: "another-relay" });
    await host.pass(AWAY_MS);
    host.disconnect(back);
    await host.pass(3 * AWAY_MS);
    expect(told()).toHaveLength(2);
  });

  it("an alarm of its own comes in time, and only while requests are pending", async () => {
    host.reconcileEveryMs = null;
    host.sleep();
    const relay = await pagedByARelay();
    await host.pass(AWAY_MS);
    host.disconnect(relay);
    const leftMs = host.nowMs;
    expect(host.alarmMs).toBe(leftMs + AWAY_MS);
    await host.ring();
    expect([host.nowMs, told().length]).toEqual([leftMs + AWAY_MS, 1]);
    const back = host.connect().hello();
    back.ended("denied");
    await host.settled();
    const alarms = host.alarmsSet.length;
    host.disconnect(back);
    expect(host.alarmsSet).toHaveLength(alarms);
  });

  it("all of many are told, a part at a time", () => {
    const pending = Array.from({ length: 1201 }, (_, n) => `r${String(n).padStart(4, "0")}`);
    const session = { leftMs: NOW } as Session;
    const parts: number[] = [];
    const faults: string[] = [];
    const told = new Set<string>();
    let nowMs = NOW + AWAY_MS;
    const absence = new Absence({
      ledger: {
        session: () => session,
        setSession: () => {},
        isAnyOpen: () => true,
        openAfter: (id, limit) => pending.filter((each) => each > id).slice(0, limit),
      },
      isAnybodyThere: () => false,
      away: (requestId) => void told.add(requestId),
      now: () => nowMs,
      fault: (what) => void faults.push(what),
    });
    for (let looks = 0; looks < 5; looks++) {
      const before = told.size;
      absence.look();
      parts.push(told.size - before);
      nowMs = absence.nextMs ?? nowMs;
    }
    expect(parts).toEqual([500, 500, 201, 0, 0]);
    expect(faults).toEqual([
      `No relay has been connected since ${new Date(NOW).toISOString()}: answers wait until one is back`,
    ]);
    expect(absence.nextMs).toBeNull();
  });

  it("nothing is noted when nothing is pending", async () => {
    const relay = await pagedByARelay();
    relay.ended("denied");
    await host.settled();
    host.disconnect(relay);
    await host.pass(10 * AWAY_MS);
    expect([told(), host.ledger.session()?.leftMs]).toEqual([[], null]);
  });
});
