import { describe, expect, it } from "vitest";
import type { RequestRecord } from "../../../edge/record.ts";
import { stageOf, timelineOf } from "../../../edge/status/timeline.ts";
import { bound } from "../../../edge/steps/binding.ts";
import { clicked, decided } from "../../../edge/steps/click.ts";
import { incidentClosed, noteWritten } from "../../../edge/steps/paging.ts";
import { requestEnded } from "../../../edge/steps/request.ts";
import type { Click } from "../../../shared/click.ts";
import type { Outcome } from "../../../shared/protocol.ts";
import { BOB, BOT, click, NOW, OPENED, paged, RETAIN_MS, SERVICE, wanted } from "../samples.ts";

const P1 = `${SERVICE}/1`;
const REFUSED: Outcome = { result: "refused", refusal: "stale", state: "PENDING", detail: "" };
const identity = { email: BOB.email, name: BOB.name, onCallLevels: null, botUserId: BOT.id };

const held = (nowMs: number, record = paged()): RequestRecord => {
  const { digest, pagings } = record;
  const incidents = pagings.map(({ serviceId, incidentId }) => ({ service: serviceId, incident: incidentId ?? "" }));
  return bound(record, { digest, incidents }, nowMs);
};
const withClick = (record: RequestRecord, change: Partial<Click>, nowMs: number): RequestRecord =>
  clicked(record, click(change), { nowMs, identity });
const answered = (record: RequestRecord, outcome: Outcome, nowMs: number): RequestRecord =>
  decided(record, click().id, outcome, { nowMs, retainMs: RETAIN_MS });
const closed = (record: RequestRecord, nowMs: number): RequestRecord =>
  incidentClosed(noteWritten(record, P1, "PNOTE", nowMs), P1, nowMs);

const kinds = (record: RequestRecord) => timelineOf(record).map(({ kind }) => kind);

describe("a timeline", () => {
  it("goes from the ask to the end of the incident, each hop with its time and whose it was", () => {
    const asked = paged({ createdMs: NOW - 40 });
    const clickedOn = withClick(held(NOW + 5, asked), { occurredMs: NOW + 9000 }, NOW + 9200);
    const record = closed(answered(clickedOn, { result: "applied", state: "APPROVED" }, NOW + 9300), NOW + 9900);
    const none = { who: null, verdict: null, incidentId: null };
    const { incidentId } = OPENED;
    expect(timelineOf(record)).toEqual([
      { ...none, kind: "asked", atMs: NOW - 40, who: "alice" },
      { ...none, kind: "seen", atMs: NOW },
      { ...none, kind: "paged", atMs: NOW, incidentId },
      { ...none, kind: "bound", atMs: NOW + 5, incidentId },
      { ...none, kind: "clicked", atMs: NOW + 9000, who: BOB.name, verdict: "approve", incidentId },
      { ...none, kind: "approved", atMs: NOW + 9300, who: `${BOB.name} (${BOB.email})` },
      { ...none, kind: "resolved", atMs: NOW + 9900, incidentId },
    ]);
  });

  it("tells of a refused click, and of the end that came from elsewhere", () => {
    const refused = answered(withClick(held(NOW), {}, NOW + 10), REFUSED, NOW + 20);
    const ended = requestEnded(refused, { end: "denied", who: "dave", why: null, clickId: null }, NOW + 30, RETAIN_MS);
    expect(kinds(ended)).toEqual(["asked", "seen", "paged", "bound", "clicked", "refused", "denied"]);
  });

  it("tells of a review that was not the last that was needed", () => {
    expect(kinds(answered(withClick(held(NOW), {}, NOW), { result: "applied", state: "PENDING" }, NOW))).toContain(
      "reviewed",
    );
  });

  it("leaves out what nobody knows", () => {
    expect(kinds(wanted({ createdMs: null }))).toEqual(["seen"]);
  });

  it.each<[string, Partial<Click>, number]>([
    ["PagerDuty's is behind ours", { occurredMs: NOW - 60_000 }, NOW],
    ["PagerDuty's is ahead of ours", { occurredMs: NOW + 60_000 }, NOW + 500],
    ["it tells seconds only", { channel: "action", occurredMs: NOW - 700 }, NOW + 500],
  ])("has a click between its incident and its arrival, whatever the clocks say: %s", (_, change, clickedMs) => {
    const hops = timelineOf(withClick(paged(), change, NOW + 500));
    expect(hops.at(-1)).toMatchObject({ kind: "clicked", atMs: clickedMs });
  });

  it("begins with the ask, though Teleport's clock be ahead", () => {
    expect(timelineOf(paged({ createdMs: NOW + 5000 }))[0]).toMatchObject({ kind: "asked", atMs: NOW });
  });
});

describe("a request's stage", () => {
  const waiting = held(NOW);
  const undecided = withClick(waiting, {}, NOW);
  const approved = answered(undecided, { result: "applied", state: "APPROVED" }, NOW);
  it.each([
    ["being_paged", wanted()],
    ["awaiting_relay", paged()],
    ["awaiting_decision", waiting],
    ["being_decided", undecided],
    ["awaiting_decision", answered(undecided, REFUSED, NOW)],
    ["being_closed", approved],
    ["approved", closed(approved, NOW)],
  ])("is %s", (stage, record) => {
    expect(stageOf(record)).toBe(stage);
  });
});
