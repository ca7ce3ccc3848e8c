import { describe, expect, it } from "vitest";
import { within } from "../../../relay/time/within.ts";
import { ManualClock } from "../../fakes/clock.ts";

describe("waiting so long and no longer", () => {
  it("gives what came in time, and leaves no timer", async () => {
    const clock = new ManualClock();
    expect(await within(clock, 1_000, Promise.resolve("it"))).toBe("it");
    await expect(within(clock, 1_000, Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(clock.timerCount).toBe(0);
  });

  it("gives nothing for what does not come, and nothing of what fails later", async () => {
    const clock = new ManualClock();
    const late = Promise.withResolvers<string>();
    const waiting = within(clock, 1_000, late.promise);
    await clock.pass(1_000);
    expect(await waiting).toBeUndefined();
    late.reject(new Error("too late"));
    await clock.pass(0);
  });
});
