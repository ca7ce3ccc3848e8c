/**
 * Journey 2 in the relay: the undecided clicks of a request, judged together and carried out. Everything is read anew
 * before each attempt. Whatever was interrupted is found out by reading, not repeated.
 */
import { type AccessRequest, endOfState } from "../shared/access-request.ts";
import type { Click } from "../shared/click.ts";
import type { Logger } from "../shared/log.ts";
import { MAX_PROBLEM_LENGTH, type Outcome, type RelayFrame, type Unnumbered } from "../shared/protocol.ts";
import type { LiveRequest } from "./access-request.ts";
import type { AuditTrail } from "./audit/trail.ts";
import { carryOut } from "./decider/carrying-out.ts";
import { claimIn } from "./decider/claim.ts";
import type { ClaimLeases } from "./decider/claim-lease.ts";
import { resolutionOf, showsReviewOf } from "./decider/decision-words.ts";
import { isAuthentic, type Verifiers } from "./decider/evidence.ts";
import {
  type DecideFrame,
  isOpen,
  type Judged,
  type JudgingOptions,
  judgeAgain,
  judgeClick,
} from "./decider/judging.ts";
import { Outcomes } from "./decider/outcomes.ts";
import { Postponed } from "./decider/postponed.ts";
import { needsMending, Retries } from "./decider/retries.ts";
import { readSituation, type Situation } from "./decider/situation.ts";
import type { WayToDecide } from "./decider/ways-to-decide.ts";
import type { Policy } from "./guard.ts";
import type { AbsenceWitness } from "./inventory/absence.ts";
import type { Lanes } from "./lanes.ts";
import type { PluginData } from "./plugin-data.ts";
import type { Clock } from "./time/clock.ts";

export interface DeciderOptions {
  readonly cluster: string;
  readonly teleport: AbsenceWitness;
  readonly way: WayToDecide;
  readonly lanes: Lanes;
  readonly trail: AuditTrail;
  readonly claims: ClaimLeases;
  readonly policy: Policy;
  /** The e-mail addresses of a Teleport user, none where they may not be read. A rejection makes the decision wait. */
  readonly requesterEmails: (user: string) => Promise<readonly string[]>;
  /** Read anew for each judgement: secrets are rotated under way. */
  readonly verifiers: () => Verifiers;
  /** Whether an incident is still to be bound to a request: clicks on it wait for that. */
  readonly isBeingBound: (requestId: string, incidentId: string) => boolean;
  readonly send: (frame: Unnumbered<RelayFrame>) => boolean;
  /** Told when a decision of ours has ended a request, with the request as it now is, and its plugin data before. */
  readonly settled: (request: AccessRequest, data: PluginData) => void;
  /** Told when Teleport has taken a click. */
  readonly taken?: (click: Click) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

export class Decider {
  readonly #options: DeciderOptions;
  readonly #judging: JudgingOptions;
  readonly #trail: AuditTrail;
  readonly #claims: ClaimLeases;
  readonly #retries: Retries;
  readonly #outcomes = new Outcomes();
  readonly #undecided = new Map<string, Map<string, DecideFrame>>();
  /** Requests that are to be judged when their turn comes. */
  readonly #queued = new Set<string>();
  /** Clicks that could not be carried out for want of something that a person must mend; others may do without it. */
  readonly #hindered = new Set<string>();
  /** What the edge has been told that a request's clicks wait for. */
  readonly #problems = new Map<string, string>();

  constructor(options: DeciderOptions) {
    this.#options = options;
    const { trail, claims } = options;
    this.#trail = trail;
    this.#claims = claims;
    this.#retries = new Retries(options.clock, options.random);
    this.#judging = { ...options, auditIsWritable: () => trail.isWritable };
  }

  /** The edge asks for a click to be carried out. The same one again gets the same answer. */
  decide(frame: DecideFrame): void {
    const known = this.#outcomes.get(frame);
    if (known !== undefined) return this.#answer(frame, known);
    const clicks = this.#undecided.get(frame.requestId) ?? new Map<string, DecideFrame>();
    this.#undecided.set(frame.requestId, clicks.set(frame.clickId, frame));
    // Who asks may not know what the click waits for.
    this.#problems.delete(frame.requestId);
    this.settle(frame.requestId);
  }

  /** Judges whatever is undecided for a request, in its turn. */
  settle(requestId: string): void {
    if (!this.#undecided.has(requestId) || this.#queued.has(requestId)) return;
    this.#queued.add(requestId);
    this.#options.lanes.add(requestId, async () => {
      this.#queued.delete(requestId);
      try {
        while (await this.#settleOnce(requestId));
        this.#retries.done(requestId);
      } catch (error) {
        this.#failed(requestId, error);
      }
    });
  }

