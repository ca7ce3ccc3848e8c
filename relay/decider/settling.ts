/**
 * The verdicts that a crash left without an outcome: before anything else is done for their requests, Teleport is read
 * until no call can be under way any more, and what it then says is written down. It sends nothing to Teleport; whatever
 * the edge still waits for it asks for again, and is answered as always.
 */
import type { Logger } from "../../shared/log.ts";
import type { OpenIntent } from "../audit/tail.ts";
import type { AuditTrail } from "../audit/trail.ts";
import type { AbsenceWitness } from "../inventory/absence.ts";
import type { Lanes } from "../lanes.ts";
import type { Clock } from "../time/clock.ts";
import type { ClaimLeases } from "./claim-lease.ts";
import { Postponed } from "./postponed.ts";
import { retryWaitMs } from "./retries.ts";
import { readSituation } from "./situation.ts";

export interface SettlingOptions {
  readonly teleport: AbsenceWitness;
  /** In which the first place of each request is still free. */
  readonly lanes: Lanes;
  readonly claims: ClaimLeases;
  readonly trail: AuditTrail;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** Begins to settle them, each request's in its own lane; gives up what is not settled when the signal aborts. */
export function settleIntents(options: SettlingOptions, intents: readonly OpenIntent[], signal: AbortSignal): void {
  for (const [requestId, ofRequest] of Map.groupBy(intents, (intent) => intent.requestId)) {
    options.lanes.add(requestId, () => settleUntilDone(options, requestId, ofRequest, signal));
  }
}

async function settleUntilDone(
  options: SettlingOptions,
  requestId: string,
  intents: readonly OpenIntent[],
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, log } = options;
  for (let attempts = 1; !signal.aborted; attempts++) {
    try {
      return await settle(options, requestId, intents);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      log.warn("What became of a decision before the last stop cannot be told yet", { requestId, problem });
      await clock.sleep(retryWaitMs(error, attempts, random()), signal);
    }
  }
}

async function settle(options: SettlingOptions, requestId: string, intents: readonly OpenIntent[]): Promise<void> {
  const { claims, trail, log } = options;
  // Nothing is judged here.
  const situation = await readSituation({ ...options, requesterEmails: async () => [] }, requestId);
  if (!claims.isFree(requestId, situation)) {
    throw new Postponed("The decision had begun, here or at another relay, and may yet take effect.");
  }
  const state = situation.live?.request.state ?? "NONE";
  for (const intent of intents) await trail.settled(intent, state);
  log.info("What became of a decision before the last stop is in the audit log", { requestId, state });
}
