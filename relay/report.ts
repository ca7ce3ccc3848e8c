/**
 * What the relay reports of itself to the edge, for whoever looks at the status: once in each session and whenever it has
 * changed. Nothing rests on it.
 */
import { type FrameOf, MAX_PROBLEM_LENGTH, type RelayFrame, type Unnumbered } from "../shared/protocol.ts";

type ReportFrame = Unnumbered<FrameOf<RelayFrame, "report">>;

/** What is known of the relay; the concerns are sentences, null for none. */
export interface Condition {
  readonly certificateExpiresMs: number | null;
  readonly teleportVersion: string;
  readonly watching: boolean;
  /** Why the watch does not stand. */
  readonly watchProblem: string | null;
  /** What is wrong with the credentials. */
  readonly certificateProblem: string | null;
  /** What is wrong with the audit log. */
  readonly auditProblem: string | null;
}

export class Report {
  readonly #send: (frame: ReportFrame) => boolean;
  #condition: Condition;
  /** What the edge has been told in this session. */
  #told: string | undefined;

  /** `send` is false when no link stands. */
  constructor(send: (frame: ReportFrame) => boolean, condition: Condition) {
    this.#send = send;
    this.#condition = condition;
  }

  /** When the relay's certificate ends, ms since the epoch. */
  get certificateExpiresMs(): number | null {
    return this.#condition.certificateExpiresMs;
  }

  /** Something may have changed. */
  change(part: Partial<Condition>): void {
    this.#condition = { ...this.#condition, ...part };
    this.#tell();
  }

  /** A session has begun, and its edge knows nothing yet. */
  welcomed(): void {
    this.#told = undefined;
    this.#tell();
  }

  #tell(): void {
    const { certificateExpiresMs, teleportVersion, watching } = this.#condition;
    const { watchProblem, auditProblem, certificateProblem } = this.#condition;
    const problem = watchProblem ?? auditProblem ?? certificateProblem;
    const frame: ReportFrame = {
      type: "report",
      certificateExpiresMs,
      teleportVersion,
      watching,
      problem: problem && cut(problem),
    };
    // A log that can no longer be written is told whatever else is wrong: another relay may take over.
    const text = JSON.stringify({ ...frame, auditProblem });
    if (text !== this.#told && this.#send(frame)) this.#told = text;
  }
}

function cut(problem: string): string {
  return problem.length <= MAX_PROBLEM_LENGTH ? problem : `${problem.slice(0, MAX_PROBLEM_LENGTH - 1)}…`;
}
