import { describe, expect, it } from "vitest";
import { Lanes, MAX_LANES_AT_ONCE } from "../../relay/lanes.ts";
import { settled } from "../fakes/clock.ts";

/** Work that ends when it is told to, and says when it began. */
function held(began: string[], name: string) {
  let end = (): void => {};
  let fail = (_: unknown): void => {};
  const work = (): Promise<void> => {
    began.push(name);
    return new Promise((resolve, reject) => {
      end = resolve;
      fail = reject;
    });
  };
  return { work, end: () => end(), fail: (error: unknown) => fail(error) };
}

function lanesOf() {
  const failures: unknown[] = [];
  return { lanes: new Lanes((error, lane) => failures.push([lane, error])), failures, began: [] as string[] };
}

describe("lanes", () => {
  it("work in order within a lane, one at a time", async () => {
    const { lanes, began } = lanesOf();
    const [first, second] = [held(began, "first"), held(began, "second")];
    lanes.add("a", first.work);
    lanes.add("a", second.work);
    await settled();
    expect(began).toEqual(["first"]);
    first.end();
    await settled();
    expect(began).toEqual(["first", "second"]);
  });

  it("tell when a piece of work begins, and when it has ended, whichever way", async () => {
    const told: string[] = [];
    const lanes = new Lanes(
      () => told.push("failed"),
      () => {
        told.push("began");
        return () => void told.push("ended");
      },
    );
    lanes.add("a", async () => {});
    lanes.add("a", async () => {
      throw new Error("no");
    });
    await settled();
    expect(told).toEqual(["began", "ended", "began", "failed", "ended"]);
  });

  it("work side by side across lanes", () => {
    const { lanes, began } = lanesOf();
    for (const lane of ["a", "b", "c"]) lanes.add(lane, held(began, lane).work);
    expect(began).toEqual(["a", "b", "c"]);
  });

  it("begin at most so many at once, and the rest as places come free", async () => {
    const { lanes, began } = lanesOf();
    const works = Array.from({ length: MAX_LANES_AT_ONCE + 2 }, (_, index) => held(began, `${index}`));
    for (const [index, { work }] of works.entries()) lanes.add(`${index}`, work);
    expect(began).toHaveLength(MAX_LANES_AT_ONCE);
    works[0]?.end();
    await settled();
    expect(began).toHaveLength(MAX_LANES_AT_ONCE + 1);
  });

  it("keep no place for a long lane while others wait", async () => {
    const { lanes, began } = lanesOf();
    const blockers = Array.from({ length: MAX_LANES_AT_ONCE }, (_, index) => held(began, `${index}`));
    for (const [index, { work }] of blockers.entries()) lanes.add(`${index}`, work);
    lanes.add("0", async () => void began.push("long"));
    lanes.add("other", async () => void began.push("other"));
    blockers[0]?.end();
    await settled();
    expect(began.slice(MAX_LANES_AT_ONCE)).toEqual(["other", "long"]);
  });

  it("go on after work that fails, whether it rejects or throws", async () => {
    const { lanes, began, failures } = lanesOf();
    const failing = held(began, "failing");
    lanes.add("a", failing.work);
    lanes.add("a", () => {
      throw new Error("thrown");
    });
    lanes.add("a", async () => void began.push("after"));
    failing.fail(new Error("rejected"));
    await settled();
    expect(failures).toEqual([
      ["a", new Error("rejected")],
      ["a", new Error("thrown")],
    ]);
    expect(began).toEqual(["failing", "after"]);
  });

  it("take work that work adds, to its own lane behind what waits, and to one that was empty", async () => {
    const { lanes, began } = lanesOf();
    lanes.add("a", async () => {
      await settled();
      lanes.add("a", async () => void began.push("own"));
      lanes.add("b", async () => void began.push("other"));
    });
    lanes.add("a", async () => void began.push("waiting"));
    await settled();
    await settled();
    expect(began.toSorted()).toEqual(["other", "own", "waiting"]);
    expect(began.indexOf("waiting")).toBeLessThan(began.indexOf("own"));
    lanes.add("a", async () => void began.push("again"));
    await settled();
    expect(began.at(-1)).toBe("again");
  });

  it("finish ten thousand pieces of work", async () => {
    const { lanes } = lanesOf();
    const done = new Map<number, number[]>();
    for (let index = 0; index < 10_000; index++) {
      const lane = index % 500;
      lanes.add(`${lane}`, async () => void done.set(lane, [...(done.get(lane) ?? []), index]));
    }
    await settled();
    expect(
      [...done.values()].every((indexes) => indexes.every((index, at) => index === (indexes[0] ?? 0) + at * 500)),
    ).toBe(true);
    expect([...done.values()].flat()).toHaveLength(10_000);
  });
});
