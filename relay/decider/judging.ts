/** A click as the edge framed it, put before the guard: its evidence read, its author looked up, and everything else. */
import type { Click } from "../../shared/click.ts";
import type { EdgeFrame } from "../../shared/edge-frames.ts";
import type { FrameOf } from "../../shared/protocol.ts";
import { type Judgement, judge, type Policy } from "../guard.ts";
import type { Clock } from "../time/clock.ts";
import { type Verifiers, verifiedClick } from "./evidence.ts";
import type { Situation } from "./situation.ts";
import type { Author, WayToDecide } from "./ways-to-decide.ts";

export type DecideFrame = FrameOf<EdgeFrame, "decide">;

export interface Judged {
  readonly frame: DecideFrame;
  /** Undefined when the evidence shows none. */
  readonly click: Click | undefined;
  readonly author: Author;
  readonly judgement: Judgement;
}

export interface JudgingOptions {
  readonly cluster: string;
  readonly policy: Policy;
  readonly way: WayToDecide;
  /** Read anew for each judgement: secrets are rotated under way. */
  readonly verifiers: () => Verifiers;
  readonly auditIsWritable: () => boolean;
  /** Whether an incident is still to be bound to a request beside others that are. */
  readonly isBeingBound: (requestId: string, incidentId: string) => boolean;
  readonly clock: Clock;
}

/** Judges one click. Rejects when it could not be asked whose word it would be. */
export async function judgeClick(options: JudgingOptions, frame: DecideFrame, situation: Situation): Promise<Judged> {
  const click = verifiedClick(frame.evidence, frame.clickId, options.verifiers());
  const isPending = situation.live?.request.state === "PENDING";
  // Nobody is looked up for a click that nothing can come of.
  const author = click && isPending ? await options.way.authorOf(click, frame.word) : ({ kind: "own" } as const);
  return judgeAgain(options, { frame, click, author }, situation);
}

/** The same at a later moment of the same attempt: what the evidence shows, and by whom, it has shown. */
export function judgeAgain(
  { cluster, policy, way, auditIsWritable, isBeingBound, clock }: JudgingOptions,
  { frame, click, author }: Pick<Judged, "frame" | "click" | "author">,
  { live, data, emails }: Situation,
): Judged {
  const judgement = judge({
    click,
    framedCluster: frame.cluster,
    cluster,
    live,
    pluginData: data,
    word: frame.word,
    requesterEmails: emails,
    policy,
    way: {
      passesThresholds: way.passesThresholds,
      hasReviewed: live !== undefined && way.hasReviewed(author, live),
      namelessBecause: author.kind === "unknown" ? author.because : null,
    },
    auditIsWritable: auditIsWritable(),
    nowMs: clock.now(),
  });
  const isTooSoon = judgement.kind === "refuse" && judgement.refusal === "wrong_incident";
  if (isTooSoon && click !== undefined && isBeingBound(frame.requestId, click.incidentId)) {
    return { frame, click, author, judgement: { kind: "wait" } };
  }
  return { frame, click, author, judgement };
}

/** Whether a click waits to be carried out, or for what keeps it from that. */
export function isOpen({ judgement }: Judged): boolean {
  return judgement.kind !== "refuse" || judgement.refusal === "audit_unavailable";
}
