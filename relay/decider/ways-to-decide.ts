/**
 * The ways of making a decision in Teleport (`teleport.decide_by`): by setting the request's state, by a review of the
 * relay's own user, by a review in the name of the person who clicked. A way says under whose name a click goes and makes
 * the one call; whether it may be made, the guard says.
 */
import type { Click } from "../../shared/click.ts";
import type { EdgeWord } from "../../shared/edge-frames.ts";
import type { LiveRequest } from "../access-request.ts";
import type { DecideBy } from "../commands/check/role.ts";
import { sameName } from "../guard/same-person.ts";
import type { Policy } from "../guard.ts";
import { TeleportError } from "../teleport/error.ts";
import type { TeleportPort } from "../teleport/port.ts";
import type { Clock } from "../time/clock.ts";
import { type DecidedClick, delegatorFor, reasonFor, resolutionOf } from "./decision-words.ts";

/** Whose word in Teleport a click becomes: the relay's own user's, another user's, or it cannot be told and why. */
export type Author =
  | { readonly kind: "own" }
  | { readonly kind: "user"; readonly name: string }
  | { readonly kind: "unknown"; readonly because: string };

/** A click that was let through. */
export interface Order {
  readonly click: DecidedClick;
  readonly word: Pick<EdgeWord, "email" | "reason">;
  readonly live: LiveRequest;
  readonly author: Author;
}

/**
 * How a call ended: with the request as it is now, or with no more than that Teleport took it; `unclear` when only a read
 * can tell what has become of the request.
 */
export type Carried = LiveRequest | "taken" | "unclear";

export interface WayToDecide {
  /** Whether it passes every threshold by. */
  readonly passesThresholds: boolean;
  /** Under whose name a click would go. Rejects with a `TeleportError` when Teleport could not be asked. */
  authorOf(click: Click, word: EdgeWord): Promise<Author>;
  /** Whether a request has the one review that Teleport takes of an author. */
  hasReviewed(author: Author, live: LiveRequest): boolean;
  /** Makes the call, once. Rejects with a `TeleportError`. */
  carryOut(order: Order): Promise<Carried>;
}

export interface WaysOptions {
  readonly teleport: Pick<TeleportPort, "setState" | "submitReview" | "userTraits">;
  /** The relay's own Teleport user. */
  readonly ownUser: string;
  readonly policy: Pick<Policy, "users" | "identity">;
  readonly clock: Clock;
}

const OWN: Author = { kind: "own" };

/** The configured way. */
export function wayToDecide(decideBy: DecideBy, options: WaysOptions): WayToDecide {
  switch (decideBy) {
    case "state":
      return byState(options);
    case "review":
      return { ...byReview(options), authorOf: async () => OWN };
    case "review_on_behalf":
      return { ...byReview(options), authorOf: (click, word) => authorFor(options, click, word) };
  }
}

function byState({ teleport }: WaysOptions): WayToDecide {
  return {
    passesThresholds: true,
    authorOf: async () => OWN,
    hasReviewed: () => false,
    async carryOut({ click, word, live }) {
      const { request, assumeStartMs } = live;
      const words = { delegator: delegatorFor(word, click), reason: reasonFor(word, click), assumeStartMs };
      return (await teleport.setState(request.id, resolutionOf(click), words)) === "set" ? "taken" : "unclear";
    },
  };
}

function byReview({ teleport, ownUser, clock }: WaysOptions): Omit<WayToDecide, "authorOf"> {
  return {
    passesThresholds: false,
    hasReviewed: (author, { request }) => {
      const name = author.kind === "user" ? author.name : ownUser;
      return author.kind !== "unknown" && request.reviews.some((review) => review.author === name);
    },
    async carryOut({ click, word, live, author }) {
      const { request, assumeStartMs } = live;
      const reason = reasonFor(word, click);
      const named = author.kind === "user";
      const submitted = await teleport.submitReview(request.id, {
        author: named ? author.name : null,
        proposedState: resolutionOf(click),
        // The relay's own name says nothing of who decided.
        reason: named ? reason : `${delegatorFor(word, click)}: ${reason}`,
        createdMs: clock.now(),
        assumeStartMs,
      });
      return typeof submitted === "string" ? "unclear" : submitted;
    },
  };
}

const MAP_THEM =
  "Have exactly one Teleport user named for this PagerDuty user in [policy.users] of the relay's configuration, or decide in Teleport.";

/**
 * The Teleport user who clicked: the one that `[policy.users]` names, or the one whose name is the person's address,
 * letter for letter, unless the mapping knows better. A denial by somebody unknown is the relay's own: it gives nobody
 * anything.
 */
async function authorFor(options: WaysOptions, click: Click, word: EdgeWord): Promise<Author> {
  const author = await namedAuthor(options, click.agent?.id ?? "", word.email);
  return author.kind === "unknown" && click.verdict === "deny" ? OWN : author;
}

async function namedAuthor(
  { teleport, policy: { users, identity } }: WaysOptions,
  personId: string,
  email: string | null,
): Promise<Author> {
  const mapped = Object.hasOwn(users, personId) ? (users[personId] ?? []) : [];
  const [only] = mapped;
  if (only !== undefined && mapped.length === 1) return { kind: "user", name: only };
  const unknown: Author = { kind: "unknown", because: MAP_THEM };
  if (email === null || email === "" || identity === "mapped") return unknown;
  if (mapped.length > 1) return mapped.includes(email) ? { kind: "user", name: email } : unknown;
  const isAnothers = Object.values(users).some((names) => names.some((name) => sameName(name, email)));
  if (isAnothers) return unknown;
  return (await hasUser(teleport, email)) ? { kind: "user", name: email } : unknown;
}

// Without the right to read users it cannot be told whether there is one: nobody is named then.
async function hasUser(teleport: Pick<TeleportPort, "userTraits">, name: string): Promise<boolean> {
  try {
    return (await teleport.userTraits(name)) !== undefined;
  } catch (error) {
    if (error instanceof TeleportError && error.code === "permission_denied") return false;
    throw error;
  }
}
