/**
 * How requests ended, as the edge is told: what a request shows of its end, and a bounded memory of ends, so that a late
 * list or event brings none of them back.
 */
import { type AccessRequest, endOfState, type RequestEnd } from "../../shared/access-request.ts";
import type { Verdict } from "../../shared/decisions.ts";
import type { FrameOf, RelayFrame } from "../../shared/protocol.ts";
import { claimIn } from "../decider/claim.ts";
import { isMarked, withoutMark } from "../decider/decision-words.ts";
import type { PluginData } from "../plugin-data.ts";

/** How a request ended. */
export type Ending = Pick<FrameOf<RelayFrame, "ended">, "end" | "who" | "why" | "clickId">;

export const EXPIRED: Ending = { end: "expired", who: null, why: null, clickId: null };
export const DELETED: Ending = { end: "deleted", who: null, why: null, clickId: null };

/** Most ended requests remembered. */
const MAX_REMEMBERED = 10_000;

/** The verdict that brings an end about. */
const VERDICTS: Readonly<Partial<Record<RequestEnd, Verdict>>> = { approved: "approve", denied: "deny" };

/** Requests that have ended, oldest first, and how: null where the edge knows it from a decision. */
export class Endings {
  readonly #endings = new Map<string, Ending | null>();

  has(requestId: string): boolean {
    return this.#endings.has(requestId);
  }

  get(requestId: string): Ending | null | undefined {
    return this.#endings.get(requestId);
  }

  remember(requestId: string, ending: Ending | null): void {
    this.#endings.delete(requestId);
    this.#endings.set(requestId, ending);
    const [oldest] = this.#endings.keys();
    if (this.#endings.size > MAX_REMEMBERED && oldest !== undefined) this.#endings.delete(oldest);
  }
}

/** How a resolved request ended; undefined for one that is open. */
export function endingOf(request: AccessRequest, data: PluginData): Ending | undefined {
  const end = endOfState(request.state);
  if (end === undefined) return undefined;
  const who = reviewersOf(request)
    .map(({ author }) => author)
    .join(", ");
  const why = reasonOf(request);
  const clickId = clickBehind(end, who, why, data);
  // The mark is for finding it again; people read the words before it.
  const words = clickId === null ? why : withoutMark(why, clickId);
  return { end, who: who || null, why: words || null, clickId };
}

/** Why a request was resolved as it is; empty when nobody said. */
export function reasonOf(request: AccessRequest): string {
  return request.resolveReason || (reviewersOf(request).at(-1)?.reason ?? "");
}

// A claim outlives a review that was not enough, and a call that was never made: where the last word has an author or a
// reason, it must be the click's own.
function clickBehind(end: RequestEnd, who: string, why: string, data: PluginData): string | null {
  const claim = claimIn(data);
  if (claim === undefined || claim.clickId === "" || claim.verdict !== VERDICTS[end]) return null;
  return (who === "" && why === "") || isMarked(why, claim.clickId) ? claim.clickId : null;
}

/** Whose reviews proposed what became of the request. */
function reviewersOf({ reviews, state }: AccessRequest): AccessRequest["reviews"] {
  return reviews.filter(({ proposedState }) => proposedState === state);
}
