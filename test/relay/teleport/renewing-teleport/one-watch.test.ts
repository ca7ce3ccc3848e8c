import { describe, expect, it } from "vitest";
import { Generation } from "../../../../relay/teleport/renewing-teleport/generation.ts";
import { OneWatch } from "../../../../relay/teleport/renewing-teleport/one-watch.ts";
import { INIT_WITHIN_MS } from "../../../../relay/watch.ts";
import { VirtualClock } from "../../link/virtual-clock.ts";
import { ScriptedTeleport } from "./scripted-teleport.ts";

const HANDLERS = { init() {}, put() {}, deleted() {} };

function open(takeOver?: () => void) {
  const teleport = new ScriptedTeleport("only");
  const generation = new Generation(teleport);
  const clock = new VirtualClock();
  return {
    teleport,
    generation,
    clock,
    watch: new OneWatch(generation, HANDLERS, new AbortController().signal, takeOver),
  };
}

describe("OneWatch", () => {
  it("outlives its connection when that is retired, and not when it ends itself", async () => {
    const retired = open();
    const outliving = retired.watch.outlivesItsConnection();
    retired.generation.retire(retired.clock, () => {});
    expect(await outliving).toBe(true);
    expect(await retired.watch.outlivesItsConnection()).toBe(true);
    const ended = open();
    ended.teleport.latest.answer();
    expect(await ended.watch.outlivesItsConnection()).toBe(false);
  });

  it("asks only for what its listener listens to", () => {
    expect(open().teleport.latest.handlers.rules).toBeUndefined();
  });

  it("takes over before anything of it is told, and leaves no timer once it is confirmed", async () => {
    const order: string[] = [];
    const { teleport, clock, watch } = open(() => order.push("takes over"));
    const confirmed = watch.confirmed(clock);
    teleport.latest.handlers.init();
    await confirmed;
    expect(order).toEqual(["takes over"]);
    expect(clock.timerCount).toBe(0);
  });

  it("does not take over once it was given up", async () => {
    const order: string[] = [];
    const { teleport, clock, watch } = open(() => order.push("takes over"));
    const confirmed = watch.confirmed(clock);
    clock.advance(INIT_WITHIN_MS);
    await expect(confirmed).rejects.toMatchObject({ code: "timeout" });
    teleport.latest.handlers.init();
    expect(order).toEqual([]);
  });
});
