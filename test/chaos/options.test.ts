import { describe, expect, it } from "vitest";
import { parseOptions } from "./options.ts";

describe("the options", () => {
  it("have a minute and a new seed for those who say nothing", () => {
    expect(parseOptions([])).toEqual({ seconds: 60, seed: expect.any(Number) });
  });

  it.each([
    [["--seconds", "600", "--seed", "4294967295"], { seconds: 600, seed: 4_294_967_295 }],
    [["--seed=0"], { seconds: 60, seed: 0 }],
    [["--help", "--seconds", "5"], "help"],
    [["-h"], "help"],
  ])("take %j", (args, options) => {
    expect(parseOptions(args)).toEqual(options);
  });

  it.each([
    [["--seconds", "0"], "--seconds"],
    [["--seconds", "1e3"], "--seconds"],
    [["--seconds", "-5"], "--seconds"],
    [["--seed", "x"], "--seed"],
    [["--seed", "1.5"], "--seed"],
    [["--sedonds", "5"], "--sedonds"],
    [["more"], "more"],
  ])("refuse %j", (args, problem) => {
    expect(parseOptions(args)).toEqual({ problem: expect.stringContaining(problem) });
  });
});
