/** Whether PagerDuty does what we ask, from what was last seen: told to relays and shown on the status. */
import type { EdgeFrame } from "../../shared/edge-frames.ts";
import type { FrameOf } from "../../shared/protocol.ts";
import type { ClusterConfig } from "../config/cluster-config.ts";
import type { PagerDuty } from "../pagerduty.ts";
import { PagerDutyError } from "./error.ts";
import type { People } from "./people.ts";
import { Troubles } from "./troubles.ts";

/** What a check is among the work that may show a problem. */
const CHECK = "check";

/** How long the answer to a check is good for, in ms. */
const CHECK_EVERY_MS = 60_000;

export interface PagerDutyHealthOptions {
  readonly config: ClusterConfig;
  readonly pagerDuty: PagerDuty;
  readonly people: People;
  readonly now: () => number;
  /** Remembers what an operator should know. */
  readonly fault: (what: string) => void;
  /** Told when the answer has become another. */
  readonly changed: () => void;
}

export class PagerDutyHealth {
  readonly #options: PagerDutyHealthOptions;
  readonly #checks = new Troubles();
  /** What the checks showed last, and what other calls did. */
  #ofChecks: string | null = null;
  #ofCalls: string | null = null;
  #told: string | null = null;
  #checkedMs: number | null = null;
  #seenMs: number | null = null;
  #askedMs = 0;

  constructor(options: PagerDutyHealthOptions) {
    this.#options = options;
  }

  /** What is wrong; null when nothing is. */
  get problem(): string | null {
    return this.#ofChecks ?? this.#ofCalls;
  }

  /** When PagerDuty was last seen to do what we ask or not, ms since the epoch; null: never in this life. */
  get seenMs(): number | null {
    return this.#seenMs;
  }

  get frame(): FrameOf<EdgeFrame, "health"> {
    return { type: "health", pagerduty: { ok: this.problem === null, problem: this.problem } };
  }

  /** What calls other than the checks show: a problem, or null when they go well. It mends nothing that a check found. */
  seen(problem: string | null): void {
    this.#ofCalls = problem;
    if (problem === null) this.#ofChecks = this.#checks.ended("");
    this.#tell();
  }

  /** Checks again while the last check found something, once in a while. */
  async look(): Promise<void> {
    if (this.#ofChecks !== null && this.#options.now() - this.#askedMs >= CHECK_EVERY_MS) await this.check();
  }

  /** Asks PagerDuty, unless it was asked just now: the key, the service, and the user that we write as. */
  async check(): Promise<void> {
    const { config, pagerDuty, people, now } = this.#options;
    if (this.#checkedMs !== null && now() - this.#checkedMs < CHECK_EVERY_MS) return;
    this.#checkedMs = now();
    this.#askedMs = now();
    try {
      await Promise.all([people.botId(), pagerDuty.service(config.serviceId)]);
      this.#checked(people.botProblem, false);
    } catch (error) {
      this.#checkedMs = null;
      if (!(error instanceof PagerDutyError)) throw error;
      const isGone = error.code === "not_found";
      this.#checked(
        isGone ? `PagerDuty has no service ${config.serviceId} (service_id)` : error.message,
        error.retryable,
      );
    }
  }

  #checked(problem: string | null, passes: boolean): void {
    this.#ofChecks = this.#checks.ended(CHECK);
    if (problem !== null) this.#ofChecks = this.#checks.seen(CHECK, problem, passes);
    this.#tell();
  }

  #tell(): void {
    const { problem } = this;
    this.#seenMs = this.#options.now();
    if (problem === this.#told) return;
    this.#told = problem;
    if (problem !== null) this.#options.fault(problem);
    this.#options.changed();
  }
}
