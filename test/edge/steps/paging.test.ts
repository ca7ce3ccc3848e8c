import { describe, expect, it } from "vitest";
import {
  incidentClosed,
  incidentOpened,
  incidentResolved,
  keyTaken,
  LATE_CREATE_LOOK_MS,
  LATE_CREATE_LOOKS,
  neverOpened,
  noteRefused,
  noteWritten,
  notOpenedYet,
  pagingFailed,
  RETRY_MAX_MS,
  RETRY_MIN_MS,
  retryDelayMs,
  textTooLong,
} from "../../../edge/steps/paging.ts";
import { requestEnded, requestSeen } from "../../../edge/steps/request.ts";
import { pagerDutyTasks } from "../../../edge/todo.ts";
import { accessRequest, KEY, NOW, OPENED, paged, RETAIN_MS, SERVICE, wanted } from "../samples.ts";

const P1 = `${SERVICE}/1`;
const SHOWN = { shown: true, nowMs: NOW };
const ENDING = { end: "denied", who: null, why: null, clickId: null } as const;

describe("incidentOpened", () => {
  it("keeps what the incident is, who may be on call for it, and whether it shows everything", () => {
    const record = incidentOpened(
      pagingFailed(wanted(), P1, { nowMs: NOW, random: 0, retryAfterMs: null }),
      P1,
      OPENED,
      {
        shown: false,
        nowMs: NOW + 7,
      },
    );
    expect(record.pagings[0]).toMatchObject({
      state: "open",
      incidentId: OPENED.incidentId,
      escalationPolicyId: OPENED.escalationPolicyId,
      shown: false,
      openedMs: NOW + 7,
      attempts: 0,
    });
  });

  it("says so when a person resolved it meanwhile, and pages again when a person merged it", () => {
    const resolved = incidentOpened(wanted(), P1, { ...OPENED, resolved: true }, SHOWN);
    expect(resolved.pagings).toMatchObject([{ resolvedInPagerDuty: true, closing: false, noteCount: 1 }]);
    const merged = incidentOpened(wanted(), P1, { ...OPENED, resolved: true, mergedInto: "QS" }, SHOWN);
    expect(merged.pagings).toMatchObject([{ closing: true }, { key: `${KEY}/2`, state: "opening" }]);
  });
});

describe("a key that is not ours", () => {
  it("gives way to the next", () => {
    const record = keyTaken(wanted(), P1, NOW);
    expect(record.pagings.map(({ key, state }) => [key, state])).toEqual([
      [KEY, "closed"],
      [`${KEY}/2`, "opening"],
    ]);
  });

  it("gives way to none when nothing is wanted any more", () => {
    expect(keyTaken(requestEnded(wanted(), ENDING, NOW, RETAIN_MS), P1, NOW).pagings).toHaveLength(1);
    expect(keyTaken(wanted(), "unknown", NOW)).toEqual(wanted());
  });
});

describe("what is no longer wanted", () => {
  it("is over at once when it was never asked for", () => {
    expect(neverOpened(requestEnded(wanted(), ENDING, NOW, RETAIN_MS), P1, NOW).pagings[0]?.state).toBe("closed");
  });

  it("is looked for a while when it may still come", () => {
    let record = requestEnded(wanted(), ENDING, NOW, RETAIN_MS);
    for (let look = 1; look <= LATE_CREATE_LOOKS; look++) {
      record = notOpenedYet(record, P1, NOW);
      expect(record.pagings[0]).toMatchObject({ state: "opening", dueMs: NOW + LATE_CREATE_LOOK_MS });
    }
    expect(notOpenedYet(record, P1, NOW).pagings[0]?.state).toBe("closed");
  });
});

