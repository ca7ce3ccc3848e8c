/**
 * The frame `request` for an access request: whom the rules notify of it, and the names that people know its resources by.
 * What must be asked for first is waited for, but not for long: a page without a name, or to the service that every request
 * goes to, is better than none.
 */
import type { AccessRequest } from "../../shared/access-request.ts";
import { listingFor } from "../../shared/listing.ts";
import type { Logger } from "../../shared/log.ts";
import type { FrameOf, RelayFrame, Unnumbered } from "../../shared/protocol.ts";
import type { RuleBook } from "../rules/book.ts";
import type { Traits } from "../teleport/port.ts";
import type { Clock } from "../time/clock.ts";
import { within } from "../time/within.ts";
import type { Predecessors } from "./predecessors.ts";
import type { ResourceNames } from "./resource-names.ts";
import type { UserTraits } from "./user-traits.ts";

/** The longest that a page waits to know the rules, or the requester's traits, in ms. */
export const RULES_WITHIN_MS = 2_000;

/** The frame before it has a number. */
export type RequestFrame = Unnumbered<FrameOf<RelayFrame, "request">>;

export interface RequestFramesOptions {
  readonly rules: Pick<RuleBook, "isCurrent" | "asksTraits" | "refresh" | "recipientsFor">;
  readonly traits: Pick<UserTraits, "known" | "read">;
  readonly names: Pick<ResourceNames, "hasAll" | "find" | "named">;
  readonly predecessors: Pick<Predecessors, "listed" | "knows" | "known" | "find">;
  readonly clock: Clock;
  readonly log: Logger;
}

export class RequestFrames {
  readonly #options: RequestFramesOptions;

  constructor(options: RequestFramesOptions) {
    this.#options = options;
  }

  /** These requests are pending, as the first list and every later one show. */
  listed(requestIds: Iterable<string>): void {
    this.#options.predecessors.listed(requestIds);
  }

  /** The frame, if nothing must be asked for first. */
  now(request: AccessRequest): RequestFrame | undefined {
    const { rules, traits, names, predecessors } = this.#options;
    if (!rules.isCurrent || !names.hasAll(request) || !predecessors.knows(request.id)) return undefined;
    const known = rules.asksTraits ? traits.known(request.user) : {};
    return known === undefined ? undefined : this.#frame(request, known);
  }

  /**
   * The frame once everything is known, or has been waited for long enough. Rejects with a `TeleportError` only when it
   * cannot be told whether the request has been paged before we came.
   */
  async later(request: AccessRequest): Promise<RequestFrame> {
    const { names, predecessors } = this.#options;
    const lookUps = [this.#traits(request), names.find(request), predecessors.find(request.id)] as const;
    const [traits] = await Promise.all(lookUps);
    return this.#frame(request, traits);
  }

  async #traits(request: AccessRequest): Promise<Traits> {
    const { rules, traits, clock, log } = this.#options;
    const { id: requestId, user } = request;
    const ask = async (): Promise<Traits> => {
      if (!rules.isCurrent) await rules.refresh();
      return rules.asksTraits ? traits.read(user) : {};
    };
    try {
      const known = await within(clock, RULES_WITHIN_MS, ask());
      if (known !== undefined) return known;
      log.warn("A request is sent by the rules that are known, without traits: Teleport is slow", { requestId });
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      log.warn("A request is sent without its user's traits", { requestId, problem });
    }
    return {};
  }

  #frame(request: AccessRequest, traits: Traits): RequestFrame {
    const { rules, names, predecessors } = this.#options;
    const adopt = predecessors.known(request.id);
    const named = names.named(request);
    // What cannot be shown whole cannot be approved: names are not worth that.
    const shown = listingFor(named).complete ? named : request;
    return {
      type: "request",
      request: shown,
      recipients: [...rules.recipientsFor(request, traits)],
      ...(adopt && { adopt }),
    };
  }
}
