/**
 * On-call auto-approval: what the edge found out of a requester, judged, claimed and carried out in the request's turn like
 * a click. The edge asks again while the request is pending, so that nothing is retried here.
 */
import { type AccessRequest, endOfState } from "../shared/access-request.ts";
import { AUTO_CLICK_ID, autoApprovalReason } from "../shared/auto-approval.ts";
import type { Logger } from "../shared/log.ts";
import type { Outcome, RelayFrame, Unnumbered } from "../shared/protocol.ts";
import type { Refusal } from "../shared/refusal.ts";
import type { LiveRequest } from "./access-request.ts";
import type { AuditRecord } from "./audit/record.ts";
import type { AuditTrail } from "./audit/trail.ts";
import { type AutoApproveFrame, type AutoJudgement, judgeAutoApproval } from "./auto-approval/guard.ts";
import { claimAndCall } from "./decider/carrying-out.ts";
import type { ClaimLeases } from "./decider/claim-lease.ts";
import { type DecidedClick, showsReviewOf } from "./decider/decision-words.ts";
import { Postponed } from "./decider/postponed.ts";
import { readSituation, type Situation } from "./decider/situation.ts";
import type { Author, WayToDecide } from "./decider/ways-to-decide.ts";
import type { Policy } from "./guard.ts";
import type { Lanes } from "./lanes.ts";
import type { PluginData } from "./plugin-data.ts";
import type { TeleportPort } from "./teleport/port.ts";
import type { Clock } from "./time/clock.ts";
import { ExpiringMap } from "./time/expiring-map.ts";

/** Of how many requests, and for how long in ms, it is remembered what the audit log was told: the edge asks again. */
const MAX_TOLD = 1000;
const TOLD_FOR_MS = 24 * 60 * 60 * 1000;

/** Whoever is on call is in nobody's name but the relay's. */
const OWN: Author = { kind: "own" };

export interface AutoApproverOptions {
  readonly cluster: string;
  readonly teleport: Pick<TeleportPort, "read" | "pluginData" | "updatePluginData" | "watch">;
  readonly way: WayToDecide;
  readonly lanes: Lanes;
  readonly trail: AuditTrail;
  readonly claims: ClaimLeases;
  readonly policy: Policy;
  /** The e-mail addresses of a Teleport user, none where they may not be read. */
  readonly requesterEmails: (user: string) => Promise<readonly string[]>;
  readonly send: (frame: Unnumbered<RelayFrame>) => boolean;
  /** Told when an approval of ours has ended a request, with the request as it now is, and its plugin data before. */
  readonly settled: (request: AccessRequest, data: PluginData) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

type AutoRecord = Extract<AuditRecord, { kind: "auto_intent" | "auto_refusal" }>;
type Submission = Extract<AutoJudgement, { kind: "submit" }>;

export class AutoApprover {
  readonly #options: AutoApproverOptions;
  /** What the audit log was last told of a request. */
  readonly #told: ExpiringMap<string, string>;

  constructor(options: AutoApproverOptions) {
    this.#options = options;
    this.#told = new ExpiringMap({ maxEntries: MAX_TOLD, lifeMs: TOLD_FOR_MS, now: options.clock.now });
  }

  /** The edge found the requester on call. */
  approve(frame: AutoApproveFrame): void {
    const { lanes, log } = this.#options;
    const { requestId } = frame;
    lanes.add(requestId, async () => {
      try {
        const outcome = await this.#outcomeOf(frame);
        if (outcome !== undefined) this.#answer(frame, outcome);
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error);
        log.warn("A request of somebody on call waits; the edge asks again", { requestId, problem });
      }
    });
  }

