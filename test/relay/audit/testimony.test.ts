import { beforeEach, describe, expect, it } from "vitest";
import { type AuditChain, Testimony } from "../../../relay/audit/testimony.ts";
import {
  type AuditHead,
  type AuditStanding,
  continuesFrom,
  GENESIS,
  headAfter,
  MAX_AUDIT_DIGESTS,
  sha256,
} from "../../../shared/audit-chain.ts";
import type { RelayFrame, Unnumbered } from "../../../shared/protocol.ts";

/** A log that grows by lines without content. */
class GrowingLog implements AuditChain {
  end: AuditHead = { lines: 0, head: GENESIS };
  digests: string[] = [];

  grow(lines: number): void {
    for (let line = 0; line < lines; line++) {
      const digest = sha256(`line ${this.end.lines}`);
      this.digests = [...this.digests, digest].slice(-MAX_AUDIT_DIGESTS);
      this.end = { lines: this.end.lines + 1, head: headAfter(this.end.head, digest) };
    }
  }
}

const OUTCOME: Unnumbered<RelayFrame> = {
  type: "outcome",
  epoch: 1,
  requestId: "r",
  clickId: "c",
  outcome: { result: "applied", state: "APPROVED" },
};

let log: GrowingLog;
let told: AuditStanding[];
let isLinked: boolean;
let testimony: Testimony;

beforeEach(() => {
  log = new GrowingLog();
  log.grow(1000);
  told = [];
  isLinked = true;
  testimony = new Testimony(log, () => true);
});

const send = (frame = OUTCOME): boolean =>
  testimony.send(frame, (sent) => {
    if (isLinked && "audit" in sent && sent.audit !== undefined) told.push(sent.audit);
    return isLinked;
  });

describe("what is told of the audit log", () => {
  it("begins with enough of its end for an edge that has forgotten some of it", () => {
    const { end, digests } = log;
    expect(testimony.greet()).toEqual({ ...end, digests: digests.slice(-256), writable: true });
  });

  it("is all of a short one, and nothing of an empty one", () => {
    const short = new GrowingLog();
    expect(new Testimony(short, () => true).greet()).toEqual({ ...short.end, digests: [], writable: true });
    short.grow(3);
    expect(new Testimony(short, () => true).greet().digests).toEqual(short.digests);
  });

  it("is in each frame what came since the last", () => {
    testimony.greet();
    testimony.welcomed();
    log.grow(2);
    send();
    log.grow(1);
    send();
    send();
    expect(told.map(({ lines, digests }) => [lines, digests])).toEqual([
      [1002, log.digests.slice(-3, -1)],
      [1003, log.digests.slice(-1)],
      [1003, []],
    ]);
  });

  it("rides on answers and reports alone", () => {
    for (const frame of [
      { type: "synced" } as const,
      { type: "waiting", epoch: 1, requestId: "r", problem: "x" } as const,
    ]) {
      testimony.send(frame, (sent) => {
        expect(sent).toEqual(frame);
        return true;
      });
    }
  });

  it("leads on from whatever the edge is certain to have heard, whatever a lost link took with it", () => {
    const heard: AuditHead = testimony.greet();
    testimony.welcomed();
    log.grow(700);
    send();
    log.grow(300);
    isLinked = false;
    send();
    testimony.greet();
    log.grow(400);
    expect(continuesFrom(heard, testimony.greet())).toBe(true);
    testimony.welcomed();
    expect(testimony.greet().digests).toHaveLength(256);
  });

  it("is no more than a frame takes", () => {
    testimony.greet();
    testimony.welcomed();
    log.grow(MAX_AUDIT_DIGESTS + 10);
    send();
    expect(told[0]?.digests).toHaveLength(MAX_AUDIT_DIGESTS);
  });

  it("says whether it can be written", () => {
    expect(new Testimony(log, () => false).greet().writable).toBe(false);
  });
});
