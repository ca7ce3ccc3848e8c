/** Runs that belong together: none goes on without the others. */

type Run = (signal: AbortSignal) => Promise<void>;

/**
 * Runs all of them until the signal aborts. The first that fails stops the others, and its error is what this rejects
 * with; all of them have ended when this settles.
 */
export async function runTogether(signal: AbortSignal, runs: readonly Run[]): Promise<void> {
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const ends = await Promise.allSettled(
    runs.map((run) =>
      run(stop).catch((error) => {
        failed.abort();
        throw error;
      }),
    ),
  );
  const failure = ends.find((end) => end.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}
