/**
 * Journey 2 in the relay: the undecided clicks of a request, judged together and carried out. Everything is read anew
 * before each attempt; nothing reaches Teleport before its audit line is on disk and the claim is taken. Whatever was
 * interrupted is found out by reading, not repeated.
 */
import { endOfState, type RequestState } from "../shared/access-request.ts";
import type { Click } from "../shared/click.ts";
import type { Logger } from "../shared/log.ts";
import type { EdgeFrame, FrameOf, Outcome, RelayFrame, Unnumbered } from "../shared/protocol.ts";
import type { LiveRequest } from "./access-request.ts";
import { type AuditSink, AuditTrail } from "./audit-trail.ts";
import { CALL_BEGINS_WITHIN_MS, CLAIM_LEASE_MS, claimIn, claimText } from "./claim.ts";
import type { Clock } from "./clock.ts";
import { type Verifiers, verifiedClick } from "./evidence.ts";
import { type Judgement, judge, type Policy } from "./guard.ts";
import type { Lanes } from "./lanes.ts";
import type { PluginData } from "./plugin-data.ts";
import { TeleportError } from "./teleport/error.ts";
import type { TeleportPort } from "./teleport/port.ts";

type DecideFrame = FrameOf<EdgeFrame, "decide">;

/** Shortest and longest wait before undecided clicks are judged again after Teleport could not be asked, in ms. */
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 30_000;
/** The wait when only a person can mend what is wrong. */
const RETRY_MENDING_MS = 60_000;
/** The wait when another's claim or the disk is in the way. */
const POSTPONED_MS = 1_000;
/** How often a request is read until it shows what was set. */
const OUTCOME_READS = 5;
/** Most outcomes remembered, so that a decision which comes again gets the same answer. */
const MAX_REMEMBERED = 10_000;

export interface DeciderOptions {
  readonly cluster: string;
  readonly teleport: Pick<TeleportPort, "read" | "pluginData" | "updatePluginData" | "setState">;
  readonly lanes: Lanes;
  readonly audit: AuditSink;
  readonly policy: Policy;
  /** Read anew for each judgement: secrets are rotated under way. */
  readonly verifiers: () => Verifiers;
  readonly send: (frame: Unnumbered<RelayFrame>) => boolean;
  /** Told when a decision of ours has ended a request. */
  readonly settled: (requestId: string) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly randomId: () => string;
  readonly log: Logger;
}

interface Judged {
  readonly frame: DecideFrame;
  readonly click: Click | undefined;
  readonly judgement: Judgement;
}

/** What the clicks of a request were judged by. */
interface Situation {
  readonly live: LiveRequest | undefined;
  readonly data: PluginData;
  readonly readMs: number;
}

export class Decider {
  readonly #options: DeciderOptions;
  readonly #trail: AuditTrail;
  readonly #undecided = new Map<string, Map<string, DecideFrame>>();
  readonly #outcomes = new Map<string, Outcome>();
  /** The claim that was last seen on a request, and since when it stands; ours of this life may be replaced at once. */
  readonly #claimsSeen = new Map<string, { readonly text: string; readonly sinceMs: number }>();
  readonly #attempts = new Map<string, number>();

  constructor(options: DeciderOptions) {
    this.#options = options;
    this.#trail = new AuditTrail(options.audit, options.clock, options.log);
  }

  /** The edge asks for a click to be carried out. The same one again gets the same answer. */
  decide(frame: DecideFrame): void {
    const known = this.#outcomes.get(frame.clickId);
    if (known !== undefined) return this.#answer(frame, known);
    const clicks = this.#undecided.get(frame.requestId) ?? new Map<string, DecideFrame>();
    this.#undecided.set(frame.requestId, clicks.set(frame.clickId, frame));
    this.settle(frame.requestId);
  }

  /** Judges whatever is undecided for a request, in its turn. */
  settle(requestId: string): void {
    if (!this.#undecided.has(requestId)) return;
    this.#options.lanes.add(requestId, async () => {
      try {
        while (await this.#settleOnce(requestId));
        this.#attempts.delete(requestId);
      } catch (error) {
        this.#tryLater(requestId, error);
      }
    });
  }

