/**
 * A click that was let through, carried out: the audit line, the claim, the one call, and the reading of what came of it.
 * Nothing reaches Teleport before its audit line is on disk and the claim is taken.
 */
import type { Click } from "../../shared/click.ts";
import type { Logger } from "../../shared/log.ts";
import type { LiveRequest } from "../access-request.ts";
import type { AuditTrail } from "../audit/trail.ts";
import type { PluginData } from "../plugin-data.ts";
import { TeleportError, type TeleportErrorCode } from "../teleport/error.ts";
import type { TeleportPort } from "../teleport/port.ts";
import type { Clock } from "../time/clock.ts";
import { CALL_BEGINS_WITHIN_MS } from "./claim.ts";
import type { ClaimLeases } from "./claim-lease.ts";
import { resolutionOf } from "./decision-words.ts";
import type { Judged } from "./judging.ts";
import { Postponed } from "./postponed.ts";
import type { Situation } from "./situation.ts";
import type { Order, WayToDecide } from "./ways-to-decide.ts";

/** How often a request is read until it shows what was set, and the wait after the first of these reads, in ms. */
const OUTCOME_READS = 5;
const OUTCOME_READ_MS = 500;

/** Answers after which a call cannot have had its effect. */
const REFUSALS: ReadonlySet<TeleportErrorCode> = new Set(["permission_denied", "unimplemented", "invalid"]);

export interface CarryingOutOptions {
  readonly teleport: Pick<TeleportPort, "read">;
  readonly way: WayToDecide;
  readonly trail: AuditTrail;
  readonly claims: ClaimLeases;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The click, and what it was judged by. */
export interface Chosen {
  readonly judged: Judged;
  readonly click: Click;
  readonly live: LiveRequest;
  readonly situation: Situation;
}

/** How it ended: with the request as Teleport then has it, undefined when it went as it was decided; or it was not begun. */
export type Ended = { readonly live: LiveRequest | undefined } | "not_begun";

/**
 * Carries one click out. `mayBegin` is asked once the claim is taken. Rejects with `Postponed` when the request has to be
 * read anew, and with a `TeleportError` when Teleport did not answer: the call may have had its effect all the same.
 */
export async function carryOut(options: CarryingOutOptions, chosen: Chosen, mayBegin: () => boolean): Promise<Ended> {
  const { click, live, situation } = chosen;
  const { frame, author } = chosen.judged;
  const intend = (): Promise<boolean> => options.trail.intended(frame, click);
  return claimAndCall(options, { click, word: frame.word, live, author }, situation.data, { intend, mayBegin });
}

/** The same for whatever was let through: `intend` writes the audit line, and says whether that was done. */
export async function claimAndCall(
  options: Omit<CarryingOutOptions, "trail">,
  order: Order,
  data: PluginData,
  { intend, mayBegin }: { intend: () => Promise<boolean>; mayBegin: () => boolean },
): Promise<Ended> {
  const { way, claims, clock, log } = options;
  const { click } = order;
  const requestId = order.live.request.id;
  const judgedMs = clock.now();
  if (!(await intend())) throw new Postponed("The audit log cannot be written; approvals wait until it can.");
  if (!(await claims.take(requestId, click, data))) {
    throw new Postponed("Another relay was quicker to claim the decision.");
  }
  if (clock.now() - judgedMs > CALL_BEGINS_WITHIN_MS) {
    throw new Postponed("The audit log or Teleport's claim took too long; the request is read again.");
  }
  if (!mayBegin()) return "not_begun";
  const state = resolutionOf(click);
  log.info("Deciding", { requestId, clickId: click.id, state });
  // Should the answer be lost, the call may yet take effect: nothing else is done until it no longer can.
  claims.begin(requestId);
  const carried = await way.carryOut(order).catch((error: unknown) => {
    if (error instanceof TeleportError && REFUSALS.has(error.code)) claims.refused(requestId);
    throw error;
  });
  if (carried === "taken") return { live: await readResolved(options, requestId) };
  // A review leaves a request pending, or brings about what it proposes; anything else was another's doing.
  if (carried !== "unclear" && [state, "PENDING"].includes(carried.request.state)) return { live: carried };
  throw new Postponed("Teleport did not take the decision; the request is read again.");
}

/** The request once it shows what was set; undefined when it is gone the moment it was decided. */
async function readResolved(
  { teleport, clock }: Pick<CarryingOutOptions, "teleport" | "clock">,
  requestId: string,
): Promise<LiveRequest | undefined> {
  for (let read = 1; read <= OUTCOME_READS; read++) {
    const live = await teleport.read(requestId);
    if (live?.request.state !== "PENDING") return live;
    await clock.sleep(OUTCOME_READ_MS * read);
  }
  throw new Error(`Teleport took a decision for request ${requestId} but still shows it pending`);
}
