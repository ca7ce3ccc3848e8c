import { describe, expect, it } from "vitest";
import { ExpiringMap } from "../../../relay/time/expiring-map.ts";
import { ManualClock } from "../../fakes/clock.ts";

function filled() {
  const clock = new ManualClock();
  const map = new ExpiringMap<string, string>({ maxEntries: 2, lifeMs: 1_000, now: clock.now });
  map.set("a", "1");
  return { clock, map };
}

describe("what is believed for a while", () => {
  it("is there until its time has come", async () => {
    const { clock, map } = filled();
    await clock.pass(999);
    expect([map.has("a"), map.get("a")]).toEqual([true, "1"]);
    await clock.pass(1);
    expect([map.has("a"), map.get("a")]).toEqual([false, undefined]);
  });

  it("begins anew when it is found out again", async () => {
    const { clock, map } = filled();
    await clock.pass(999);
    map.set("a", "2");
    await clock.pass(999);
    expect(map.get("a")).toBe("2");
  });

  it("gives way, oldest first, when there is no room", () => {
    const { map } = filled();
    map.set("b", "2");
    map.set("a", "3");
    map.set("c", "4");
    expect([map.size, map.get("a"), map.has("b"), map.get("c")]).toEqual([2, "3", false, "4"]);
  });
});