  /** How many clicks wait to be judged or carried out. */
  get undecidedCount(): number {
    return [...this.#undecided.values()].reduce((count, clicks) => count + clicks.size, 0);
  }

  /** Judges all undecided clicks once; true when it is worth doing at once again. */
  async #settleOnce(requestId: string): Promise<boolean> {
    const situation = await this.#situation(requestId);
    const judged = [...(this.#undecided.get(requestId)?.values() ?? [])].map((frame) => this.#judge(frame, situation));
    for (const { frame, click, judgement } of judged) {
      if (judgement.kind !== "refuse" || judgement.refusal === "audit_unavailable") continue;
      await this.#refused(frame, click, judgement, situation);
    }
    const accepted = judged.flatMap(({ frame, judgement }) =>
      judgement.kind === "submit" ? [{ frame, click: judgement.click }] : [],
    );
    // An accepted denial wins over every approval, whichever came first.
    const chosen = accepted.find(({ click }) => click.verdict === "deny") ?? accepted[0];
    if (chosen !== undefined && situation.live !== undefined) {
      await this.#carryOut(chosen.frame, chosen.click, situation, judged);
      return this.#undecided.has(requestId);
    }
    if (judged.some(({ judgement }) => judgement.kind === "refuse" && judgement.refusal === "audit_unavailable")) {
      await this.#trail.probe();
      throw new Postponed("The audit log cannot be written; approvals wait until it can.");
    }
    return false;
  }

  async #situation(requestId: string): Promise<Situation> {
    const { teleport, clock } = this.#options;
    const readMs = clock.now();
    const [live, data] = await Promise.all([teleport.read(requestId), teleport.pluginData(requestId)]);
    return { live, data, readMs };
  }

  #judge(frame: DecideFrame, { live, data }: Situation): Judged {
    const { cluster, policy, verifiers, clock } = this.#options;
    const click = verifiedClick(frame.evidence, frame.clickId, verifiers());
    const judgement = judge({
      click,
      framedCluster: frame.cluster,
      cluster,
      live,
      pluginData: data,
      word: frame.word,
      requesterEmails: [],
      policy,
      auditIsWritable: this.#trail.isWritable,
      nowMs: clock.now(),
    });
    return { frame, click, judgement };
  }

