import { describe, expect, it } from "vitest";
import { helpText, readOptions } from "./options.ts";

const CASES = ["click", "webhook", "memory"];
const DEFAULTS = { json: undefined, isQuick: false, judgesCounts: false, only: CASES };

describe("readOptions", () => {
  it.each([
    [[], {}],
    [["--quick", "--counts"], { isQuick: true, judgesCounts: true }],
    [["--json", "out.json"], { json: "out.json" }],
    [["--only", "click"], { only: ["click"] }],
    [["--only", "click", "memory"], { only: ["click", "memory"] }],
    [["--only", "click", "--only=memory", "--quick"], { only: ["click", "memory"], isQuick: true }],
  ])("reads %j", (args, change) => {
    expect(readOptions(args, CASES)).toEqual({ kind: "options", options: { ...DEFAULTS, ...change } });
  });

  it.each([["--help"], ["-h"]])("asks for help with %s", (...args) => {
    expect(readOptions(args, CASES)).toEqual({ kind: "help" });
  });

  it.each([
    [["--only", "nothing"], 'there is no case "nothing"'],
    [["click"], "unexpected click"],
    [["--rounds", "3"], "Unknown option '--rounds'"],
    [["--json"], "'--json <value>' argument missing"],
  ])("refuses %j", (args, problem) => {
    const reading = readOptions(args, CASES);
    expect(reading.kind === "fault" && reading.problem).toContain(problem);
  });
});

describe("helpText", () => {
  it("names every case and every option", () => {
    const text = helpText([{ name: "click", title: "click → Teleport" }]);
    expect(text).toContain("  click  click → Teleport\n");
    for (const option of ["--quick", "--counts", "--only", "--json", "--help"]) expect(text).toContain(option);
  });
});
