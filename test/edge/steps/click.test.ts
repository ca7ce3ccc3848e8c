import { describe, expect, it } from "vitest";
import { NEAR_MISS_NOTE, RESOLVED_WHILE_PENDING_NOTE } from "../../../edge/incident.ts";
import { MAX_DECISIONS, type RequestRecord } from "../../../edge/record.ts";
import {
  actionPressed,
  clicked,
  decided,
  decisionsWait,
  deliveryReread,
  identified,
  logEntryRead,
  lookUpFailed,
  nearMissed,
} from "../../../edge/steps/click.ts";
import { requestEnded, requestSeen } from "../../../edge/steps/request.ts";
import type { Refusal } from "../../../shared/refusal.ts";
import { accessRequest, BOB, BOT, CAROL, click, NOW, OPENED, paged, RETAIN_MS } from "../samples.ts";

const UNKNOWN = { nowMs: NOW, identity: undefined };
const BOBS = { email: BOB.email, name: BOB.name, onCallLevels: null, botUserId: BOT.id };
const KNOWN = { nowMs: NOW, identity: BOBS };
const SETTLE = { nowMs: NOW + 5, retainMs: RETAIN_MS };
const POINTER = { logEntryId: "R1", incidentId: OPENED.incidentId };
const notes = (record: RequestRecord) => record.pagings.flatMap((paging) => paging.notes.map(({ text }) => text));

function refused(
  record: RequestRecord,
  clickId: string,
  refusal: Refusal,
  state: "APPROVED" | "DENIED" | "PENDING" = "PENDING",
) {
  return decided(record, clickId, { result: "refused", refusal, state, detail: "" }, SETTLE);
}

describe("clicked", () => {
  it.each([
    ["somebody to look up", click(), UNKNOWN, "identifying"],
    ["somebody remembered", click(), KNOWN, "undecided"],
    ["nobody", click({ agent: null }), UNKNOWN, "undecided"],
    ["a machine", click({ agent: { id: "PSVC", type: "service_reference" } }), UNKNOWN, "undecided"],
  ])("waits for what is missing: %s", (_, by, how, state) => {
    expect(clicked(paged(), by, how).decisions).toMatchObject([{ clickId: by.id, state, verdict: "approve" }]);
  });

  it("changes nothing when it comes again, in any state", () => {
    const once = clicked(paged(), click(), UNKNOWN);
    expect(clicked(once, click(), KNOWN)).toBe(once);
    const over = refused(once, click().id, "stale");
    expect(clicked(over, click(), UNKNOWN)).toBe(over);
  });

  it("keeps approvals and denials side by side", () => {
    const both = clicked(clicked(paged(), click(), KNOWN), click({ id: "B", verdict: "deny" }), KNOWN);
    expect(both.decisions.map(({ verdict, state }) => `${verdict} ${state}`)).toEqual([
      "approve undecided",
      "deny undecided",
    ]);
  });

  it("is bounded in number and in size", () => {
    let record = paged();
    for (let n = 0; n <= MAX_DECISIONS; n++)
      record = clicked(record, click({ id: `C${n}`, reason: "x".repeat(250_000) }), KNOWN);
    expect([record.decisions.length, record.decisions.at(-1)?.clickId]).toEqual([MAX_DECISIONS, `C${MAX_DECISIONS}`]);
    expect(JSON.stringify(record).length).toBeLessThan(1_000_000);
  });

  it("counts even when the request is over: its sender is owed an answer", () => {
    const over = requestEnded(paged(), { end: "denied", who: null, why: null, clickId: null }, NOW, RETAIN_MS);
    expect(clicked(over, click(), KNOWN).decisions).toHaveLength(1);
  });

  it("is not the resolving that we do ourselves", () => {
    const resolve = click({ channel: "resolve", verdict: "deny" });
    const changed = requestSeen(paged(), accessRequest({ reason: "x" }), NOW);
    expect(clicked(changed, resolve, KNOWN)).toBe(changed);
    expect(clicked(paged(), resolve, KNOWN).decisions).toHaveLength(1);
  });
});

describe("a pressed button", () => {
  const pressed = actionPressed(paged(), POINTER, "approve", NOW);
  const entry = click({ id: "R1", channel: "action", occurredMs: NOW - 5 });

  it("believes nothing before its log entry was read", () => {
    expect(pressed.decisions).toMatchObject([{ clickId: "R1", state: "rereading", personId: null }]);
    expect(actionPressed(pressed, POINTER, "deny", NOW)).toBe(pressed);
  });

  it("takes who and when from the log entry", () => {
    expect(logEntryRead(pressed, "R1", entry, NOW).decisions).toMatchObject([
      { state: "identifying", personId: BOB.id, occurredMs: NOW - 5 },
    ]);
  });

  it.each([
    ["no such press", undefined, "void"],
    ["another incident", { ...entry, incidentId: "QOTHER" }, "void"],
    ["another entry", { ...entry, id: "R2" }, "void"],
    ["a machine", { ...entry, agent: { id: "P1", type: "service_reference" } }, "undecided"],
    ["nobody", { ...entry, agent: null }, "undecided"],
  ])("is judged by its log entry: %s", (_, read, state) => {
    expect(logEntryRead(pressed, "R1", read, NOW).decisions[0]?.state).toBe(state);
  });

  it("is read once", () => {
    const read = logEntryRead(pressed, "R1", undefined, NOW);
    expect(logEntryRead(read, "R1", entry, NOW)).toEqual(read);
  });
});

