/** A sample of the simulator: `npm run sim` runs as many seeds as anybody wants. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bundle, bundleSimulation, patched } from "./bundle.ts";
import { MUTANTS } from "./mutants.ts";
import { readOptions } from "./options.ts";
import { runSeeds } from "./pool.ts";
import type { SeedReport } from "./worker.ts";

const SAMPLE = 200;
const PATIENCE_MS = 120_000;

let bundle: Bundle;
beforeAll(async () => {
  bundle = await bundleSimulation();
});
afterAll(() => bundle.remove());

/** What seeds from 1 on come to, until one breaks something and no more are wanted. */
async function reports(of: Bundle, seeds: number, untilBroken = false): Promise<SeedReport[]> {
  const all: SeedReport[] = [];
  const report = (told: SeedReport): boolean => all.push(told) > 0 && !(untilBroken && told.violations.length > 0);
  await runSeeds({ bundle: of, workers: 2, firstSeed: 1, seeds, report });
  return all;
}

/** What the program tells of a seed, line by line. */
async function storyOf(seed: number): Promise<string[]> {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [main, "--seed", String(seed), "--trace"]);
  return stdout.split("\n").slice(1);
}

describe("the simulator", () => {
  it("finds every promise kept in a sample of seeds in which something happens", { timeout: PATIENCE_MS }, async () => {
    const all = await reports(bundle, SAMPLE);
    expect(all.filter(({ violations }) => violations.length > 0)).toEqual([]);
    expect(all).toHaveLength(SAMPLE);
    const happened = new Set(all.flatMap(({ counts }) => Object.keys(counts)));
    for (const what of ["approvals", "denials", "relay crashes", "edge crashes", "partitions", "webhooks repeated"]) {
      expect(happened).toContain(what);
    }
  });

  it("tells the same story of the same seed, and another of another", { timeout: PATIENCE_MS }, async () => {
    const [story, again, another] = await Promise.all([7, 7, 8].map(storyOf));
    expect(story?.length).toBeGreaterThan(50);
    expect(again).toEqual(story);
    expect(another).not.toEqual(story);
  });

  it.each(["the relay verifies no signature", "an incident is opened again without a look", "a merge is not followed"])(
    "catches a planted bug: %s",
    { timeout: PATIENCE_MS },
    async (name) => {
      const mutated = await bundleSimulation(MUTANTS.find((mutant) => mutant.name === name));
      const all = await reports(mutated, 1_000, true);
      await mutated.remove();
      expect(all.some(({ violations }) => violations.length > 0)).toBe(true);
    },
  );
});

describe("a patch", () => {
  const patch = { file: "a.ts", find: "one", replace: "$&two" };

  it("takes the place of its text", () => {
    expect(patched("one, three", patch)).toBe("$&two, three");
  });

  it.each(["none", "one and one"])("must fit exactly once: %s", (text) => {
    expect(() => patched(text.replace("none", ""), patch)).toThrow(/must fit once/);
  });
});

describe("the command line", () => {
  it.each([
    [[], { firstSeed: 1, seeds: 1_000, tells: false, mutants: null }],
    [["--seeds", "50"], { firstSeed: 1, seeds: 50 }],
    [["--seed", "7", "--trace"], { firstSeed: 7, seeds: 1, tells: true }],
    [["--seed", "7", "--seeds", "3"], { firstSeed: 7, seeds: 3 }],
    [["--mutants"], { mutants: "" }],
    [["--mutant", "claim"], { mutants: "claim" }],
  ])("reads %j", (args, options) => {
    expect(readOptions(args)).toMatchObject(options);
  });

  it.each([[["--seeds", "0"]], [["--seed", "x"]], [["--what"]]])("refuses %j", (args) => {
    expect(() => readOptions(args)).toThrow();
  });
});
