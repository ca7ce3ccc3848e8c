import { beforeEach, describe, expect, it } from "vitest";
import { Supervision, watchdogMsIn } from "../../../relay/systemd/supervision.ts";
import { createLogger } from "../../../shared/log.ts";
import { ManualClock, settled } from "../../fakes/clock.ts";

let clock: ManualClock;
let told: string[];
let logged: string[];
let ending: AbortController;

beforeEach(() => {
  clock = new ManualClock();
  told = [];
  logged = [];
  ending = new AbortController();
});

function supervise(env: Record<string, string> = {}): Supervision {
  const log = createLogger({ severity: "info", format: "text", now: clock.now, write: (line) => logged.push(line) });
  const notify = (message: string): boolean => told.push(message) > 0;
  return new Supervision(notify, { env, clock, log, signal: ending.signal });
}

describe("what systemd is told", () => {
  it("is that the relay is ready, once, how it stands, whenever that changes, and that it ends", () => {
    const supervision = supervise();
    supervision.ready();
    supervision.ready();
    supervision.stands({ watch: null });
    supervision.stands({ edge: null });
    supervision.stands({ edge: null });
    ending.abort();
    expect(told).toEqual([
      "READY=1\nSTATUS=Connecting to Teleport; connecting to the edge",
      "STATUS=Watching Teleport; connecting to the edge",
      "STATUS=Watching Teleport; linked to the edge",
      "STOPPING=1\nSTATUS=Ending as asked",
    ]);
  });

  it("is why the relay ends by itself, on one line, and nothing after that", () => {
    const supervision = supervise();
    supervision.failed(new Error("Refused.\nREADY=1"));
    supervision.close();
    ending.abort();
    expect(told).toEqual(["STATUS=Refused. READY=1"]);
  });
});

describe("the watchdog", () => {
  const beats = (): number => told.filter((message) => message === "WATCHDOG=1").length;

  it("is fed three times in its time, for as long as every part makes progress", async () => {
    const supervision = supervise({ WATCHDOG_USEC: "60000000" });
    const beat = supervision.progress.follow({ name: "the link", withinMs: 30_000 });
    await clock.pass(20_000);
    expect(beats()).toBe(2);
    await clock.pass(20_000);
    expect(beats()).toBe(2);
    expect(logged).toEqual([expect.stringContaining('parts="the link"')]);
    beat();
    await clock.pass(20_000);
    expect(beats()).toBe(3);
    supervision.close();
    await settled();
    expect(clock.timerCount).toBe(0);
  });

  it.each([
    [{}, 0],
    [{ WATCHDOG_USEC: "60000000" }, 60_000],
    [{ WATCHDOG_USEC: "60000000", WATCHDOG_PID: String(process.pid) }, 60_000],
    [{ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "1" }, 0],
    [{ WATCHDOG_USEC: "soon" }, 0],
  ])("reads %j as %d ms", (env, ms) => {
    expect(watchdogMsIn(env)).toBe(ms);
  });
});