  async #refused(
    frame: DecideFrame,
    click: Click | undefined,
    judgement: Extract<Judgement, { kind: "refuse" }>,
    { live, data }: Situation,
  ): Promise<void> {
    const { refusal, state, detail } = judgement;
    const claim = claimIn(data);
    const isOurDoing =
      click !== undefined && claim?.clickId === click.id && live?.request.state === resolutionOf(click);
    // An answer that was lost on its way: Teleport has what this click asked for, by this click's claim.
    if (refusal === "not_pending" && isOurDoing) return this.#applied(frame, click, live.request.state);
    await this.#trail.refused(frame, click, refusal, detail);
    this.#options.log.info("Decision refused", { requestId: frame.requestId, clickId: frame.clickId, refusal });
    this.#decided(frame, { result: "refused", refusal, state, detail });
  }

  async #carryOut(frame: DecideFrame, click: Click, situation: Situation, judged: readonly Judged[]): Promise<void> {
    const { teleport, clock, log } = this.#options;
    const { requestId } = frame;
    if (!(await this.#trail.intended(frame, click))) {
      throw new Postponed("The audit log cannot be written; approvals wait until it can.");
    }
    const takenMs = await this.#claim(requestId, click, situation.data);
    if (clock.now() - takenMs > CALL_BEGINS_WITHIN_MS) throw new Postponed("Teleport took too long to take the claim.");
    // Time has passed: the click may have become too old, and others may have come that are to be judged with it.
    const mayBegin = this.#judge(frame, situation).judgement.kind === "submit";
    if (!mayBegin || (this.#undecided.get(requestId)?.size ?? 0) > judged.filter(isOpen).length) return;
    const state = resolutionOf(click);
    log.info("Deciding", { requestId, clickId: click.id, incidentId: click.incidentId, state });
    const words = { delegator: delegatorFor(frame, click), reason: reasonFor(frame, click) };
    const setting = await teleport.setState(requestId, state, words);
    if (setting !== "set") throw new Postponed("Teleport did not take the decision; the request is read again.");
    await this.#applied(frame, click, await this.#stateNow(requestId));
  }

  /**
   * Takes the claim for a click and tells when. Another's claim is left alone until it has stood too long for its owner to
   * begin a call, this click's own from before a crash included: whoever made it may still live.
   */
  async #claim(requestId: string, click: Click, data: PluginData): Promise<number> {
    const { teleport, clock, randomId } = this.#options;
    const standing = data.decision ?? "";
    if (standing !== "" && !this.#mayReplace(requestId, standing)) {
      throw new Postponed("Another relay, or this one before its restart, has begun a decision.");
    }
    const text = claimText({ verdict: click.verdict, clickId: click.id, attempt: randomId() });
    const takenMs = clock.now();
    const update = await teleport.updatePluginData(requestId, { decision: text }, { decision: standing });
    if (update !== "updated") throw new Postponed("Another relay was quicker to claim the decision.");
    this.#claimsSeen.set(requestId, { text, sinceMs: takenMs - CLAIM_LEASE_MS });
    return takenMs;
  }

  #mayReplace(requestId: string, standing: string): boolean {
    const nowMs = this.#options.clock.now();
    const seen = this.#claimsSeen.get(requestId);
    if (seen?.text === standing) return nowMs - seen.sinceMs >= CLAIM_LEASE_MS;
    this.#claimsSeen.set(requestId, { text: standing, sinceMs: nowMs });
    return false;
  }

  async #stateNow(requestId: string): Promise<RequestState> {
    const { teleport, clock } = this.#options;
    for (let read = 1; read <= OUTCOME_READS; read++) {
      const live = await teleport.read(requestId);
      // Gone the moment it was decided: what was set last is all that can be said.
      if (live === undefined) return "NONE";
      if (live.request.state !== "PENDING") return live.request.state;
      await clock.sleep(RETRY_MIN_MS * read);
    }
    throw new Error(`Teleport took a decision for request ${requestId} but still shows it pending`);
  }

  async #applied(frame: DecideFrame, click: Click, state: RequestState): Promise<void> {
    await this.#trail.ended(frame, click, state);
    this.#options.log.info("Decision applied", { requestId: frame.requestId, clickId: click.id, state });
    this.#decided(frame, { result: "applied", state });
    if (endOfState(state) !== undefined) this.#options.settled(frame.requestId);
  }

  #decided(frame: DecideFrame, outcome: Outcome): void {
    const clicks = this.#undecided.get(frame.requestId);
    clicks?.delete(frame.clickId);
    if (clicks?.size === 0) {
      this.#undecided.delete(frame.requestId);
      this.#claimsSeen.delete(frame.requestId);
    }
    this.#outcomes.set(frame.clickId, outcome);
    const [oldest] = this.#outcomes.keys();
    if (this.#outcomes.size > MAX_REMEMBERED && oldest !== undefined) this.#outcomes.delete(oldest);
    this.#answer(frame, outcome);
  }

  #answer({ epoch, requestId, clickId }: DecideFrame, outcome: Outcome): void {
    this.#options.send({ type: "outcome", epoch, requestId, clickId, outcome });
  }

  #tryLater(requestId: string, error: unknown): void {
    const { clock, random, log } = this.#options;
    const attempts = (this.#attempts.get(requestId) ?? 0) + 1;
    this.#attempts.set(requestId, attempts);
    const problem = error instanceof Error ? error.message : String(error);
    const needsMending = error instanceof TeleportError && !error.retryable;
    const span = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(attempts, 8));
    const longMs = error instanceof Postponed ? POSTPONED_MS : RETRY_MIN_MS + random() * span;
    log[needsMending ? "error" : "warn"]("A decision waits; it is tried again", { requestId, problem });
    clock.after(needsMending ? RETRY_MENDING_MS : longMs, () => this.settle(requestId));
  }
}

/** A decision cannot be carried out just now, and soon may be. */
class Postponed extends Error {
  override readonly name = "Postponed";
}

function isOpen({ judgement }: Judged): boolean {
  return judgement.kind !== "refuse" || judgement.refusal === "audit_unavailable";
}

function resolutionOf({ verdict }: Click): "APPROVED" | "DENIED" {
  return verdict === "approve" ? "APPROVED" : "DENIED";
}

function delegatorFor({ word }: DecideFrame, { agent }: Click): string {
  return `pagerduty:${word.email ?? agent?.id ?? ""}`;
}

// What the signed bytes hold trimmed, the edge has whole.
function reasonFor({ word }: DecideFrame, { id, reason }: Click): string {
  const words = word.reason.length > reason.length ? word.reason : reason;
  return `${words === "" ? "" : `${words} `}[pd:${id}]`;
}
