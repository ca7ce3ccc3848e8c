import { describe, expect, it } from "vitest";
import { NEWS, newsOf } from "../../edge/news.ts";
import type { RequestRecord } from "../../edge/record.ts";
import { clicked, decided } from "../../edge/steps/click.ts";
import { asksOnCall, offerAnswered, onCallAnswered } from "../../edge/steps/on-call.ts";
import { incidentOpened, incidentResolved } from "../../edge/steps/paging.ts";
import { newRecord, requestEnded } from "../../edge/steps/request.ts";
import {
  accessRequest,
  BOB,
  CLUSTER,
  click,
  NOW,
  OPENED,
  paged,
  RETAIN_MS,
  routedTo,
  SERVICE,
  wanted,
} from "./samples.ts";

const SETTLE = { nowMs: NOW + 700, retainMs: RETAIN_MS };
const asked = clicked(paged(), click(), { nowMs: NOW, identity: undefined });
const about = { clickId: click().id, incidentId: OPENED.incidentId, verdict: "approve" };
const offer = { atMs: NOW, person: { id: BOB.id, email: BOB.email, name: BOB.name }, services: [] };

describe("what has happened to a request", () => {
  it("is at first that it is there", () => {
    expect(newsOf(wanted(), undefined)).toEqual([{ kind: "seen" }]);
  });

  it("is that it was paged, and how long after it was asked for", () => {
    const before = wanted({ createdMs: NOW - 1500 });
    const after = incidentOpened(before, `${SERVICE}/1`, OPENED, { shown: true, nowMs: NOW });
    expect(newsOf(after, before)).toEqual([{ kind: "paged", incidentId: OPENED.incidentId, afterMs: 1500 }]);
  });

  it.each([
    ["Teleport did not say when it was asked for", wanted({ createdMs: null }), null],
    ["Teleport's clock is ahead", wanted({ createdMs: NOW + 5000 }), 0],
  ])("tells no more than it can of that time when %s", (_, before, afterMs) => {
    const after = incidentOpened(before, `${SERVICE}/1`, OPENED, { shown: true, nowMs: NOW });
    expect(newsOf(after, before)).toMatchObject([{ kind: "paged", afterMs }]);
  });

  it("is each paging, of which only the first has a time", () => {
    const merged = incidentResolved(paged(), OPENED.incidentId, "QOTHER", NOW);
    const second = { ...OPENED, incidentId: "Q2" };
    const again = incidentOpened(merged, `${SERVICE}/2`, second, { shown: true, nowMs: NOW });
    expect(newsOf(again, merged)).toEqual([{ kind: "paged", incidentId: "Q2", afterMs: null }]);
  });

  it("is a click, and what became of it", () => {
    expect(newsOf(asked, paged())).toEqual([{ ...about, kind: "clicked", channel: "note" }]);
    const refusal = { result: "refused", refusal: "stale", state: "PENDING", detail: "" } as const;
    expect(newsOf(decided(asked, click().id, refusal, SETTLE), asked)).toEqual([
      { ...about, kind: "refused", refusal: "stale" },
    ]);
    const applied = decided(asked, click().id, { result: "applied", state: "APPROVED" }, SETTLE);
    expect(newsOf(applied, asked)).toEqual([
      { ...about, kind: "applied", afterMs: 700 },
      { kind: "ended", end: "approved" },
    ]);
  });

  it("is an end that nobody clicked for", () => {
    const ending = { end: "expired", who: null, why: null, clickId: null } as const;
    expect(newsOf(requestEnded(paged(), ending, NOW, RETAIN_MS), paged())).toEqual([{ kind: "ended", end: "expired" }]);
  });

  it("is each refusal of an on-call auto-approval", () => {
    const made = newRecord(CLUSTER, accessRequest(), routedTo(SERVICE), NOW);
    let record: RequestRecord = asksOnCall(made, NOW);
    const refusal = { result: "refused", refusal: "role_not_approvable", state: "PENDING", detail: "" } as const;
    for (let time = 0; time < 2; time++) {
      const offered = onCallAnswered(record, offer, NOW);
      expect(newsOf(offered, record)).toEqual([]);
      record = offerAnswered(offered, refusal, SETTLE);
      expect(newsOf(record, offered)).toEqual([{ kind: "not_auto_approved", refusal: "role_not_approvable" }]);
    }
  });

  it("is nothing when nothing has", () => {
    expect(newsOf(asked, asked)).toEqual([]);
  });

  it("has a name in the log, whatever it is", () => {
    for (const name of Object.values(NEWS)) expect(name).toMatch(/^[A-Z][a-z]/);
  });
});
