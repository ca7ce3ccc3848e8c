/** A thread that runs the seeds that it is given, one after the other. */
import { parentPort, workerData } from "node:worker_threads";
import type { Violation } from "../checker/check.ts";

/** What came of one seed. */
export interface SeedReport {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly counts: Readonly<Record<string, number>>;
}

interface Seeds {
  run(seed: number): Promise<Omit<SeedReport, "seed">>;
}

const { run }: Seeds = await import(String(workerData));

parentPort?.on("message", async (seeds: readonly number[]) => {
  for (const seed of seeds) {
    try {
      parentPort?.postMessage({ seed, ...(await run(seed)) });
    } catch (error) {
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      parentPort?.postMessage({ seed, violations: [{ property: "the simulation itself works", what }], counts: {} });
    }
  }
  parentPort?.postMessage("done");
});
parentPort?.postMessage("ready");