describe("a delivery that is read again", () => {
  const rereading = clicked(paged(), click(), { ...KNOWN, rereads: true });

  it("is then looked up, once", () => {
    const read = deliveryReread(rereading, click().id, NOW + 1);
    expect([rereading.decisions[0]?.state, read.decisions[0]?.state]).toEqual(["rereading", "identifying"]);
    const over = identified(read, click().id, BOBS, NOW);
    expect(deliveryReread(over, click().id, NOW)).toEqual(over);
  });

  it("is not, when nobody or a machine did it", () => {
    const nobody = clicked(paged(), click({ agent: null }), { ...UNKNOWN, rereads: true });
    expect(nobody.decisions[0]?.state).toBe("undecided");
  });
});

describe("a resolve that was refused", () => {
  const resolve = click({ channel: "resolve", verdict: "deny" });

  it("says why, and that the request is still pending, which it was not told before", () => {
    const told = notes(refused(clicked(paged(), resolve, KNOWN), resolve.id, "not_on_call"));
    expect(told).toEqual([expect.stringMatching(/^Not denied for Bob/), RESOLVED_WHILE_PENDING_NOTE]);
  });

  it.each([
    ["bad_evidence", "PENDING", 1],
    ["not_pending", "APPROVED", 1],
    ["not_pending", "DENIED", 0],
  ] as const)("does not say so when nothing is pending any more, or it is none: %s %s", (refusal, state, count) => {
    const over = refused(clicked(paged(), resolve, KNOWN), resolve.id, refusal, state);
    const said = notes(over);
    expect(said).toHaveLength(count);
  });
});

describe("identified", () => {
  it("adds who it is, once", () => {
    const known = identified(clicked(paged(), click(), UNKNOWN), click().id, { ...BOBS, onCallLevels: [1] }, NOW);
    expect(known.decisions).toMatchObject([{ state: "undecided", email: BOB.email, onCallLevels: [1] }]);
    expect(identified(known, click().id, { ...BOBS, email: "x@example.com" }, NOW)).toEqual(known);
  });

  it("is asked again after a failure", () => {
    const failed = lookUpFailed(clicked(paged(), click(), UNKNOWN), click().id, {
      nowMs: NOW,
      random: 0,
      retryAfterMs: null,
    });
    expect(failed.decisions).toMatchObject([{ state: "identifying", attempts: 1, dueMs: NOW + 1000 }]);
  });
});

describe("the note about a refusal", () => {
  const lateBy = (record: RequestRecord, id: string, verdict: "approve" | "deny") =>
    refused(clicked(record, click({ id, verdict }), KNOWN), id, "not_pending", "APPROVED");

  it("is written also where its author found before that Teleport had what they wanted", () => {
    const told = notes(lateBy(lateBy(paged(), "A", "approve"), "B", "deny"));
    expect(told).toEqual([expect.stringMatching(/^Not denied for Bob/)]);
  });

  it("is written once", () => {
    expect(notes(lateBy(lateBy(paged(), "A", "deny"), "B", "deny"))).toHaveLength(1);
  });
});

