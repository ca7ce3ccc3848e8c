import { beforeEach, describe, expect, it } from "vitest";
import { ACKNOWLEDGED_WITHIN_MS, WELCOME_WITHIN_MS } from "../../../relay/link/liveness.ts";
import { LinkSession } from "../../../relay/link/session.ts";
import type { Socket } from "../../../relay/link/socket.ts";
import { createLogger } from "../../../shared/log.ts";
import { LINK_DEAD_AFTER_MS, MAX_FRAME_BYTES, PING, PING_EVERY_MS, PONG } from "../../../shared/protocol.ts";
import { Arrivals } from "./arrivals.ts";
import { bind, HELLO, recordHandlers, WELCOME } from "./frames.ts";
import { VirtualClock } from "./virtual-clock.ts";

const log = createLogger({ severity: "error", format: "text", now: () => 0, write: () => {} });

let clock: VirtualClock;
let sent: string[];
let ends: (number | "terminated")[];
let session: LinkSession;
let heard: Arrivals<readonly [string, unknown]>;

beforeEach(() => {
  clock = new VirtualClock();
  sent = [];
  ends = [];
  heard = new Arrivals();
  const socket: Socket = {
    send: (text) => void sent.push(text),
    close: (code) => void ends.push(code),
    terminate: () => void ends.push("terminated"),
  };
  session = new LinkSession({ socket, hello: { protocol: 1, ...HELLO }, handlers: recordHandlers(heard), clock, log });
});

function receive(frame: object): void {
  session.receive(JSON.stringify(frame));
}

/** What was sent but pings and the hello. */
function frames(): unknown[] {
  return sent.slice(1).flatMap((text) => (text === PING ? [] : [JSON.parse(text)]));
}

/** Lets time pass while the edge answers every ping. */
function passLively(ms: number): void {
  for (let passed = 0; passed < ms; passed += PING_EVERY_MS) {
    clock.advance(Math.min(PING_EVERY_MS, ms - passed));
    session.receive(PONG);
  }
}

describe("LinkSession: a dead line", () => {
  it("pings, and lives as long as pongs come", () => {
    receive(WELCOME);
    passLively(3_600_000);
    expect(sent.filter((text) => text === PING).length).toBe(3_600_000 / PING_EVERY_MS);
    expect(ends).toEqual([]);
  });

  it("gives up a line that has been silent, within 30 s", () => {
    receive(WELCOME);
    passLively(PING_EVERY_MS * 3);
    clock.advance(LINK_DEAD_AFTER_MS - 1);
    expect(ends).toEqual([]);
    clock.advance(1);
    expect(ends).toEqual(["terminated"]);
    expect(session.problem).toBe("The edge was silent for 25 s.");
    expect(LINK_DEAD_AFTER_MS).toBeLessThan(30_000);
  });

  it("gives up an edge that never welcomes it", () => {
    passLively(WELCOME_WITHIN_MS);
    expect(ends).toEqual(["terminated"]);
    expect(session.problem).toContain("did not welcome");
  });

  it("gives up an edge that answers pings and acknowledges nothing", () => {
    receive(WELCOME);
    session.send({ type: "synced" });
    passLively(ACKNOWLEDGED_WITHIN_MS);
    expect(ends).toEqual(["terminated"]);
    expect(session.problem).toContain("acknowledged nothing");
  });

  it("is patient while acknowledgements go on", () => {
    receive(WELCOME);
    for (let count = 0; count < 10; count++) session.send({ type: "synced" });
    for (let upTo = 1; upTo < 10; upTo++) {
      clock.advance(ACKNOWLEDGED_WITHIN_MS - 1);
      receive({ type: "ack", upTo });
    }
    expect(ends).toEqual([]);
    receive({ type: "ack", upTo: 3 });
    clock.advance(ACKNOWLEDGED_WITHIN_MS);
    expect(ends).toEqual(["terminated"]);
  });

  it("waits for nothing once all is acknowledged", () => {
    receive(WELCOME);
    session.send({ type: "synced" });
    receive({ type: "ack", upTo: 1 });
    passLively(ACKNOWLEDGED_WITHIN_MS * 10);
    expect(ends).toEqual([]);
  });

  it("leaves no timer behind", () => {
    receive(WELCOME);
    receive(bind(1));
    session.send({ type: "synced" });
    session.stop();
    expect(clock.timerCount).toBe(0);
  });

  it("hears nothing more once it is over", () => {
    receive(WELCOME);
    receive(bind(2));
    receive(bind(1));
    expect(heard.pending.map(([what]) => what)).toEqual(["welcome"]);
    expect(session.send({ type: "synced" })).toBe(false);
  });
});

describe("LinkSession: a scrape", () => {
  it("is answered at once, outside of all numbers, welcomed or not", () => {
    receive({ type: "report?", question: "q1" });
    receive(WELCOME);
    receive({ type: "report?", question: "q2" });
    session.send({ type: "synced" });
    expect(frames()).toEqual([
      { type: "metrics", question: "q1", families: [] },
      { type: "metrics", question: "q2", families: [] },
      { type: "synced", seq: 1 },
    ]);
  });
});

describe("LinkSession: numbers", () => {
  it("numbers its frames from 1", () => {
    receive(WELCOME);
    session.send({ type: "synced" });
    session.send({ type: "synced" });
    expect(frames()).toEqual([
      { type: "synced", seq: 1 },
      { type: "synced", seq: 2 },
    ]);
  });

  it("acknowledges once for all that came in one moment, within milliseconds", () => {
    receive(WELCOME);
    for (const seq of [1, 2, 3]) receive(bind(seq));
    clock.advance(1);
    receive(bind(4));
    clock.advance(1);
    expect(frames()).toEqual([
      { type: "ack", upTo: 3 },
      { type: "ack", upTo: 4 },
    ]);
  });

  it("acknowledges a repeated frame again", () => {
    receive(WELCOME);
    receive(bind(1));
    clock.advance(1);
    receive(bind(1));
    clock.advance(1);
    expect(frames()).toEqual([
      { type: "ack", upTo: 1 },
      { type: "ack", upTo: 1 },
    ]);
  });

  it("sends nothing before the welcome, and nothing larger than a frame may be", () => {
    expect(session.send({ type: "synced" })).toBe(false);
    receive(WELCOME);
    const ended = { type: "ended", requestId: "r", end: "denied", who: null, clickId: null } as const;
    expect(session.send({ ...ended, why: "€".repeat(MAX_FRAME_BYTES / 3) })).toBe(false);
    expect(session.send({ ...ended, why: "too long" })).toBe(true);
    expect(frames()).toEqual([{ ...ended, why: "too long", seq: 1 }]);
  });

  it("hands promote and health over", () => {
    receive({ type: "health", pagerduty: { ok: true, problem: null } });
    receive(WELCOME);
    receive({ type: "promote", seq: 1, epoch: 4 });
    expect(heard.pending.map(([what]) => what)).toEqual(["health", "welcome", "promote"]);
  });
});
