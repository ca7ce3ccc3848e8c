import { describe, expect, it } from "vitest";
import type { RequestRecord } from "../../edge/record.ts";
import { withPaging } from "../../edge/record.ts";
import { bound } from "../../edge/steps/binding.ts";
import { actionPressed, clicked, decided, fieldPutBack, identified, logEntryRead } from "../../edge/steps/click.ts";
import { incidentClosed, incidentOpened, incidentResolved, keyTaken, noteWritten } from "../../edge/steps/paging.ts";
import { requestEnded, requestSeen } from "../../edge/steps/request.ts";
import { awaitsRelay, bindingToSend, decisionsToSend, isAlive, pagerDutyTasks } from "../../edge/todo.ts";
import { accessRequest, click, NOW, OPENED, paged, RETAIN_MS, SERVICE, wanted } from "./samples.ts";

const ENDING = { end: "expired", who: null, why: null, clickId: null } as const;
const P1 = `${SERVICE}/1`;

const noticed = bound(
  paged(),
  { digest: paged().digest, incidents: [{ service: SERVICE, incident: OPENED.incidentId }] },
  NOW,
);
const over = requestEnded(noticed, ENDING, NOW, RETAIN_MS);
const told = noteWritten(over, P1, "PN1", NOW);
const done = incidentClosed(told, P1, NOW);
const someone = clicked(noticed, click(), { nowMs: NOW, identity: undefined });
const known = identified(
  someone,
  click().id,
  { email: "b@example.com", name: "B", onCallLevels: null, botUserId: null },
  NOW,
);

function tasks(record: RequestRecord): string[] {
  return pagerDutyTasks(record).map(({ task, id }) => `${task} ${id}`);
}

describe("what is to be done with PagerDuty", () => {
  it.each([
    ["a new request", wanted(), [`open ${P1}`]],
    ["two services", wanted({}, [SERVICE, "P2"]), [`open ${P1}`, "open P2/1"]],
    ["an open incident", paged(), []],
    ["an end", over, [`note ${P1}#1`]],
    ["an end that was told", told, [`resolve ${P1}`]],
    ["an end that is done with", done, []],
    ["an end before the create's answer", requestEnded(wanted(), ENDING, NOW, RETAIN_MS), [`open ${P1}`]],
    ["a key that was taken", keyTaken(wanted(), P1, NOW), [`open ${SERVICE}/2`]],
    ["a click by somebody", someone, [`identify ${click().id}`]],
    ["a click by somebody known", known, []],
    [
      "a press",
      actionPressed(noticed, { logEntryId: "R1", incidentId: OPENED.incidentId }, "deny", NOW),
      ["reread R1"],
    ],
  ])("follows from the record: %s", (_, record, expected) => {
    expect(tasks(record)).toEqual(expected);
  });

  it("is one thing at a time on an incident, notes before the end", () => {
    const twice = requestEnded(incidentResolved(paged(), OPENED.incidentId, null, NOW), ENDING, NOW, RETAIN_MS);
    const seen: string[] = [];
    let record = twice;
    for (let next = tasks(record); next.length > 0; next = tasks(record)) {
      seen.push(...next);
      record = next[0]?.startsWith("note")
        ? noteWritten(record, P1, `PN${seen.length}`, NOW)
        : incidentClosed(record, P1, NOW);
    }
    expect(seen).toEqual([`note ${P1}#1`, `note ${P1}#2`, `resolve ${P1}`]);
  });

  it("puts the note about a merge on the survivor", () => {
    const merged = incidentResolved(noticed, OPENED.incidentId, "QSURVIVOR", NOW);
    expect(pagerDutyTasks(merged)).toMatchObject([
      { task: "note", incidentId: "QSURVIVOR" },
      { task: "open", id: `${SERVICE}/2` },
    ]);
  });

  it("puts the field of a refused click back, also after the end", () => {
    const set = clicked(done, click({ id: "SET", channel: "field" }), { nowMs: NOW, identity: undefined });
    const refused = { result: "refused", refusal: "gone", state: null, detail: "" } as const;
    const answered = decided(set, "SET", refused, { nowMs: NOW, retainMs: RETAIN_MS });
    expect(tasks(answered)).toEqual([`note ${P1}#2`, "put_back SET"]);
    expect(tasks(fieldPutBack(answered, "SET"))).toEqual([`note ${P1}#2`]);
  });

  it("still tells somebody who clicks after the end", () => {
    const late = clicked(done, click({ id: "LATE" }), {
      nowMs: NOW,
      identity: { email: null, name: "B", onCallLevels: null, botUserId: null },
    });
    const refused = { result: "refused", refusal: "not_on_call", state: "APPROVED", detail: "" } as const;
    const answered = decided(late, "LATE", refused, { nowMs: NOW, retainMs: RETAIN_MS });
    expect(tasks(answered)).toEqual([`note ${P1}#2`]);
    expect(isAlive(answered)).toBe(true);
    expect(tasks(noteWritten(answered, P1, "PN2", NOW))).toEqual([]);
  });

  it("asks nothing of an incident that never was", () => {
    const taken = keyTaken(wanted(), P1, NOW);
    expect(
      tasks(withPaging(taken, P1, (p) => ({ ...p, notes: [{ id: "n", text: "t", onIncidentId: null }] }))),
    ).toEqual([`open ${SERVICE}/2`]);
  });
});