describe("decided", () => {
  const record = clicked(paged(), click({ reason: "looks right" }), KNOWN);

  it.each([
    ["APPROVED", "approved"],
    ["DENIED", "denied"],
    ["PROMOTED", "promoted"],
  ] as const)("ends the request as Teleport has it: %s", (state, end) => {
    const over = decided(record, click().id, { result: "applied", state }, SETTLE);
    expect(over.end).toMatchObject({ end, who: "Bob Birch (bob@example.com)", why: "looks right" });
    expect(notes(over)).toEqual([
      `Access request has been ${end} by Bob Birch (bob@example.com).\nReason: looks right`,
    ]);
  });

  it.each(["PENDING", "NONE"] as const)("ends nothing that Teleport has not ended: %s", (state) => {
    expect(decided(record, click().id, { result: "applied", state }, SETTLE).end).toBeNull();
  });

  it("counts once, and only for a click that is known", () => {
    const once = refused(record, click().id, "stale");
    expect(decided(once, click().id, { result: "applied", state: "APPROVED" }, SETTLE)).toBe(once);
    expect(refused(record, "unknown", "stale")).toBe(record);
  });

  it("tells of a refusal and leaves the incident open", () => {
    const told = refused(record, click().id, "self_approval");
    expect(notes(told)).toEqual([expect.stringMatching(/^Not approved for Bob Birch .*own access request/)]);
    expect([told.end, told.pagings[0]?.closing]).toEqual([null, false]);
  });

  it.each([
    ["bad_evidence", "approve", "PENDING", 0],
    ["wrong_cluster", "approve", "PENDING", 0],
    ["not_pending", "approve", "APPROVED", 0],
    ["not_pending", "deny", "DENIED", 0],
    ["not_pending", "deny", "APPROVED", 1],
    ["not_pending", "approve", "DENIED", 1],
    ["stale", "approve", "PENDING", 1],
  ] as const)("notes what deserves a note: %s of %s when %s", (refusal, verdict, state, count) => {
    const given = clicked(paged(), click({ verdict }), KNOWN);
    expect(notes(refused(given, click().id, refusal, state))).toHaveLength(count);
  });

  it("tells once for each person and reason", () => {
    const clicks: [string, { id: string }, Refusal][] = [
      ["1", BOB, "stale"],
      ["2", BOB, "stale"],
      ["3", BOB, "not_on_call"],
      ["4", CAROL, "stale"],
      ["5", CAROL, "stale"],
    ];
    const all = clicks.reduce((so, [id, { id: personId }, refusal]) => {
      const agent = { id: personId, type: "user_reference" };
      return refused(clicked(so, click({ id, agent }), KNOWN), id, refusal);
    }, paged());
    expect(notes(all)).toHaveLength(3);
  });

  it("tells it on the incident that was clicked on", () => {
    const stranger = clicked(paged(), click({ incidentId: "QOTHER" }), KNOWN);
    expect(notes(refused(stranger, click().id, "wrong_incident"))).toEqual([]);
  });
});

describe("a review that is not enough", () => {
  it.each([
    ["approve", "The approval of Bob Birch (bob@example.com) was given to Teleport as a review."],
    ["deny", "The denial of Bob Birch (bob@example.com) was given to Teleport as a review."],
  ] as const)("is told once, and the request stays open: %s", (verdict, start) => {
    const before = clicked(paged(), click({ verdict }), KNOWN);
    const after = decided(before, click().id, { result: "applied", state: "PENDING" }, SETTLE);
    expect(notes(after)).toEqual([expect.stringContaining(start)]);
    expect(after).toMatchObject({ end: null, decisions: [{ state: "decided" }] });
    expect(decided(after, click().id, { result: "applied", state: "PENDING" }, SETTLE)).toBe(after);
  });
});

describe("decisionsWait", () => {
  const PROBLEM = "Give the relay's role a rule.";
  it("tells the incident once for each problem, and the clicks go on waiting", () => {
    const before = clicked(paged(), click(), KNOWN);
    const told = decisionsWait(before, PROBLEM, NOW);
    expect(notes(told)).toEqual([expect.stringContaining(PROBLEM)]);
    expect(told.decisions).toEqual(before.decisions);
    expect(decisionsWait(told, PROBLEM, NOW)).toBe(told);
    expect(notes(decisionsWait(told, "Use Machine ID.", NOW))).toHaveLength(2);
  });

  it("tells nobody where nothing waits, or all is over", () => {
    expect(decisionsWait(paged(), PROBLEM, NOW)).toEqual(paged());
    const ending = { end: "denied", who: null, why: null, clickId: null } as const;
    const over = requestEnded(clicked(paged(), click(), KNOWN), ending, NOW, RETAIN_MS);
    expect(decisionsWait(over, PROBLEM, NOW)).toBe(over);
  });

  it("bears hostile problems", () => {
    const [text = ""] = notes(decisionsWait(clicked(paged(), click(), KNOWN), "\u202e\n/approve\u0000", NOW));
    expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

describe("nearMissed", () => {
  it("helps each person once", () => {
    const once = nearMissed(paged(), OPENED.incidentId, BOB.id, NOW);
    expect(notes(once)).toEqual([NEAR_MISS_NOTE]);
    expect(nearMissed(once, OPENED.incidentId, BOB.id, NOW)).toBe(once);
    expect(notes(nearMissed(once, OPENED.incidentId, CAROL.id, NOW))).toHaveLength(2);
  });

  it("helps nobody on an incident of others, or when all is over", () => {
    expect(nearMissed(paged(), "QOTHER", BOB.id, NOW)).toEqual(paged());
    const over = requestEnded(paged(), { end: "denied", who: null, why: null, clickId: null }, NOW, RETAIN_MS);
    expect(nearMissed(over, OPENED.incidentId, BOB.id, NOW)).toBe(over);
  });

  it("forgets whom it helped rather than grow without bound", () => {
    let record = paged();
    for (let n = 0; n < MAX_DECISIONS + 5; n++) record = nearMissed(record, OPENED.incidentId, `P${n}`, NOW);
    expect(record.helped).toHaveLength(MAX_DECISIONS);
  });
});
