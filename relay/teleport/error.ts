/**
 * A call to Teleport that failed, as the relay's logic knows it: a code of a closed list, whether trying again can help,
 * and what a person should mend. Knows nothing of gRPC.
 */

/**
 * `unavailable`: nothing answered, or the connection was lost. `timeout`: no answer in time. `overloaded`: too much for
 * Teleport, or its queue for us ran over. `untrusted_server`: whatever answered is no Auth Service of our authorities.
 * `unauthenticated_certificate`: Teleport does not accept ours. `not_found`: no such thing. `already_exists`: there is one
 * already. `conflict`: others wrote at the same time. `invalid`: Teleport refuses what was asked. `cancelled`: we gave up on
 * it ourselves.
 */
export type TeleportErrorCode =
  | "unavailable"
  | "timeout"
  | "overloaded"
  | "untrusted_server"
  | "unauthenticated_certificate"
  | "permission_denied"
  | "unimplemented"
  | "not_found"
  | "already_exists"
  | "conflict"
  | "invalid"
  | "cancelled"
  | "unknown";

/** The codes for which the same call may succeed later without anybody's doing. */
const RETRYABLE: ReadonlySet<TeleportErrorCode> = new Set([
  "unavailable",
  "timeout",
  "overloaded",
  "conflict",
  "cancelled",
  "unknown",
]);

/** How a call ended, as gRPC tells it. */
export interface CallStatus {
  readonly code: number;
  readonly details: string;
}

/** What is wrong and what to do, before it has its cause. */
export interface TeleportFault {
  readonly code: TeleportErrorCode;
  /** What is wrong, as one sentence. */
  readonly problem: string;
  /** What a person should do, as one sentence. */
  readonly mend: string;
}

/** A call to Teleport that failed. Its message is plain sentences for an operator: what is wrong, then the mend. */
export class TeleportError extends Error {
  override readonly name = "TeleportError";
  readonly code: TeleportErrorCode;
  /** Whether the same call may succeed later by itself. A call that changes something may have happened all the same. */
  readonly retryable: boolean;
  /** What a person should do, as one sentence. */
  readonly mend: string;
  /** Teleport's own words, or those of the network or TLS; empty when there are none. */
  readonly details: string;

  constructor({ code, problem, mend }: TeleportFault, cause?: CallStatus) {
    super(`${problem} ${mend}`, { cause });
    this.code = code;
    this.details = cause?.details ?? "";
    this.retryable = RETRYABLE.has(code);
    this.mend = mend;
  }
}
