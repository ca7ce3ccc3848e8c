import { describe, expect, it } from "vitest";
import { standingOf, standingSchema } from "../../edge/standing.ts";
import { bound } from "../../edge/steps/binding.ts";
import { clicked } from "../../edge/steps/click.ts";
import { incidentClosed, noteWritten } from "../../edge/steps/paging.ts";
import { EXPIRY_GRACE_MS, requestEnded } from "../../edge/steps/request.ts";
import { RANK } from "../../edge/todo.ts";
import { click, HOUR_MS, NOW, OPENED, paged, RETAIN_MS, SERVICE, wanted } from "./samples.ts";

const ENDING = { end: "denied", who: null, why: null, clickId: null } as const;
const P1 = `${SERVICE}/1`;
const EXPIRES_MS = NOW + HOUR_MS + EXPIRY_GRACE_MS;

const incidents = [{ service: SERVICE, incident: OPENED.incidentId }];
const quiet = (change = {}) => bound(paged(change), { digest: paged(change).digest, incidents }, NOW);
const asked = clicked(quiet(), click(), { nowMs: NOW, identity: undefined });
const over = requestEnded(quiet(), ENDING, NOW, RETAIN_MS);

describe("how a request stands", () => {
  it.each([
    ["its incident is to be opened", wanted(), RANK.paging, NOW, EXPIRES_MS],
    ["nothing is asked of PagerDuty", quiet(), RANK.nothing, null, EXPIRES_MS],
    ["nothing is asked, and there is no end in sight", quiet({ requestExpiresMs: null }), RANK.nothing, null, null],
    ["somebody clicked who is looked up", asked, RANK.click, NOW, EXPIRES_MS],
    ["its end is to be told", over, RANK.telling, NOW, null],
  ])("tells what is to be done, and when: %s", (_, record, rank, dueMs, expiresMs) => {
    expect(standingOf(record)).toMatchObject({ rank, dueMs, expiresMs, isPending: record.end === null });
  });

  it("tells what the relay is asked for, and whether an incident may be on its way", () => {
    expect(standingOf(wanted())).toMatchObject({ isOpening: true, awaitsRelay: false });
    const unrouted = {
      ...wanted(),
      pagings: [],
      routing: { targets: ["Access"], adopt: null, attempts: 0, dueMs: NOW },
    };
    expect(standingOf(unrouted)).toMatchObject({ isOpening: false });
    expect(standingOf({ ...unrouted, mayBePaged: true })).toMatchObject({ isOpening: true });
    expect(standingOf(paged())).toMatchObject({ isOpening: false, awaitsRelay: true });
    expect(standingOf(quiet())).toMatchObject({ isOpening: false, awaitsRelay: false });
  });

  it("comes back as it was stored", () => {
    for (const record of [wanted(), quiet(), asked, over]) {
      expect(standingSchema.parse(JSON.parse(JSON.stringify(standingOf(record))))).toEqual(standingOf(record));
    }
  });

  it("is told until it is no more than history", () => {
    const told = noteWritten(over, P1, "PN1", NOW);
    expect(standingOf(told)).toBeDefined();
    expect(standingOf(incidentClosed(told, P1, NOW))).toBeUndefined();
  });
});
