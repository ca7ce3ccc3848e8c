/** Waiting for something, but not for ever. */
import type { Clock } from "./clock.ts";

/** What a promise gives, or undefined when that takes longer than so many ms. Rejects as the promise does in that time. */
export function within<Value>(clock: Clock, ms: number, promise: Promise<Value>): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => resolve(undefined));
    promise.finally(cancel).then(resolve, reject);
  });
}
