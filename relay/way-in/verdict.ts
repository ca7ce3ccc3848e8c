/**
 * What failed attempts tell: whether another way can still help, and, when none is left, the one error that tells an
 * operator the most. Pure.
 */

import type { WayStage } from "../channel/way-error.ts";
import type { Way } from "../channel.ts";
import { TeleportError, type TeleportErrorCode } from "../teleport/error.ts";
import { RETRIED } from "../teleport/mend.ts";
import { isSameWay, nameOf } from "./ways.ts";

/** A way that was tried in vain. */
export interface Attempt {
  readonly way: Way;
  readonly error: TeleportError;
  /** Whether anything at the address answered at all. */
  readonly hasReached: boolean;
  /** Who stood in the way before there was TLS with the Auth Service, if that is known. */
  readonly stage: WayStage | undefined;
  /** Of `tls_routing`: whether a Proxy is there that speaks it. */
  readonly isProxy: boolean;
}

/** What something else than the Auth Service may have said. Any other code is the Auth Service's own word. */
const DOUBTFUL: ReadonlySet<TeleportErrorCode> = new Set([
  "unavailable",
  "timeout",
  "cancelled",
  "untrusted_server",
  "unimplemented",
]);

/** Whether the Auth Service itself has answered, so that no other way can end better. */
export function isConclusive({ code }: TeleportError): boolean {
  return !DOUBTFUL.has(code);
}

/** Whether what was tried leaves no hope for a way, or has been that way. */
export function isPointless(way: Way, attempts: readonly Attempt[]): boolean {
  return attempts.some((attempt) => {
    if (isSameWay(attempt.way, way)) return true;
    if (attempt.way.address !== way.address) return false;
    if (!attempt.hasReached) return true;
    if (way.kind !== "connection_upgrade") return false;
    // Where TLS routing is spoken, no load balancer stands before the Proxy; and only a refused WebSocket leaves ALPN.
    if (attempt.way.kind === "tls_routing") return attempt.isProxy;
    return attempt.way.kind === "connection_upgrade" && attempt.stage !== "upgrade";
  });
}

/** The error for ways that all failed; `attempts` holds at least one. */
export function errorFor(attempts: readonly Attempt[]): TeleportError {
  const told = attempts.toSorted((one, other) => weightOf(other) - weightOf(one))[0];
  if (told === undefined) throw new Error("no way in was tried");
  const { code, problem, mend } = faultOf(told);
  if (attempts.length === 1 && told.error.message === `${problem} ${mend}`) return told.error;
  const tried = attempts.map(
    (attempt) => `${nameOf(attempt.way)} at ${attempt.way.address}: ${reasonOf(attempt, told)}`,
  );
  const list = attempts.length === 1 ? "" : ` Tried ${tried.join("; ")}.`;
  return new TeleportError({ code, problem, mend: `${mend}${list}` });
}

// The Auth Service's own word first, then what was heard from behind a Proxy, then from whom we do not know.
function weightOf({ way, error, stage, isProxy }: Attempt): number {
  if (isConclusive(error)) return 3;
  const isUntrusted = error.code === "untrusted_server";
  const isBeyondWeb = way.kind === "connection_upgrade" && stage !== "load_balancer" && !isUntrusted;
  if (isProxy || isBeyondWeb) return 2;
  return isUntrusted ? 1 : 0;
}

function faultOf({ way, error, isProxy }: Attempt): { code: TeleportErrorCode; problem: string; mend: string } {
  if (isProxy && way.kind === "tls_routing" && error.code === "unavailable") {
    const problem = `The Teleport Proxy at ${way.address} does not lead to an Auth Service of the cluster "${way.cluster}".`;
    return { code: "unavailable", problem, mend: `See that our certificate is of this Proxy's cluster. ${RETRIED}` };
  }
  const problem = error.message.slice(0, -error.mend.length - 1);
  return { code: error.code, problem, mend: error.mend };
}

function reasonOf(attempt: Attempt, told: Attempt): string {
  if (attempt === told) return "as said";
  const { code, problem, mend } = faultOf(attempt);
  const sought = faultOf(told);
  if (problem === sought.problem) return "the same";
  // What may be mended in another way is told too: which of the ways should work, we cannot know.
  const other = code === "untrusted_server" && mend !== sought.mend ? ` ${mend}` : "";
  return `${problem}${other}`.replace(/\.$/, "");
}
