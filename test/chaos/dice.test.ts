import { describe, expect, it } from "vitest";
import { Dice } from "./dice.ts";

describe("dice", () => {
  it("repeat themselves with the same seed, and not with another", () => {
    const drawn = (seed: number): number[] => {
      const dice = new Dice(seed);
      return Array.from({ length: 20 }, () => dice.between(0, 1_000_000));
    };
    expect(drawn(7)).toEqual(drawn(7));
    expect(drawn(7)).not.toEqual(drawn(8));
  });

  it("stay within their bounds and reach them", () => {
    const dice = new Dice(1);
    const drawn = new Set(Array.from({ length: 500 }, () => dice.between(2, 5)));
    expect([...drawn].sort()).toEqual([2, 3, 4, 5]);
  });

  it("pick by weight", () => {
    const dice = new Dice(3);
    const drawn = Array.from({ length: 1000 }, () =>
      dice.weighted([[9, "often"] as const, [1, "seldom"] as const, [0, "never"] as const]),
    );
    const count = (what: string): number => drawn.filter((each) => each === what).length;
    expect(count("never")).toBe(0);
    expect(count("seldom")).toBeGreaterThan(50);
    expect(count("often")).toBeGreaterThan(800);
  });

  it("have nothing to pick from nothing", () => {
    expect(() => new Dice(1).pick([])).toThrow("nothing to pick");
  });
});
