/**
 * Where the audit logs of the relays end, as far as they have told: whoever takes lines away or writes the past anew cannot
 * go on from there. Kept with each socket, which costs no row, and in the ledger when the socket closes, or after a while.
 */
import { type AuditHead, type AuditStanding, continuesFrom, MAX_AUDIT_DIGESTS } from "../../shared/audit-chain.ts";
import type { Ledger } from "../ledger.ts";
import { attachmentOf, type RelaySocket, reattach } from "./socket.ts";

/** How long a head may stand with its socket alone, in ms; and how many lines a log grows by before it is kept anyway. */
const KEEP_WITHIN_MS = 30 * 60_000;
const KEEP_EVERY_LINES = MAX_AUDIT_DIGESTS / 2;

export interface AuditHeadsOptions {
  readonly ledger: Pick<Ledger, "auditHead" | "setAuditHead">;
  readonly now: () => number;
  /** Remembers what an operator should know. */
  readonly fault: (what: string) => void;
}

export class AuditHeads {
  readonly #options: AuditHeadsOptions;

  constructor(options: AuditHeadsOptions) {
    this.#options = options;
  }

  /** A relay has told where its log stands. */
  told(socket: RelaySocket, standing: AuditStanding): void {
    const { ledger, now, fault } = this.#options;
    const { relayKey, audit: before } = attachmentOf(socket);
    const { lines, head, writable } = standing;
    const known = before ?? ledger.auditHead(relayKey);
    if (known !== undefined && !continuesFrom(known, standing)) fault(breakFor(relayKey, known));
    if (!writable && before?.writable !== false) fault(`The relay with the key ${relayKey} cannot write its audit log`);
    const unkeptSinceMs = before?.unkeptSinceMs ?? (known?.head === head ? null : now());
    reattach(socket, { audit: { lines, head, writable, unkeptSinceMs } });
    // A relay can show no more than its last lines when it is back: what is kept must not fall behind those.
    if (before === null || blockOf(lines) > blockOf(before.lines)) this.keep(socket);
  }

  /** Puts what a socket is remembered by into the ledger: it may be about to go. */
  keep(socket: RelaySocket): void {
    const { relayKey, audit } = attachmentOf(socket);
    if (audit === null || audit.unkeptSinceMs === null) return;
    this.#options.ledger.setAuditHead(relayKey, audit);
    reattach(socket, { audit: { ...audit, unkeptSinceMs: null } });
  }

  /** Puts into the ledger what has stood with a socket alone for too long. */
  keepOld(sockets: readonly RelaySocket[]): void {
    const beforeMs = this.#options.now() - KEEP_WITHIN_MS;
    for (const socket of sockets)
      if ((attachmentOf(socket).audit?.unkeptSinceMs ?? Infinity) <= beforeMs) this.keep(socket);
  }
}

function blockOf(lines: number): number {
  return Math.floor(lines / KEEP_EVERY_LINES);
}

function breakFor(relayKey: string, { head }: AuditHead): string {
  return `The audit log of the relay with the key ${relayKey} does not go on from where it last ended: lines were changed or \
taken away, or it is another log, as with two relays that share a key. On its host, run: \
teleport-pagerduty audit verify --holds ${head} FILE`;
}