describe("incidentResolved", () => {
  it("notes once that resolving decided nothing", () => {
    const once = incidentResolved(paged(), OPENED.incidentId, null, NOW);
    expect(once.pagings).toMatchObject([{ resolvedInPagerDuty: true, closing: false, noteCount: 1 }]);
    expect(incidentResolved(once, OPENED.incidentId, null, NOW + 1)).toBe(once);
  });

  it("pages again when it was merged, tells the survivor where, and resolves nothing of the survivor's", () => {
    const merged = incidentResolved(paged(), OPENED.incidentId, "QSURVIVOR", NOW);
    expect(merged.pagings.map(({ key, closing }) => [key, closing])).toEqual([
      [KEY, true],
      [`${KEY}/2`, false],
    ]);
    expect(merged.pagings[0]?.notes).toEqual([
      { id: `${P1}#1`, text: expect.stringContaining(`${KEY}/2`), onIncidentId: "QSURVIVOR" },
    ]);
    const told = noteWritten(merged, P1, "PN", NOW);
    expect(pagerDutyTasks(told)).toMatchObject([{ task: "resolve", incidentId: OPENED.incidentId }, { task: "open" }]);
    expect(incidentResolved(merged, OPENED.incidentId, "QSURVIVOR", NOW + 1)).toBe(merged);
  });

  it("pages again when it was resolved, reopened and then merged", () => {
    const resolved = incidentResolved(paged(), OPENED.incidentId, null, NOW);
    expect(incidentResolved(resolved, OPENED.incidentId, "QSURVIVOR", NOW).pagings).toHaveLength(2);
  });

  it.each([
    ["an unknown incident", paged(), "QOTHER"],
    ["the survivor", incidentResolved(paged(), OPENED.incidentId, "QS", NOW), "QS"],
    ["a request that is over", requestEnded(paged(), ENDING, NOW, RETAIN_MS), OPENED.incidentId],
    ["a request that has changed", requestSeen(paged(), accessRequest({ reason: "x" }), NOW), OPENED.incidentId],
  ])("changes nothing for %s", (_, record, incidentId) => {
    expect(incidentResolved(record, incidentId, null, NOW)).toBe(record);
    expect(incidentResolved(record, incidentId, "QX", NOW)).toBe(record);
  });
});

describe("notes", () => {
  const over = requestEnded(incidentResolved(paged(), OPENED.incidentId, null, NOW), ENDING, NOW, RETAIN_MS);

  it("are done with one by one, and known by their ids", () => {
    const once = noteWritten(over, P1, "PN1", NOW);
    expect(once.pagings[0]).toMatchObject({ noteIds: ["PN1"], notes: [{ id: `${P1}#2` }] });
  });

  it("do not hold up what comes behind them when they are refused", () => {
    expect(noteRefused(over, P1, NOW).pagings[0]).toMatchObject({ noteIds: [], notes: [{ id: `${P1}#2` }] });
  });

  it("that were asked for while the incident was being resolved are not lost", () => {
    expect(incidentClosed(over, P1, NOW).pagings[0]).toMatchObject({ state: "closed", notes: [{}, {}] });
  });
});

describe("failures", () => {
  it("wait as long as PagerDuty asks", () => {
    const failed = pagingFailed(paged(), P1, { nowMs: NOW, random: 0.5, retryAfterMs: 600_000 });
    expect(failed.pagings[0]).toMatchObject({ attempts: 1, dueMs: NOW + 600_000 });
  });

  it.each([
    [1, 0, RETRY_MIN_MS],
    [1, 0.999_999, 2_000],
    [3, 0.5, 4_500],
    [6, 0.999_999_9, RETRY_MAX_MS],
    [1_000_000, 0.999_999_9, RETRY_MAX_MS],
  ])("spread out: attempt %i at %f", (attempts, random, delayMs) => {
    expect(retryDelayMs(attempts, random)).toBe(delayMs);
  });

  it("shorten the text at once when it was too long", () => {
    expect(textTooLong(wanted(), P1, NOW + 5).pagings[0]).toMatchObject({ shortened: true, dueMs: NOW + 5, key: KEY });
  });
});
