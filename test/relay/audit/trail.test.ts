import { describe, expect, it } from "vitest";
import { AuditTrail, MAX_LATE_RECORDS } from "../../../relay/audit/trail.ts";
import { verifiedClick } from "../../../relay/decider/evidence.ts";
import type { Click } from "../../../shared/click.ts";
import { createLogger } from "../../../shared/log.ts";
import { ManualClock } from "../../fakes/clock.ts";
import { ACTION_TOKENS, decideOf, NOW_MS, type NoteClick, REQUEST_ID, verifiersOf } from "../clicks.ts";
import { MemoryAudit } from "../deciding.ts";

function trailing() {
  const audit = new MemoryAudit();
  const lines: string[] = [];
  const concerns: (string | null)[] = [];
  const log = createLogger({ severity: "info", format: "text", now: () => 0, write: (line) => lines.push(line) });
  const clock = new ManualClock(NOW_MS);
  const trail = new AuditTrail({ sink: audit, concern: (problem) => void concerns.push(problem), clock, log });
  return { audit, lines, clock, concerns, trail };
}

function clicked(note: NoteClick = {}) {
  const frame = decideOf(note);
  const click = verifiedClick(frame.evidence, frame.clickId, verifiersOf());
  if (click === undefined) throw new Error("the note shows no click");
  return { frame, click };
}

const subjectOf = ({ requestId }: { requestId: string }, { id: clickId, verdict }: Click) => ({
  requestId,
  clickId,
  verdict,
});

const DENY = { id: "EVENT2", verdict: "deny" } as const;

describe("an intent", () => {
  it("holds who, what, when, the evidence, and what was the edge's word", async () => {
    const { audit, trail } = trailing();
    const { frame, click } = clicked();
    expect(await trail.intended(frame, click)).toBe(true);
    expect(audit.records).toEqual([
      {
        kind: "intent",
        time: "2026-01-01T00:00:00.000Z",
        requestId: REQUEST_ID,
        clickId: "EVENT1",
        verdict: "approve",
        personId: "PBOB123",
        edgeWord: { email: "bob@example.com", name: "Bob", onCallLevels: [1] },
        evidence: frame.evidence,
      },
    ]);
  });

  it("is said once for a click, however many attempts it takes", async () => {
    const { audit, trail } = trailing();
    const { frame, click } = clicked();
    for (let attempt = 0; attempt < 3; attempt++) expect(await trail.intended(frame, click)).toBe(true);
    expect(audit.kinds).toEqual(["intent"]);
  });

  it("is said for each request and each verdict that bears the same id", async () => {
    const { audit, trail } = trailing();
    const { frame, click } = clicked();
    await trail.intended(frame, click);
    await trail.intended({ ...frame, requestId: "another" }, click);
    await trail.intended(frame, { ...click, verdict: "deny" } satisfies Click);
    expect(audit.kinds).toEqual(["intent", "intent", "intent"]);
  });

  it("of a denial that could not be written stands for no approval of the same id", async () => {
    const { audit, trail } = trailing();
    audit.isBroken = true;
    const { frame, click } = clicked(DENY);
    expect(await trail.intended(frame, click)).toBe(true);
    expect(await trail.intended(frame, { ...click, verdict: "approve" } satisfies Click)).toBe(false);
  });

  it("never holds an action's token", async () => {
    const { audit, trail } = trailing();
    const { frame, click } = clicked();
    const evidence = { kind: "action", action: "approve", token: ACTION_TOKENS.approve, logEntry: "e30=" } as const;
    await trail.intended({ ...frame, evidence }, click);
    await trail.refused({ ...frame, evidence }, undefined, "bad_evidence", "");
    expect(JSON.stringify(audit.records)).not.toContain(ACTION_TOKENS.approve);
  });
});

