import { describe, expect, it } from "vitest";
import { helpText, readOptions } from "./options.ts";
import { TARGETS } from "./targets.ts";

/** Always the same inputs; `npm run fuzz` takes others. */
const COURSE = { runs: 100, seed: 20_261_122 };

describe.each(TARGETS.filter(({ isTimed }) => isTimed !== true))("fuzzing $name", ({ properties }) => {
  it("finds nothing that does not hold", { timeout: 60_000 }, async () => {
    for (const { says, run } of await properties()) {
      const { finding } = await run(COURSE);
      expect(finding, says).toBeUndefined();
    }
  });
});

describe("the targets", () => {
  it("have names of their own", () => {
    expect(new Set(TARGETS.map(({ name }) => name)).size).toBe(TARGETS.length);
  });
});

describe("the command line", () => {
  it("takes how often, from where and what", () => {
    expect(readOptions(["--runs", "5", "--seed", "7", "--target", "notes", "--replay", "2/17:0:3"])).toEqual({
      kind: "options",
      options: { runs: 5, seed: 7, target: "notes", replay: { property: 2, path: "17:0:3" } },
    });
  });

  it("has a thousand runs from some seed unless told", () => {
    expect(readOptions([])).toMatchObject({ kind: "options", options: { runs: 1000, target: undefined } });
  });

  it.each([
    [["--runs", "0"]],
    [["--runs", "many"]],
    [["--seed", "-1"]],
    [["--replay", "2/17"]],
    [["--target", "notes", "--replay", "x"]],
    [["--faster"]],
    [["notes"]],
  ])("refuses %j", (args) => {
    expect(readOptions(args).kind).toBe("fault");
  });

  it("helps", () => {
    expect(readOptions(["--help"]).kind).toBe("help");
    const help = helpText(TARGETS);
    for (const { name } of TARGETS) expect(help).toContain(`  ${name} `);
  });
});
