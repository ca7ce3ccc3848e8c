/**
 * Journey 2 in the relay: the undecided clicks of a request, judged together and carried out. Everything is read anew
 * before each attempt; nothing reaches Teleport before its audit line is on disk and the claim is taken. Whatever was
 * interrupted is found out by reading, not repeated.
 */
import { type AccessRequest, endOfState } from "../shared/access-request.ts";
import type { Click } from "../shared/click.ts";
import type { Logger } from "../shared/log.ts";
import type { EdgeFrame, FrameOf, Outcome, RelayFrame, Unnumbered } from "../shared/protocol.ts";
import type { LiveRequest } from "./access-request.ts";
import { type AuditSink, AuditTrail } from "./audit-trail.ts";
import { CALL_BEGINS_WITHIN_MS, claimIn } from "./claim.ts";
import { ClaimLeases } from "./claim-lease.ts";
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
  /** The e-mail addresses of a Teleport user, none where they may not be read. A rejection makes the decision wait. */
  readonly requesterEmails: (user: string) => Promise<readonly string[]>;
  /** Read anew for each judgement: secrets are rotated under way. */
  readonly verifiers: () => Verifiers;
  readonly send: (frame: Unnumbered<RelayFrame>) => boolean;
  /** Told when a decision of ours has ended a request, with the request as it now is. */
  readonly settled: (request: AccessRequest) => void;
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
  /** Of the requester; empty when the request is not pending. */
  readonly emails: readonly string[];
  /** When the reading began: whatever came about before shows in it. */
  readonly readMs: number;
}

/** The attempts that failed since the last that did not, and what takes back the next. */
interface Retry {
  readonly attempts: number;
  readonly cancel: () => void;
}

export class Decider {
  readonly #options: DeciderOptions;
  readonly #trail: AuditTrail;
  readonly #claims: ClaimLeases;
  readonly #undecided = new Map<string, Map<string, DecideFrame>>();
  /** Requests that are to be judged when their turn comes. */
  readonly #queued = new Set<string>();
  readonly #outcomes = new Map<string, Outcome>();
  readonly #retries = new Map<string, Retry>();

  constructor(options: DeciderOptions) {
    this.#options = options;
    this.#trail = new AuditTrail(options.audit, options.clock, options.log);
    this.#claims = new ClaimLeases(options);
  }

