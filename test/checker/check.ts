/**
 * Whether a run kept every promise: a pure function of what the world saw. It shares no code with the product, so that a
 * mistake there is not made here again.
 */
import type { History } from "./history.ts";
import { callsAreBounded, nothingGoesOnForEver } from "./properties/calls.ts";
import { goodClicksAreCarriedOut, noClickIsLost } from "./properties/clicks.ts";
import { closedInTheEnd, notClosedWhilePending } from "./properties/closing.ts";
import { noDeliveryIsRefused } from "./properties/deliveries.ts";
import { noNoteIsDoubled } from "./properties/notes.ts";
import { noRequestIsLost, oneIncidentForEachPaging, pagedAgainOnlyForAReason } from "./properties/paging.ts";
import {
  everyApprovalIsAudited,
  everyVerdictHasItsClick,
  oneVerdictForEachRequest,
  verdictsComeInTime,
} from "./properties/verdicts.ts";

/** A promise that was not kept. */
export interface Violation {
  readonly property: string;
  /** What happened instead, with ids. */
  readonly what: string;
}

/** Finds what breaks one promise: a sentence for each time. */
export type Property = (history: History) => readonly string[];

/** Every promise by its name. */
export const PROPERTIES: Readonly<Record<string, Property>> = {
  "every verdict has its click": everyVerdictHasItsClick,
  "every approval is audited": everyApprovalIsAudited,
  "one verdict for each request": oneVerdictForEachRequest,
  "no verdict against an end": verdictsComeInTime,
  "no request is lost": noRequestIsLost,
  "no delivery is refused": noDeliveryIsRefused,
  "no click is lost": noClickIsLost,
  "good clicks are carried out": goodClicksAreCarriedOut,
  "one incident for each paging": oneIncidentForEachPaging,
  "paged again only for a reason": pagedAgainOnlyForAReason,
  "every incident is closed in the end": closedInTheEnd,
  "no incident is closed while its request is pending": notClosedWhilePending,
  "no note is written twice": noNoteIsDoubled,
  "calls are bounded": callsAreBounded,
  "nothing goes on for ever": nothingGoesOnForEver,
};

/** Every violation, in the order of the promises. */
export function check(history: History): Violation[] {
  return Object.entries(PROPERTIES).flatMap(([property, find]) => find(history).map((what) => ({ property, what })));
}
