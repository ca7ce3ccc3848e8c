/**
 * The claim `decision` in a request's plugin data: which click is being carried out, and by which attempt. It is taken by
 * compare-and-set from absent, so of two relays one has it. One that was left behind by a crash may be replaced once it has
 * stood unchanged for {@link CLAIM_LEASE_MS} on the observer's own clock: its owner begins no call so late. Pure.
 */
import { type Verdict, verdictSchema } from "../../shared/decisions.ts";
import type { PluginData } from "../plugin-data.ts";

/** How long after it was taken a claim's owner may still begin the call, in ms; later it is taken anew. */
export const CALL_BEGINS_WITHIN_MS = 3_000;

/** How long another's claim must have been seen standing before it may be replaced, in ms: the above and a call's deadline. */
export const CLAIM_LEASE_MS = 15_000;

/** The longest id of a click that a frame takes. */
const MAX_CLICK_ID_CHARACTERS = 128;

export interface Claim {
  readonly verdict: Verdict;
  /** Empty when it is nobody's. */
  readonly clickId: string;
  /** Random, new with each attempt. */
  readonly attempt: string;
}

/** `approve <attempt> <click id>` */
export function claimText({ verdict, attempt, clickId }: Claim): string {
  return `${verdict} ${attempt} ${clickId}`;
}

/** The claim on a request; undefined when there is none. What cannot be read is a claim all the same, of nobody's click. */
export function claimIn(data: PluginData): Claim | undefined {
  const text = data.decision ?? "";
  if (text === "") return undefined;
  const [verdict, attempt = "", ...rest] = text.split(" ");
  const clickId = rest.join(" ");
  return {
    verdict: verdictSchema.safeParse(verdict).data ?? "deny",
    attempt,
    clickId: clickId.length > MAX_CLICK_ID_CHARACTERS ? "" : clickId,
  };
}