describe("what is to be bound", () => {
  it.each([
    ["nothing before there is an incident", wanted(), undefined],
    ["an incident", paged(), [OPENED.incidentId]],
    ["nothing twice", noticed, undefined],
    ["nothing of a request that is over", requestEnded(paged(), ENDING, NOW, RETAIN_MS), undefined],
    ["nothing that was merged away", incidentResolved(paged(), OPENED.incidentId, "QS", NOW), undefined],
    ["what a person resolved", incidentResolved(paged(), OPENED.incidentId, null, NOW), [OPENED.incidentId]],
  ])("is %s", (_, record, incidents) => {
    expect(bindingToSend(record)?.incidents.map(({ incident }) => incident)).toEqual(incidents);
  });

  it("is every incident together when one more comes", () => {
    const two = incidentOpened(wanted({}, [SERVICE, "P2"]), P1, OPENED, { shown: true, nowMs: NOW });
    const first = bound(
      two,
      { digest: two.digest, incidents: [{ service: SERVICE, incident: OPENED.incidentId }] },
      NOW,
    );
    expect(bindingToSend(first)).toBeUndefined();
    const both = incidentOpened(first, "P2/1", { ...OPENED, incidentId: "Q2" }, { shown: true, nowMs: NOW });
    expect(bindingToSend(both)?.incidents).toEqual([
      { service: SERVICE, incident: OPENED.incidentId },
      { service: "P2", incident: "Q2" },
    ]);
  });

  it("is never what was paged for another digest", () => {
    const changed = requestSeen(noticed, accessRequest({ roles: ["root"] }), NOW);
    expect(bindingToSend(changed)).toBeUndefined();
    const again = incidentOpened(changed, `${SERVICE}/2`, { ...OPENED, incidentId: "Q2" }, { shown: true, nowMs: NOW });
    expect(bindingToSend(again)).toEqual({ digest: changed.digest, incidents: [{ service: SERVICE, incident: "Q2" }] });
  });
});

describe("what waits for the relay", () => {
  it.each([
    ["a click by somebody known", known, true],
    ["a click by somebody who is looked up", someone, false],
    ["a binding", paged(), true],
    ["nothing", noticed, false],
    ["a click on a request that is over", requestEnded(known, ENDING, NOW, RETAIN_MS), true],
  ])("is told apart: %s", (_, record, waits) => {
    expect(awaitsRelay(record)).toBe(waits);
  });

  it("is no press that was not read, or shows nothing", () => {
    const pressed = actionPressed(noticed, { logEntryId: "R1", incidentId: OPENED.incidentId }, "deny", NOW);
    expect(decisionsToSend(pressed)).toEqual([]);
    expect(decisionsToSend(logEntryRead(pressed, "R1", undefined, NOW))).toEqual([]);
  });
});

describe("a record", () => {
  it("is alive until it is no more than history", () => {
    expect([isAlive(over), isAlive(told), isAlive(done), isAlive(noticed)]).toEqual([true, true, false, true]);
  });
});
