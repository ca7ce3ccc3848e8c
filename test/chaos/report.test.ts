import { describe, expect, it } from "vitest";
import { FakePagerDuty } from "../fakes/pagerduty.ts";
import type { Findings } from "./findings.ts";
import { tellFindings } from "./report.ts";
import { Tally } from "./tally.ts";
import { Witness } from "./witness.ts";

const pagerDuty = await FakePagerDuty.start();
await pagerDuty.stop();

const tally = new Tally();
tally.add("fault: SIGKILL of edge", 3);
tally.add("refusal: stale");

const clean: Findings = {
  history: new Witness().history(pagerDuty, { calmFromMs: 0, quietFromMs: 0, endedMs: 0 }),
  tally,
  passed: 19,
  failures: [],
  answers: { rateLimited: 1, failed: 2, none: 3 },
  lives: { edge: 4 },
  folder: "the-folder-of-the-run",
};

function told(findings: Findings): { lines: string[]; isClean: boolean } {
  const lines: string[] = [];
  const isClean = tellFindings(findings, (line) => lines.push(...line.split("\n")));
  return { lines, isClean };
}

describe("the report", () => {
  it("ends with how many passed, and names what was done", () => {
    const { lines, isClean } = told(clean);
    expect([isClean, lines.at(-1)]).toEqual([true, "19 passed, 0 failed"]);
    expect(lines.map((line) => line.trim())).toEqual(
      expect.arrayContaining([
        "3  SIGKILL of edge",
        expect.stringMatching(/^refusals +1 +1 stale$/),
        expect.stringMatching(/^starts +4 +4 edge$/),
      ]),
    );
    expect(lines.join("\n")).not.toContain(clean.folder);
  });

  it("names what failed and where the logs are", () => {
    const { lines, isClean } = told({ ...clean, failures: [{ what: "no note twice", sentences: ["Q1 has two"] }] });
    expect([isClean, lines.at(-1)]).toEqual([false, "19 passed, 1 failed"]);
    expect(lines).toEqual(
      expect.arrayContaining(["FAILED no note twice", "  Q1 has two", `Everybody's logs are in ${clean.folder}`]),
    );
  });
});