  /** The edge asks for a click to be carried out. The same one again gets the same answer. */
  decide(frame: DecideFrame): void {
    const known = this.#outcomes.get(outcomeKey(frame));
    if (known !== undefined) return this.#answer(frame, known);
    const clicks = this.#undecided.get(frame.requestId) ?? new Map<string, DecideFrame>();
    this.#undecided.set(frame.requestId, clicks.set(frame.clickId, frame));
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
        this.#retries.get(requestId)?.cancel();
        this.#retries.delete(requestId);
      } catch (error) {
        this.#tryLater(requestId, error);
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
    const situation = await this.#situation(requestId);
    const { live, data, readMs } = situation;
    if (live?.request.state === "PENDING" && !this.#claims.isOver(requestId, data, readMs)) {
      throw new Postponed("A decision has begun, here or at another relay, and may yet take effect.");
    }
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
    if (chosen !== undefined) {
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
    const { teleport, clock, requesterEmails } = this.#options;
    const readMs = clock.now();
    const [live, data] = await Promise.all([teleport.read(requestId), teleport.pluginData(requestId)]);
    if (live === undefined) return { live, data, emails: [], readMs };
    if (live.request.state === "PENDING")
      return { live, data, emails: await requesterEmails(live.request.user), readMs };
    // What ended it may have been claimed after the plugin data was read, and before the request was.
    return { live, data: await teleport.pluginData(requestId), emails: [], readMs };
  }

  #judge(frame: DecideFrame, { live, data, emails }: Situation): Judged {
    const { cluster, policy, verifiers, clock } = this.#options;
    const click = verifiedClick(frame.evidence, frame.clickId, verifiers());
    const judgement = judge({
      click,
      framedCluster: frame.cluster,
      cluster,
      live,
      pluginData: data,
      word: frame.word,
      requesterEmails: emails,
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
    if (refusal === "not_pending" && isOurDoing) return this.#applied(frame, click, live);
    await this.#trail.refused(frame, click, refusal, detail);
    this.#options.log.info("Decision refused", { requestId: frame.requestId, clickId: frame.clickId, refusal });
    this.#decided(frame, { result: "refused", refusal, state, detail });
  }

  async #carryOut(frame: DecideFrame, click: Click, situation: Situation, judged: readonly Judged[]): Promise<void> {
    const { teleport, clock, log } = this.#options;
    const { requestId } = frame;
    const judgedMs = clock.now();
    if (!(await this.#trail.intended(frame, click))) {
      throw new Postponed("The audit log cannot be written; approvals wait until it can.");
    }
    if (!(await this.#claims.take(requestId, click, situation.data))) {
      throw new Postponed("Another relay was quicker to claim the decision.");
    }
    if (clock.now() - judgedMs > CALL_BEGINS_WITHIN_MS) {
      throw new Postponed("The audit log or Teleport's claim took too long; the request is read again.");
    }
    // Time has passed: the click may have become too old, and others may have come that are to be judged with it.
    const mayBegin = this.#judge(frame, situation).judgement.kind === "submit";
    if (!mayBegin || (this.#undecided.get(requestId)?.size ?? 0) > judged.filter(isOpen).length) return;
    const state = resolutionOf(click);
    log.info("Deciding", { requestId, clickId: click.id, incidentId: click.incidentId, state });
    const words = { delegator: delegatorFor(frame, click), reason: reasonFor(frame, click) };
    // Should the answer be lost, the call may yet take effect: nothing else is done until it no longer can.
    this.#claims.begin(requestId);
    const setting = await teleport.setState(requestId, state, words);
    if (setting !== "set") throw new Postponed("Teleport did not take the decision; the request is read again.");
    await this.#applied(frame, click, await this.#resolved(requestId));
  }

  /** The request once it shows what was set; undefined when it is gone the moment it was decided. */
  async #resolved(requestId: string): Promise<LiveRequest | undefined> {
    const { teleport, clock } = this.#options;
    for (let read = 1; read <= OUTCOME_READS; read++) {
      const live = await teleport.read(requestId);
      if (live?.request.state !== "PENDING") return live;
      await clock.sleep(RETRY_MIN_MS * read);
    }
    throw new Error(`Teleport took a decision for request ${requestId} but still shows it pending`);
  }

  async #applied(frame: DecideFrame, click: Click, live: LiveRequest | undefined): Promise<void> {
    const state = live?.request.state ?? "NONE";
    await this.#trail.ended(frame, click, state);
    this.#options.log.info("Decision applied", { requestId: frame.requestId, clickId: click.id, state });
    this.#decided(frame, { result: "applied", state });
    if (live !== undefined && endOfState(state) !== undefined) this.#options.settled(live.request);
  }

  #decided(frame: DecideFrame, outcome: Outcome): void {
    const clicks = this.#undecided.get(frame.requestId);
    // The edge may have asked again meanwhile, in a later epoch.
    const asked = clicks?.get(frame.clickId) ?? frame;
    clicks?.delete(frame.clickId);
    if (clicks?.size === 0) {
      this.#undecided.delete(frame.requestId);
      this.#claims.forget(frame.requestId);
    }
    this.#outcomes.set(outcomeKey(frame), outcome);
    const [oldest] = this.#outcomes.keys();
    if (this.#outcomes.size > MAX_REMEMBERED && oldest !== undefined) this.#outcomes.delete(oldest);
    this.#answer(asked, outcome);
  }

  #answer({ epoch, requestId, clickId }: DecideFrame, outcome: Outcome): void {
    this.#options.send({ type: "outcome", epoch, requestId, clickId, outcome });
  }

  #tryLater(requestId: string, error: unknown): void {
    const { clock, random, log } = this.#options;
    const { attempts: before = 0, cancel } = this.#retries.get(requestId) ?? {};
    const attempts = before + 1;
    const problem = error instanceof Error ? error.message : String(error);
    const needsMending = error instanceof TeleportError && !error.retryable;
    const span = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(attempts, 8));
    const longMs = error instanceof Postponed ? POSTPONED_MS : RETRY_MIN_MS + random() * span;
    log[needsMending ? "error" : "warn"]("A decision waits; it is tried again", { requestId, problem });
    cancel?.();
    const again = clock.after(needsMending ? RETRY_MENDING_MS : longMs, () => this.settle(requestId));
    this.#retries.set(requestId, { attempts, cancel: again });
  }
}

/** A decision cannot be carried out just now, and soon may be. */
class Postponed extends Error {
  override readonly name = "Postponed";
}

// One click stands for one request; should it be asked for on another, that is another question.
function outcomeKey({ requestId, clickId }: DecideFrame): string {
  return JSON.stringify([requestId, clickId]);
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
