/**
 * What the relay's frames tell the edge of the audit log: where it ends, and the digests that lead there from what was told
 * last, so that the edge can see that it goes on. Keeps no line.
 */
import type { AuditHead, AuditStanding } from "../../shared/audit-chain.ts";
import type { RelayFrame, Unnumbered } from "../../shared/protocol.ts";

/** Fewest digests in a greeting, where the log has so many: the edge may have forgotten the last that it was told. */
const DIGESTS_IN_GREETING = 256;

/** An audit log, as far as it is told of. */
export interface AuditChain {
  readonly end: AuditHead;
  readonly digests: readonly string[];
}

export class Testimony {
  readonly #chain: AuditChain;
  readonly #isWritable: () => boolean;
  /** How many lines this session has told of, and how many the edge is known to have heard of. */
  #toldLines: number;
  #heardLines: number;

  constructor(chain: AuditChain, isWritable: () => boolean) {
    this.#chain = chain;
    this.#isWritable = isWritable;
    this.#toldLines = this.#heardLines = chain.end.lines;
  }

  /** For the greeting of a session. */
  greet(): AuditStanding {
    const { lines } = this.#chain.end;
    this.#toldLines = lines;
    return this.#since(Math.min(this.#heardLines, lines - DIGESTS_IN_GREETING));
  }

  /** The greeting was answered. */
  welcomed(): void {
    this.#heardLines = this.#toldLines;
  }

  /** Sends a frame, with what is to be told beside it. */
  send(frame: Unnumbered<RelayFrame>, send: (frame: Unnumbered<RelayFrame>) => boolean): boolean {
    if (frame.type !== "outcome" && frame.type !== "auto_outcome" && frame.type !== "report") return send(frame);
    const audit = this.#since(this.#toldLines);
    const isSent = send({ ...frame, audit });
    if (isSent) this.#toldLines = audit.lines;
    return isSent;
  }

  #since(toldLines: number): AuditStanding {
    const { end, digests } = this.#chain;
    const untold = digests.slice(Math.max(0, digests.length - Math.max(0, end.lines - toldLines)));
    return { ...end, digests: untold, writable: this.#isWritable() };
  }
}