  /** Judges everything undecided without waiting any longer: what was in the way may be mended. */
  settleAll(): void {
    for (const requestId of [...this.#undecided.keys()]) this.settle(requestId);
  }

  /** How many clicks wait to be judged or carried out. */
  get undecidedCount(): number {
    return [...this.#undecided.values()].reduce((count, clicks) => count + clicks.size, 0);
  }

  /** Judges all undecided clicks once; true when it is worth doing at once again. */
  async #settleOnce(requestId: string): Promise<boolean> {
    const situation = await readSituation(this.#options, requestId);
    // While a call may be under way for a request, nothing else is begun.
    if (!this.#claims.isFree(requestId, situation)) {
      throw new Postponed("A decision has begun, here or at another relay, and may yet take effect.");
    }
    const frames = [...(this.#undecided.get(requestId)?.values() ?? [])];
    const judged = await Promise.all(frames.map((frame) => judgeClick(this.#judging, frame, situation)));
    const open = judged.filter((each) => isOpen(each) && !isDoneBy(each, situation.live));
    for (const each of judged) if (!open.includes(each)) await this.#close(each, situation);
    const accepted = open.filter(({ judgement }) => judgement.kind === "submit");
    // An accepted denial wins over every approval, whichever came first.
    const unhindered = accepted.find(({ frame }) => !this.#hindered.has(frame.clickId));
    const chosen = accepted.find(({ click }) => click?.verdict === "deny") ?? unhindered ?? accepted[0];
    if (chosen !== undefined) {
      await this.#carryOut(chosen, situation, open.length);
      return this.#undecided.has(requestId);
    }
    if (open.some(({ judgement }) => judgement.kind === "refuse")) {
      await this.#trail.probe();
      throw new Postponed("The audit log cannot be written; approvals wait until it can.");
    }
    return false;
  }

  /** Answers a click for which there is nothing more to do. */
  async #close({ frame, click, judgement }: Judged, { live, data }: Situation): Promise<void> {
    const claim = claimIn(data);
    const isLate = judgement.kind === "refuse" && judgement.refusal === "not_pending";
    const isClaimed = isLate && claim?.clickId === click?.id && live?.request.state === (click && resolutionOf(click));
    // An answer that was lost on its way: Teleport has what this click asked for.
    if (click !== undefined && (isClaimed || isDoneBy({ click }, live)))
      return this.#applied(frame, click, { live, data });
    if (judgement.kind !== "refuse") return;
    const { refusal, state, detail } = judgement;
    const isOurs = click !== undefined || isAuthentic(frame.evidence, this.#options.verifiers());
    await this.#trail.refused(frame, click, refusal, detail, isOurs);
    const about = { requestId: frame.requestId, clickId: frame.clickId, incidentId: click?.incidentId };
    this.#options.log.info("Decision refused", { ...about, refusal });
    this.#decided(frame, { result: "refused", refusal, state, detail });
  }

  async #carryOut(judged: Judged, situation: Situation, openCount: number): Promise<void> {
    const { frame, click } = judged;
    const { live } = situation;
    if (click === undefined || live === undefined) return;
    // Time has passed: the click may have become too old, and others may have come that are to be judged with it.
    const mayBegin = (): boolean =>
      judgeAgain(this.#judging, judged, situation).judgement.kind === "submit" &&
      (this.#undecided.get(frame.requestId)?.size ?? 0) <= openCount;
    try {
      const ended = await carryOut(this.#options, { judged, click, live, situation }, mayBegin);
      if (ended === "not_begun") return;
      this.#options.taken?.(click);
      await this.#applied(frame, click, { live: ended.live, data: situation.data });
    } catch (error) {
      if (needsMending(error)) this.#hindered.add(frame.clickId);
      throw error;
    }
  }

  async #applied(frame: DecideFrame, click: Click, { live, data }: Pick<Situation, "live" | "data">): Promise<void> {
    const state = live?.request.state ?? "NONE";
    const { requestId } = frame;
    await this.#trail.ended({ requestId, clickId: click.id, verdict: click.verdict }, state);
    this.#options.log.info("Decision applied", { requestId, clickId: click.id, incidentId: click.incidentId, state });
    this.#decided(frame, { result: "applied", state });
    if (live !== undefined && endOfState(state) !== undefined) this.#options.settled(live.request, data);
  }

  #decided(frame: DecideFrame, outcome: Outcome): void {
    const clicks = this.#undecided.get(frame.requestId);
    // The edge may have asked again meanwhile, in a later epoch.
    const asked = clicks?.get(frame.clickId) ?? frame;
    clicks?.delete(frame.clickId);
    this.#hindered.delete(frame.clickId);
    if (clicks?.size === 0) {
      this.#undecided.delete(frame.requestId);
      this.#problems.delete(frame.requestId);
      this.#claims.forget(frame.requestId);
    }
    this.#outcomes.set(frame, outcome);
    this.#answer(asked, outcome);
  }

  #answer({ epoch, requestId, clickId }: DecideFrame, outcome: Outcome): void {
    this.#options.send({ type: "outcome", epoch, requestId, clickId, outcome });
  }

  #failed(requestId: string, error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    const severity = needsMending(error) ? "error" : "warn";
    this.#options.log[severity]("A decision waits; it is tried again", { requestId, problem });
    if (needsMending(error)) this.#tellWaiting(requestId, problem.slice(0, MAX_PROBLEM_LENGTH));
    this.#retries.again(requestId, error, () => this.settle(requestId));
  }

  // People who have clicked should know that it takes an admin; once is enough.
  #tellWaiting(requestId: string, problem: string): void {
    const [frame] = this.#undecided.get(requestId)?.values() ?? [];
    if (frame === undefined || this.#problems.get(requestId) === problem) return;
    const { epoch } = frame;
    if (this.#options.send({ type: "waiting", epoch, requestId, problem })) this.#problems.set(requestId, problem);
  }
}

/** Whether a request shows the very review that a click asks for, and nothing that speaks against it. */
function isDoneBy({ click }: Pick<Judged, "click">, live: LiveRequest | undefined): boolean {
  if (click === undefined || live === undefined || !showsReviewOf(live.request, click)) return false;
  return ["PENDING", resolutionOf(click)].includes(live.request.state);
}
