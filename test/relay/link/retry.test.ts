import { beforeEach, describe, expect, it } from "vitest";
import type { SocketEvents } from "../../../relay/link/socket.ts";
import { Link } from "../../../relay/link.ts";
import { createLogger } from "../../../shared/log.ts";
import { Arrivals } from "./arrivals.ts";
import { HELLO, recordHandlers, WELCOME } from "./frames.ts";
import { VirtualClock } from "./virtual-clock.ts";

let clock: VirtualClock;
let lines: string[];
let dials: Arrivals<SocketEvents>;
let waits: Arrivals<number>;
let stopping: AbortController;
let running: Promise<void>;
let link: Link;

beforeEach(() => {
  lines = [];
  dials = new Arrivals();
  waits = new Arrivals();
  stopping = new AbortController();
  clock = new VirtualClock();
  const sleep = clock.sleep.bind(clock);
  clock.sleep = (ms, signal) => {
    const slept = sleep(ms, signal);
    waits.push(ms);
    return slept;
  };
  link = new Link({
    url: "https://edge.example.com",
    cluster: "teleport.example.com",
    key: { publicKey: "key", sign: () => new Uint8Array(64) },
    hello: () => HELLO,
    handlers: recordHandlers(new Arrivals()),
    clock,
    random: () => 0.5,
    log: createLogger({ severity: "info", format: "text", now: () => 0, write: (line) => lines.push(line) }),
    dial: (_address, _token, events) => {
      dials.push(events);
      const end = (): void => events.ended({ kind: "closed", code: 1000, reason: "" });
      return { send: () => {}, close: end, terminate: end };
    },
  });
  running = link.run(stopping.signal);
});

/** Fails the next attempt and lets the wait pass; its length. */
async function failOnce(problem = "no route"): Promise<number> {
  const events = await dials.next();
  events.ended({ kind: "failed", problem });
  const waited = await waits.next();
  clock.advance(waited);
  return waited;
}

describe("Link: trying again", () => {
  it("waits half of a ceiling that doubles up to 30 s, when chance is even", async () => {
    const waited: number[] = [];
    for (let attempt = 0; attempt < 9; attempt++) waited.push(await failOnce());
    expect(waited).toEqual([125, 250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
  });

  it("starts over after a link that was up for 10 s, and only then", async () => {
    const welcomeFor = async (ms: number): Promise<number> => {
      const events = await dials.next();
      events.opened();
      events.message(JSON.stringify(WELCOME));
      clock.advance(ms);
      return failEnded(events);
    };
    const failEnded = async (events: SocketEvents): Promise<number> => {
      events.ended({ kind: "closed", code: 1006, reason: "" });
      const waited = await waits.next();
      clock.advance(waited);
      return waited;
    };
    await failOnce();
    await failOnce();
    expect(await welcomeFor(9_999)).toBe(500);
    expect(await welcomeFor(10_000)).toBe(125);
  });

  it("warns of the same trouble once, and again after a link", async () => {
    await failOnce();
    await failOnce();
    await failOnce("no name");
    expect(lines.map((line) => line.includes("no name"))).toEqual([false, true]);
    expect(link.state).toMatchObject({ state: expect.stringMatching(/waiting|connecting/) });
  });

  it("stops waiting when it is asked to end", async () => {
    const events = await dials.next();
    events.ended({ kind: "refused", status: 503, dateMs: null });
    await waits.next();
    expect(link.state).toMatchObject({ state: "waiting", status: 503 });
    stopping.abort();
    await running;
    expect(link.state).toEqual({ state: "idle" });
    expect(clock.timerCount).toBe(0);
  });

  it("gives up on an edge that does not know this relay and never has, once that is certain", async () => {
    const refuse = async (): Promise<void> =>
      (await dials.next()).ended({ kind: "refused", status: 401, dateMs: null });
    await refuse();
    clock.advance(await waits.next());
    await refuse();
    await expect(running).rejects.toThrow(/put key into relay_public_keys of the cluster "teleport.example.com"/);
  });

  it("goes on trying an edge that has welcomed it before, whatever it says now", async () => {
    const welcomed = await dials.next();
    welcomed.opened();
    welcomed.message(JSON.stringify(WELCOME));
    welcomed.ended({ kind: "closed", code: 1006, reason: "" });
    clock.advance(await waits.next());
    for (let attempt = 0; attempt < 5; attempt++) {
      (await dials.next()).ended({ kind: "refused", status: 401, dateMs: null });
      clock.advance(await waits.next());
    }
    expect(link.state).toMatchObject({ status: 401 });
  });
});
