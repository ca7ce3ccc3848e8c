import { expect, it } from "vitest";
import { PROPERTIES } from "../checker/check.ts";
import { runChaos } from "./run.ts";

/** It takes half a minute of stillness to be seen. */
const PROPERTIES_SEEN_AT_ONCE = Object.keys(PROPERTIES).filter((property) => property !== "nothing goes on for ever");

it("real programs lose nothing, forge nothing and do nothing twice in a short storm", {
  timeout: 120_000,
}, async ({ signal }) => {
  const told: string[] = [];
  const findings = await runChaos({
    seed: 2709,
    storm: { faults: 8 },
    properties: PROPERTIES_SEEN_AT_ONCE,
    tell: (line) => told.push(line),
    signal,
  });
  if (findings === "interrupted") throw new Error("nobody interrupted it");
  expect(findings.failures, told.join("\n")).toEqual([]);
  expect(findings.tally.total("fault: ")).toBe(8);
  expect(findings.history.requests.length).toBeGreaterThan(0);
  expect(findings.history.clicks.length).toBeGreaterThan(0);
});
