/** What the clicks on a request are judged by, as Teleport has it at one moment. Read anew before each attempt. */

import type { LiveRequest } from "../access-request.ts";
import { type AbsenceWitness, isProvenAbsent } from "../inventory/absence.ts";
import type { PluginData } from "../plugin-data.ts";
import type { Clock } from "../time/clock.ts";

export interface Situation {
  /** Undefined when it is proven that Teleport has no such request. */
  readonly live: LiveRequest | undefined;
  readonly data: PluginData;
  /** Of the requester; empty when the request is not pending. */
  readonly emails: readonly string[];
  /** When the reading began: whatever came about before shows in it. */
  readonly readMs: number;
}

export interface SituationOptions {
  readonly teleport: AbsenceWitness;
  /** The e-mail addresses of a Teleport user, none where they may not be read. A rejection makes the decision wait. */
  readonly requesterEmails: (user: string) => Promise<readonly string[]>;
  readonly clock: Clock;
}

/** Rejects when Teleport could not be asked, or shows nothing and does not show that there is nothing. */
export async function readSituation(options: SituationOptions, requestId: string): Promise<Situation> {
  const { teleport, clock, requesterEmails } = options;
  const readMs = clock.now();
  const [live, data] = await Promise.all([teleport.read(requestId), teleport.pluginData(requestId)]);
  if (live === undefined) {
    if (await isProvenAbsent(teleport, requestId, clock)) return { live, data, emails: [], readMs };
    return readSituation(options, requestId);
  }
  if (live.request.state === "PENDING") return { live, data, emails: await requesterEmails(live.request.user), readMs };
  // What ended it may have been claimed after the plugin data was read, and before the request was.
  return { live, data: await teleport.pluginData(requestId), emails: [], readMs };
}
