/**
 * The claims that stand on requests, as this relay has seen them, and when one may be replaced: never while a call could
 * still be under way by it. What makes one verdict of two relays, of a crash, and of an answer that was lost.
 */
import type { Click } from "../../shared/click.ts";
import type { PluginData } from "../plugin-data.ts";
import type { TeleportPort } from "../teleport/port.ts";
import type { Clock } from "../time/clock.ts";
import { CLAIM_LEASE_MS, claimIn, claimText } from "./claim.ts";
import { showsReviewOf } from "./decision-words.ts";
import type { Situation } from "./situation.ts";

export interface ClaimLeasesOptions {
  readonly teleport: Pick<TeleportPort, "updatePluginData">;
  readonly clock: Clock;
  /** Never gives the same twice. */
  readonly randomId: () => string;
}

interface Seen {
  readonly text: string;
  /** Since when a call may have been under way by it. */
  readonly sinceMs: number;
}

export class ClaimLeases {
  readonly #options: ClaimLeasesOptions;
  readonly #seen = new Map<string, Seen>();

  constructor(options: ClaimLeasesOptions) {
    this.#options = options;
  }

  /** Whether no call can be under way for a request: one that shows its effect is not. */
  isFree(requestId: string, { live, data, readMs }: Pick<Situation, "live" | "data" | "readMs">): boolean {
    if (live?.request.state !== "PENDING") return true;
    const claim = claimIn(data);
    if (claim !== undefined && showsReviewOf(live.request, { id: claim.clickId, verdict: claim.verdict })) return true;
    return this.isOver(requestId, data, readMs);
  }

  /**
   * Whether no call can be under way for a request that read as pending, with this plugin data, in a reading begun at
   * `readMs`. A claim is left alone until it has stood too long for one, this relay's own from before a crash included:
   * whoever made it may still live.
   */
  isOver(requestId: string, data: PluginData, readMs: number): boolean {
    const standing = data.decision ?? "";
    if (standing === "") return true;
    const seen = this.#seen.get(requestId);
    if (seen?.text === standing) return readMs - seen.sinceMs >= CLAIM_LEASE_MS;
    this.#seen.set(requestId, { text: standing, sinceMs: this.#options.clock.now() });
    return false;
  }

  /** Takes the claim for a click from whatever stands in this plugin data; whether it was had. */
  async take(
    requestId: string,
    { verdict, id: clickId }: Pick<Click, "id" | "verdict">,
    data: PluginData,
  ): Promise<boolean> {
    const { teleport, randomId } = this.#options;
    const text = claimText({ verdict, clickId, attempt: randomId() });
    // Until a call begins by it, it is in nobody's way, even when the answer to this is lost.
    this.#seen.set(requestId, { text, sinceMs: Number.NEGATIVE_INFINITY });
    const update = await teleport.updatePluginData(requestId, { decision: text }, { decision: data.decision ?? "" });
    return update === "updated";
  }

  /** A call begins by the claim that was taken last. */
  begin(requestId: string): void {
    const text = this.#seen.get(requestId)?.text;
    if (text !== undefined) this.#seen.set(requestId, { text, sinceMs: this.#options.clock.now() });
  }

  /** Teleport has refused the call that was begun last: it has no effect and will have none. */
  refused(requestId: string): void {
    const text = this.#seen.get(requestId)?.text;
    if (text !== undefined) this.#seen.set(requestId, { text, sinceMs: Number.NEGATIVE_INFINITY });
  }

  /** Nothing is undecided for the request any more. */
  forget(requestId: string): void {
    this.#seen.delete(requestId);
  }
}
