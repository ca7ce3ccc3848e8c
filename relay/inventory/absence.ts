/**
 * Proof that Teleport has no such request. Where a request cannot be read, there may be none, or we may have lost the right
 * to see it: up to 7.0 Teleport answers both alike. What counts is an answer that it gives only to whoever has the rights.
 */

import type { TeleportPort } from "../teleport/port.ts";
import type { Clock } from "../time/clock.ts";

/** How long Teleport may take to confirm a watch, in ms. */
const WATCH_WITHIN_MS = 15_000;

/** What the proof asks of Teleport. */
export type AbsenceWitness = Pick<TeleportPort, "read" | "pluginData" | "updatePluginData" | "watch">;

/**
 * Whether Teleport has no such request. Call it when a read has shown none; false when another read then shows one. Rejects
 * with a `TeleportError` when a right is missing or Teleport could not be asked, and when it does not answer.
 */
export async function isProvenAbsent(teleport: AbsenceWitness, requestId: string, clock: Clock): Promise<boolean> {
  // Refused to whoever may not list requests, unless a right of its own lets them.
  await teleport.pluginData(requestId);
  // Changes nothing. Rights are looked at first, and then whether there is such a request.
  const update = await teleport.updatePluginData(requestId, {}, {});
  // Plugin data outlives its request, and the right to write it is another than the right to read requests.
  if (update !== "gone") await proveReadingRight(teleport, clock);
  // The rights may have come back between the read and the proof.
  return (await teleport.read(requestId)) === undefined;
}

/** Teleport confirms a watch to nobody who may not read requests. */
async function proveReadingRight(teleport: AbsenceWitness, clock: Clock): Promise<void> {
  const stop = new AbortController();
  const tooLate = clock.after(WATCH_WITHIN_MS, () => stop.abort());
  let stands = false;
  const init = (): void => {
    stands = true;
    stop.abort();
  };
  try {
    await teleport.watch({ init, put() {}, deleted() {} }, stop.signal);
  } finally {
    tooLate();
  }
  if (!stands) throw new Error("Teleport did not confirm that we may read access requests");
}