describe("a log that cannot be written", () => {
  it("holds approvals and lets denials go, and says so once", async () => {
    const { audit, trail, lines } = trailing();
    audit.isBroken = true;
    const [approval, denial] = [clicked(), clicked(DENY)];
    expect(await trail.intended(approval.frame, approval.click)).toBe(false);
    expect(await trail.intended(denial.frame, denial.click)).toBe(true);
    expect(trail.isWritable).toBe(false);
    expect(lines.filter((line) => line.includes("The audit log cannot be written"))).toHaveLength(1);
  });

  it("is told in order of all that it missed, once it can be written", async () => {
    const { audit, trail, lines } = trailing();
    audit.isBroken = true;
    const { frame, click } = clicked(DENY);
    await trail.intended(frame, click);
    await trail.ended(subjectOf(frame, click), "DENIED");
    await trail.refused(decideOf({ id: "EVENT3" }), undefined, "bad_evidence", "");
    audit.isBroken = false;
    const { frame: next, click: nextClick } = clicked({ id: "EVENT4" });
    expect(await trail.intended(next, nextClick)).toBe(true);
    expect(audit.kinds).toEqual(["resumed", "late", "outcome", "refusal", "intent"]);
    expect(trail.isWritable).toBe(true);
    expect(lines.at(-1)).toContain("The audit log can be written again");
  });

  it("is tried with what it missed", async () => {
    const { audit, trail, lines } = trailing();
    audit.isBroken = true;
    const { frame, click } = clicked(DENY);
    await trail.intended(frame, click);
    await trail.probe();
    expect(trail.isWritable).toBe(false);
    audit.isBroken = false;
    await trail.probe();
    expect(audit.kinds).toEqual(["resumed", "late"]);
    expect(trail.isWritable).toBe(true);
    expect(lines.at(-1)).toContain("The audit log can be written again");
  });

  it("that breaks again keeps the rest, in order, and repeats nothing", async () => {
    const { audit, trail } = trailing();
    audit.isBroken = true;
    for (const id of ["A", "B", "C"]) {
      const { frame, click } = clicked({ id, verdict: "deny" });
      await trail.intended(frame, click);
    }
    audit.isBroken = false;
    let appends = 0;
    audit.before = () => {
      if (++appends > 2) throw new Error("the disk is full again");
    };
    await trail.probe();
    expect(trail.isWritable).toBe(false);
    audit.before = () => {};
    await trail.probe();
    expect(audit.kinds).toEqual(["resumed", "late", "resumed", "late", "late"]);
    expect(audit.records.filter(({ kind }) => kind === "late")).toMatchObject([
      { clickId: "A" },
      { clickId: "B" },
      { clickId: "C" },
    ]);
  });

  it("is not believed to be mended before a line is on disk that says since when it was broken", async () => {
    const { audit, trail, clock } = trailing();
    audit.isBroken = true;
    const { frame, click } = clicked();
    await trail.intended(frame, click);
    await clock.pass(60_000);
    await trail.probe();
    expect(trail.isWritable).toBe(false);
    audit.isBroken = false;
    await trail.probe();
    expect(trail.isWritable).toBe(true);
    const since = "2026-01-01T00:00:00.000Z";
    expect(audit.records).toEqual([{ kind: "resumed", time: "2026-01-01T00:01:00.000Z", since, lost: 0 }]);
  });

  it("is tried by everybody at once only once", async () => {
    const { audit, trail } = trailing();
    audit.isBroken = true;
    const { frame, click } = clicked(DENY);
    await trail.intended(frame, click);
    audit.isBroken = false;
    await Promise.all([trail.probe(), trail.probe(), trail.ended(subjectOf(frame, click), "DENIED")]);
    expect(audit.kinds).toEqual(["resumed", "late", "outcome"]);
  });

  it("says what an operator should mend for as long as it is so", async () => {
    const { audit, trail, concerns } = trailing();
    audit.isBroken = true;
    const { frame, click } = clicked();
    await trail.intended(frame, click);
    await trail.probe();
    audit.isBroken = false;
    await trail.probe();
    expect(concerns).toEqual([expect.stringContaining("Approvals wait"), null]);
  });

  it("keeps no more than it has room for, and says how many records are lost", async () => {
    const { audit, trail, concerns, lines } = trailing();
    audit.isBroken = true;
    for (let n = 0; n < MAX_LATE_RECORDS + 5; n++) {
      await trail.refused(decideOf({ id: `E${n}` }), undefined, "bad_evidence", "");
    }
    expect(lines.filter((line) => line.includes("records are lost"))).toHaveLength(1);
    audit.isBroken = false;
    await trail.probe();
    expect(audit.records).toHaveLength(1 + MAX_LATE_RECORDS);
    expect(audit.records[0]).toMatchObject({ kind: "resumed", lost: 5 });
    expect(concerns.at(-1)).toContain("5 records of decisions are missing from the audit log");
  });
});

describe("a verdict that was settled after a crash", () => {
  const intent = { requestId: REQUEST_ID, clickId: "EVENT1", verdict: "approve" } as const;

  it("has one line that says how it ended, also when the edge asks for it later", async () => {
    const { audit, trail } = trailing();
    await trail.settled(intent, "APPROVED");
    await trail.ended(intent, "APPROVED");
    expect(audit.records).toMatchObject([{ kind: "outcome", ...intent, state: "APPROVED" }]);
  });

  it("has another when it ends otherwise after all, or is begun anew", async () => {
    const { audit, trail } = trailing();
    await trail.settled(intent, "PENDING");
    await trail.ended(intent, "APPROVED");
    await trail.settled(intent, "PENDING");
    const { frame, click } = clicked();
    await trail.intended(frame, click);
    await trail.ended(intent, "PENDING");
    expect(audit.kinds).toEqual(["outcome", "outcome", "outcome", "intent", "outcome"]);
  });
});

describe("a refusal", () => {
  it("names the click and the person where the evidence shows them, and neither where it does not", async () => {
    const { audit, trail } = trailing();
    const { frame, click } = clicked();
    await trail.refused(frame, click, "stale", "");
    await trail.refused(frame, undefined, "bad_evidence", "");
    expect(audit.records).toMatchObject([
      { kind: "refusal", refusal: "stale", verdict: "approve", personId: "PBOB123" },
      {
        kind: "refusal",
        refusal: "bad_evidence",
        verdict: null,
        personId: null,
        edgeWord: { email: "bob@example.com" },
      },
    ]);
  });

  it("keeps of what is forged and long its size and digest alone, so that nobody fills the disk", async () => {
    const { audit, trail } = trailing();
    const raw = Buffer.alloc(200_000, "x").toString("base64");
    const frame = { ...clicked().frame, evidence: { kind: "signed", raw, signature: "v1=00" } as const };
    await trail.refused(frame, undefined, "bad_evidence", "", false);
    const sha256 = "91e3faafd322bcdf160f3f0ce886acb092b9b9e2a1e8526b40f21a8898a8700b";
    expect(audit.records).toMatchObject([{ evidence: { kind: "unproven", bytes: 200_000, sha256 } }]);
    expect(JSON.stringify(audit.records).length).toBeLessThan(1_000);
  });

  it("keeps whole what is authentic and was not confirmed, and what is forged and as long as a delivery", async () => {
    const { audit, trail } = trailing();
    const { frame } = clicked();
    const padded = { ...frame, evidence: { kind: "signed", raw: "x".repeat(200_000), signature: "v1=00" } as const };
    await trail.refused(padded, undefined, "bad_evidence", "");
    await trail.refused(frame, undefined, "bad_evidence", "", false);
    expect(audit.records).toMatchObject([{ evidence: padded.evidence }, { evidence: frame.evidence }]);
  });
});
