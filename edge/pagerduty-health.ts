/** Whether PagerDuty does what we ask, from what was last seen: told to relays and shown on the status. */
import type { EdgeFrame, FrameOf } from "../shared/protocol.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { PagerDutyError } from "./pagerduty/error.ts";
import type { PagerDuty } from "./pagerduty.ts";
import type { People } from "./people.ts";

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
  #problem: string | null = null;
  #checkedMs: number | null = null;

  constructor(options: PagerDutyHealthOptions) {
    this.#options = options;
  }

  /** What is wrong; null when nothing is. */
  get problem(): string | null {
    return this.#problem;
  }

  get frame(): FrameOf<EdgeFrame, "health"> {
    return { type: "health", pagerduty: { ok: this.#problem === null, problem: this.#problem } };
  }

  /** What a call showed: a problem, or null when it went well. */
  seen(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    if (problem !== null) this.#options.fault(problem);
    this.#options.changed();
  }

  /** Asks PagerDuty, unless it was asked just now: the key, the service, and the user that we write as. */
  async check(): Promise<void> {
    const { config, pagerDuty, people, now } = this.#options;
    if (this.#checkedMs !== null && now() - this.#checkedMs < CHECK_EVERY_MS) return;
    this.#checkedMs = now();
    try {
      await Promise.all([people.botId(), pagerDuty.service(config.serviceId)]);
      this.seen(people.botProblem);
    } catch (error) {
      this.#checkedMs = null;
      if (!(error instanceof PagerDutyError)) throw error;
      this.seen(
        error.code === "not_found" ? `PagerDuty has no service ${config.serviceId} (service_id)` : error.message,
      );
    }
  }
}
