import { describe, expect, it } from "vitest";
import { Generation } from "../../../../relay/teleport/renewing-teleport/generation.ts";
import { VirtualClock } from "../../link/virtual-clock.ts";
import { ScriptedTeleport } from "./scripted-teleport.ts";

function generation() {
  const teleport = new ScriptedTeleport("only");
  return { teleport, generation: new Generation(teleport), clock: new VirtualClock() };
}

describe("Generation", () => {
  it("stays open between calls until it is retired, and is then closed at once when none is under way", async () => {
    const { teleport, generation: only, clock } = generation();
    await only.use((port) => port.read("r"));
    expect(teleport.isClosed).toBe(false);
    let closed = 0;
    only.retire(clock, () => closed++);
    expect([teleport.isClosed, closed, clock.timerCount]).toEqual([true, 1, 0]);
  });

  it("is closed once, after the last of several calls", async () => {
    const { teleport, generation: only, clock } = generation();
    const calls = [only.use((port) => port.ping()), only.use((port) => port.ping())];
    let closed = 0;
    only.retire(clock, () => closed++);
    expect(only.retired.aborted).toBe(true);
    for (const [index, ping] of teleport.pings.entries()) {
      ping.answer({ version: "18", cluster: "c", proxyAddress: null });
      await calls[index];
      expect(closed).toBe(index === 0 ? 0 : 1);
    }
    only.close();
    expect([closed, clock.timerCount]).toEqual([1, 0]);
  });
});
