/** What came of one run of `setup`: for people, as what goes where; for programs, as JSON. Holds no secret. Pure. */
import { commandFor, type Instructions, instructionsFor } from "./instructions.ts";

export interface SetupOutcome extends Instructions {
  /** Whether everything that could be done by now is done. */
  readonly isWell: boolean;
  /** Whether nothing is left to do anywhere. */
  readonly isSettled: boolean;
  /** Which half has to be given its files again. */
  readonly changed: { readonly edge: boolean; readonly relay: boolean };
}

/** What people read last. */
export function outcomeText(outcome: SetupOutcome): string {
  if (outcome.isSettled)
    return "Everything is in place. `teleport-pagerduty check` tells whether the ping has arrived.";
  return instructionsFor(outcome).trimEnd();
}

/** The same for programs, with the sentences that were `said` on the way. */
export function outcomeJson(outcome: SetupOutcome, said: readonly string[]): string {
  const { isWell, isSettled, changed, order, webhookFile, actionFile, secretsFile, next } = outcome;
  const told = {
    ok: isWell,
    settled: isSettled,
    cluster: order.cluster,
    edge: order.edgeUrl,
    changed,
    files: { edge: [secretsFile], relay: actionFile === null ? [webhookFile] : [webhookFile, actionFile] },
    next: next === null ? null : commandFor(order, next),
    said,
  };
  return JSON.stringify(told, null, 2);
}
