/** Runs seeds, one after the other, on storage of its own: what a worker loads, bundled. */
import { type Run, runSeed } from "./run.ts";
import { Storage } from "./storage.ts";
import { useLightWeb } from "./web.ts";

export type { Run };

useLightWeb();
const storage = new Storage();
let uncaught: string[] = [];
process.on("unhandledRejection", (error) => {
  uncaught.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
});

/** One seed. What nobody caught is a violation too. */
export function run(seed: number, write: ((line: string) => void) | null = null): Promise<Run> {
  return new Promise((resolve, reject) => {
    // A task of its own: from within a promise nothing could be settled.
    setImmediate(() => {
      try {
        uncaught = [];
        const { violations, counts } = runSeed(seed, storage, write);
        const left = uncaught.map((what) => ({ property: "nothing is left uncaught", what }));
        resolve({ violations: [...violations, ...left], counts });
      } catch (error) {
        reject(error);
      }
    });
  });
}
