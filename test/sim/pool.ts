/** Threads that run seeds side by side, each with a bundle of its own loaded, and whatever they find handed over. */
import { Worker } from "node:worker_threads";
import type { Bundle } from "./bundle.ts";
import type { SeedReport } from "./worker.ts";

/** Seeds that are given to a thread at a time: enough that asking costs nothing. */
const BATCH = 20;

/** Room for what is new in a thread's heap, in MB: most of it is never looked at again. */
const NEW_MB = 64;

/** How long a thread may be silent over one batch, in ms: what hangs has found something too. */
const SILENT_MS = 120_000;

export interface PoolOptions {
  readonly bundle: Bundle;
  readonly workers: number;
  readonly firstSeed: number;
  readonly seeds: number;
  /** Told of each seed; false when no more are wanted. */
  readonly report: (report: SeedReport) => boolean;
}

/** Runs seeds on several threads until all have been run or no more are wanted. */
export async function runSeeds({ bundle, workers, firstSeed, seeds, report }: PoolOptions): Promise<void> {
  const endSeed = firstSeed + seeds;
  let next = firstSeed;
  let isWanted = true;
  const take = (): readonly number[] => {
    const from = next;
    next = Math.min(endSeed, next + BATCH);
    return isWanted ? Array.from({ length: next - from }, (_, index) => from + index) : [];
  };
  const threads = Array.from({ length: Math.min(workers, Math.ceil(seeds / BATCH)) }, () =>
    runThread(bundle, take, (told) => {
      isWanted = report(told) && isWanted;
      return isWanted;
    }),
  );
  await Promise.all(threads);
}

function runThread(
  bundle: Bundle,
  take: () => readonly number[],
  report: (report: SeedReport) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("worker.ts", import.meta.url), {
      workerData: bundle.path,
      resourceLimits: { maxYoungGenerationSizeMb: NEW_MB },
    });
    let batch: readonly number[] = [];
    let done = 0;
    let silence: NodeJS.Timeout | undefined;
    const end = (): void => {
      clearTimeout(silence);
      void worker.terminate().then(() => resolve());
    };
    const give = (): void => {
      batch = take();
      done = 0;
      if (batch.length === 0) return end();
      clearTimeout(silence);
      silence = setTimeout(() => {
        const seed = batch[done] ?? 0;
        report({ seed, violations: [{ property: "every run ends", what: "it goes on for ever" }], counts: {} });
        end();
      }, SILENT_MS);
      worker.postMessage(batch);
    };
    worker.on("message", (told: SeedReport | "ready" | "done") => {
      if (told === "ready" || told === "done") return give();
      done += 1;
      if (!report(told)) end();
    });
    worker.on("error", reject);
  });
}
