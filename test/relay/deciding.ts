/** A relay's second half alone: a decider over a Teleport in memory, with an audit log that can be broken. */
import { type AuditRecord, auditLineFor } from "../../relay/audit/record.ts";
import { type AuditSink, AuditTrail } from "../../relay/audit/trail.ts";
import type { DecideBy } from "../../relay/commands/check/role.ts";
import { ClaimLeases } from "../../relay/decider/claim-lease.ts";
import { wayToDecide } from "../../relay/decider/ways-to-decide.ts";
import { Decider, type DeciderOptions } from "../../relay/decider.ts";
import { Lanes } from "../../relay/lanes.ts";
import { TeleportError } from "../../relay/teleport/error.ts";
import type { Clock } from "../../relay/time/clock.ts";
import type { AccessRequest } from "../../shared/access-request.ts";
import { GENESIS } from "../../shared/audit-chain.ts";
import { createLogger, type Logger } from "../../shared/log.ts";
import type { Outcome, RelayFrame, Unnumbered } from "../../shared/protocol.ts";
import { ManualClock, settled } from "../fakes/clock.ts";
import { MemoryTeleport } from "../fakes/memory-teleport.ts";
import { boundData, CLUSTER, liveOf, NOW_MS, policyOf, REQUEST_ID, verifiersOf } from "./clicks.ts";

export const UNAVAILABLE = new TeleportError({ code: "unavailable", problem: "Teleport is away.", mend: "Wait." });
export const TIMEOUT = new TeleportError({ code: "timeout", problem: "Teleport is slow.", mend: "Wait." });
export const FORBIDDEN = new TeleportError({
  code: "permission_denied",
  problem: "You may not.",
  mend: 'Give the role "update" on "access_request".',
});

/** An audit log in memory. */
export class MemoryAudit implements AuditSink {
  readonly records: AuditRecord[] = [];
  readonly digests: string[] = [];
  readonly openIntents = [];
  end = { lines: 0, head: GENESIS };
  isBroken = false;
  /** Runs before a record is written. */
  before: () => Promise<void> | void = () => {};

  async append(record: AuditRecord): Promise<void> {
    await this.before();
    if (this.isBroken) throw new Error("the disk is full");
    this.records.push(record);
    const { digest, end } = auditLineFor(record, this.end);
    this.digests.push(digest);
    this.end = end;
  }

  get kinds(): string[] {
    return this.records.map(({ kind }) => kind);
  }
}

export class RelayHalf {
  readonly frames: Unnumbered<RelayFrame>[] = [];
  readonly ended: AccessRequest[] = [];
  readonly lines: string[] = [];
  readonly audit = new MemoryAudit();
  readonly lanes = new Lanes((error) => this.lines.push(`LANE ${error}`));
  readonly log: Logger;
  readonly trail: AuditTrail;
  readonly claims: ClaimLeases;
  readonly decider: Decider;

  constructor(
    teleport: MemoryTeleport,
    clock: Clock,
    change: Partial<DeciderOptions> = {},
    decideBy: DecideBy = "state",
  ) {
    let ids = 0;
    const name = `relay-${Math.round(clock.now())}-${RelayHalf.#count++}`;
    this.log = createLogger({
      severity: "debug",
      format: "text",
      now: () => 0,
      write: (line) => this.lines.push(line),
    });
    this.trail = new AuditTrail({ sink: this.audit, concern: () => {}, clock, log: this.log });
    this.claims = new ClaimLeases({ teleport, clock, randomId: () => `${name}-${++ids}` });
    this.decider = new Decider({
      cluster: CLUSTER,
      teleport,
      way: wayToDecide(decideBy, { teleport, ownUser: teleport.ownUser, policy: change.policy ?? policyOf(), clock }),
      lanes: this.lanes,
      trail: this.trail,
      claims: this.claims,
      policy: policyOf(),
      requesterEmails: async () => [],
      verifiers: () => verifiersOf(),
      isBeingBound: () => false,
      send: (frame) => this.frames.push(frame) > 0,
      settled: (request) => this.ended.push(request),
      clock,
      random: () => 0.5,
      log: this.log,
      ...change,
    });
  }

  static #count = 0;

  /** What was answered, click by click. */
  get outcomes(): [clickId: string, outcome: Outcome][] {
    return this.frames.flatMap((frame) => (frame.type === "outcome" ? [[frame.clickId, frame.outcome]] : []));
  }

  outcomeOf(clickId: string): Outcome | undefined {
    return this.outcomes.find(([id]) => id === clickId)?.[1];
  }
}

/** A pending request of Alice's, bound to its incident, and one relay. */
export function deciding(change: Partial<DeciderOptions> = {}, decideBy: DecideBy = "state") {
  const clock = new ManualClock(NOW_MS);
  const teleport = new MemoryTeleport();
  teleport.put(liveOf());
  teleport.data.set(REQUEST_ID, { ...boundData() });
  const relay = new RelayHalf(teleport, clock, change, decideBy);
  return { clock, teleport, relay, another: () => new RelayHalf(teleport, clock, change, decideBy) };
}

/** Never settles: what a process that was killed waits for. */
export function never(): Promise<never> {
  return new Promise(() => {});
}

export { settled };