  async #outcomeOf(frame: AutoApproveFrame): Promise<Outcome | undefined> {
    const { claims, log } = this.#options;
    const { requestId } = frame;
    const situation = await readSituation(this.#options, requestId);
    const { live } = situation;
    if (live !== undefined && showsReviewOf(live.request, { id: AUTO_CLICK_ID, verdict: "approve" })) {
      return { result: "applied", state: live.request.state };
    }
    const judgement = this.#judge(frame, situation);
    if (judgement.kind === "ignore") {
      log.warn("A request of somebody on call was not judged", { requestId, problem: judgement.because });
      return undefined;
    }
    if (judgement.kind === "refuse") return this.#refused(frame, judgement.refusal, judgement.state);
    if (!claims.isFree(requestId, situation)) {
      throw new Postponed("A decision has begun, here or at another relay, and may yet take effect.");
    }
    return this.#carryOut(frame, judgement, situation);
  }

  #judge(frame: AutoApproveFrame, { live, emails }: Situation): AutoJudgement {
    const { cluster, policy, way } = this.#options;
    return judgeAutoApproval({
      frame,
      cluster,
      live,
      requesterEmails: emails,
      policy,
      passesThresholds: way.passesThresholds,
      hasReviewed: live !== undefined && way.hasReviewed(OWN, live),
    });
  }

  async #carryOut(frame: AutoApproveFrame, { live, services }: Submission, situation: Situation): Promise<Outcome> {
    const { requestId, person } = frame;
    const click: DecidedClick = {
      id: AUTO_CLICK_ID,
      verdict: "approve",
      agent: { id: person.id, type: "user_reference" },
      reason: autoApprovalReason(live.request.user, services),
    };
    const order = { click, word: { email: person.email, reason: "" }, live, author: OWN };
    let isWritten = false;
    const intend = async (): Promise<boolean> => {
      const record: AutoRecord = { kind: "auto_intent", ...this.#subjectOf(frame) };
      isWritten = this.#isTold(record) || (await this.#options.trail.write(record));
      if (isWritten) this.#told.set(requestId, textOf(record));
      return isWritten;
    };
    const steps = { intend, mayBegin: () => true };
    try {
      const ended = await claimAndCall(this.#options, order, situation.data, steps);
      this.#options.claims.forget(requestId);
      const live = ended === "not_begun" ? undefined : ended.live;
      return await this.#applied(frame, { live, data: situation.data });
    } catch (error) {
      if (!isWritten) return this.#refused(frame, "audit_unavailable", live.request.state);
      throw error;
    }
  }

  async #applied(frame: AutoApproveFrame, { live, data }: Pick<Situation, "live" | "data">): Promise<Outcome> {
    const { requestId } = frame;
    const state = live?.request.state ?? "NONE";
    const { clickId, verdict } = this.#subjectOf(frame);
    await this.#options.trail.ended({ requestId, clickId, verdict }, state);
    this.#told.set(requestId, state);
    this.#options.log.info("Approved, because the requester is on call", { requestId, state });
    if (live !== undefined && endOfState(state) !== undefined) this.#options.settled(live.request, data);
    return { result: "applied", state };
  }

  async #refused(frame: AutoApproveFrame, refusal: Refusal, state: LiveRequest["request"]["state"] | null) {
    const { requestId } = frame;
    this.#options.log.info("Not approved, though the requester is on call", { requestId, refusal });
    const record: AutoRecord = { kind: "auto_refusal", ...this.#subjectOf(frame), refusal };
    if (!this.#isTold(record)) await this.#options.trail.tell(record);
    this.#told.set(requestId, textOf(record));
    return { result: "refused", refusal, state, detail: "" } as const;
  }

  // The same again is no news to the log.
  #isTold(record: AutoRecord): boolean {
    return this.#told.get(record.requestId) === textOf(record);
  }

  #subjectOf({ requestId, person, services }: AutoApproveFrame) {
    const { id: personId, email, name } = person;
    const time = new Date(this.#options.clock.now()).toISOString();
    const verdict = "approve" as const;
    return { time, requestId, clickId: AUTO_CLICK_ID, verdict, personId, edgeWord: { email, name }, services };
  }

  #answer({ epoch, requestId }: AutoApproveFrame, outcome: Outcome): void {
    this.#options.send({ type: "auto_outcome", epoch, requestId, outcome });
  }
}

function textOf({ time: _, ...said }: AutoRecord): string {
  return JSON.stringify(said);
}
