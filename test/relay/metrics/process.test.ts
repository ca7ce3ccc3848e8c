import { expect, it } from "vitest";
import { readProcess } from "../../../relay/metrics/process.ts";

it("tells when this process began, and what it uses", () => {
  const { startedMs, residentBytes, cpuSeconds } = readProcess();
  expect(startedMs).toBe(performance.timeOrigin);
  expect(residentBytes).toBeGreaterThan(10e6);
  expect(cpuSeconds).toBeGreaterThan(0);
});
