import { describe, expect, it } from "vitest";
import { clicked } from "../../../edge/steps/click.ts";
import { incidentOpened, noteWritten } from "../../../edge/steps/paging.ts";
import {
  expiresTooEarly,
  MAX_CLOCK_OFFSET_MS,
  newRecord,
  personText,
  requestEnded,
  requestSeen,
  routed,
  routingFailed,
} from "../../../edge/steps/request.ts";
import { isAlive } from "../../../edge/todo.ts";
import { digestOf } from "../../../shared/access-request.ts";
import {
  accessRequest,
  CLUSTER,
  click,
  HOUR_MS,
  KEY,
  NOW,
  OPENED,
  paged,
  RETAIN_MS,
  review,
  routedTo,
  SERVICE,
  wanted,
} from "../samples.ts";

const ENDING = { end: "approved", who: "dave", why: "fine", clickId: null } as const;
const texts = (record: ReturnType<typeof paged>, index = 0) =>
  record.pagings[index]?.notes.map(({ text }) => text) ?? [];

describe("newRecord", () => {
  it("wishes for one incident on each service", () => {
    expect(wanted({}, [SERVICE, "P2"]).pagings.map(({ serviceId, key }) => [serviceId, key])).toEqual([
      [SERVICE, KEY],
      ["P2", KEY],
    ]);
  });

  it("tells the reviews that a request came with", () => {
    const record = newRecord(
      CLUSTER,
      accessRequest({ reviews: [review(), review({ author: "erin" })] }),
      routedTo(SERVICE),
      NOW,
    );
    expect([record.reviewsTold, texts(record).length]).toEqual([2, 2]);
  });
});

describe("a request of which it is not known where it goes", () => {
  const unrouted = (change = {}) =>
    newRecord(CLUSTER, accessRequest(change), { kind: "unrouted", targets: ["Web", "Gone"] }, NOW);
  const destinations = [{ serviceId: SERVICE, remarks: ["Not found."] }];

  it("is not paged, and asks for its services", () => {
    expect(unrouted()).toMatchObject({ pagings: [], routing: { targets: ["Web", "Gone"], attempts: 0, dueMs: NOW } });
    expect(isAlive(unrouted())).toBe(true);
  });

  it("is paged once that is known, with what is to be said, and tells its reviews then", () => {
    const record = routed(requestSeen(unrouted(), accessRequest({ reviews: [review()] }), NOW), destinations, NOW + 9);
    expect(record).toMatchObject({
      routing: null,
      reviewsTold: 1,
      pagings: [{ dueMs: NOW + 9, remarks: ["Not found."] }],
    });
    expect(texts(record)).toHaveLength(1);
  });

  it("is paged as what it has become meanwhile", () => {
    const changed = requestSeen(unrouted(), accessRequest({ reason: "another" }), NOW);
    expect(routed(changed, destinations, NOW).pagings).toMatchObject([{ digest: changed.digest, key: KEY }]);
  });

  it("is paged once, whatever is found out twice", () => {
    const once = routed(unrouted(), destinations, NOW);
    expect(routed(once, destinations, NOW + 9)).toBe(once);
  });

  it("is over for good when it ends", () => {
    const over = requestEnded(unrouted(), ENDING, NOW, RETAIN_MS);
    expect([routed(over, destinations, NOW), over.routing, isAlive(over)]).toEqual([over, null, false]);
  });

  it.each([
    [null, 1, NOW + 1000],
    [30_000, 1, NOW + 30_000],
  ])(
    "asks again later when PagerDuty could not be asked, after %s ms if it said so",
    (retryAfterMs, attempts, dueMs) => {
      const failed = routingFailed(unrouted(), { nowMs: NOW, random: 0, retryAfterMs });
      expect(failed.routing).toMatchObject({ attempts, dueMs });
      expect(routingFailed(paged(), { nowMs: NOW, random: 0, retryAfterMs })).toEqual(paged());
    },
  );
});

describe("requestSeen", () => {
  it("changes nothing when nothing is new", () => {
    expect(requestSeen(paged(), accessRequest(), NOW + 9)).toEqual(paged());
  });

  it("tells each review once, on every live incident", () => {
    const reviewed = accessRequest({ reviews: [review()] });
    const once = requestSeen(paged(), reviewed, NOW);
    expect(texts(once)).toEqual([expect.stringMatching(/^dave reviewed the request at/)]);
    expect(requestSeen(once, reviewed, NOW)).toEqual(once);
    const more = requestSeen(once, accessRequest({ reviews: [review(), review({ author: "erin" })] }), NOW);
    expect(texts(more)).toEqual([expect.stringMatching(/^dave/), expect.stringMatching(/^erin/)]);
  });

  it("bears fewer reviews than were told", () => {
    const two = requestSeen(paged(), accessRequest({ reviews: [review(), review()] }), NOW);
    expect(requestSeen(two, accessRequest(), NOW)).toMatchObject({ reviewsTold: 2, pagings: [{ noteCount: 2 }] });
  });

  it.each([
    ["roles", { roles: ["dba", "root"] }],
    ["reason", { reason: "another" }],
    ["access", { accessExpiresMs: NOW + 9 * HOUR_MS }],
  ])("pages again under the next key when %s changed, and says so on the old incident", (_, change) => {
    const before = paged();
    const after = requestSeen(before, accessRequest(change), NOW);
    expect(after.digest).toBe(digestOf(CLUSTER, accessRequest(change)));
    expect(after.pagings.map(({ key, digest, state, closing }) => [key, digest, state, closing])).toEqual([
      [KEY, before.digest, "open", true],
      [`${KEY}/2`, after.digest, "opening", false],
    ]);
    expect(texts(after)).toEqual([expect.stringContaining(`${KEY}/2`)]);
    expect(requestSeen(after, accessRequest(change), NOW)).toEqual(after);
  });

  it("pages again twice when it changed twice, and once only for each service", () => {
    const once = requestSeen(wanted({}, [SERVICE, "P2"]), accessRequest({ reason: "b" }), NOW);
    const twice = requestSeen(once, accessRequest({ reason: "c" }), NOW);
    expect(twice.pagings.map(({ id, closing }) => `${id} ${closing}`)).toEqual([
      `${SERVICE}/1 true`,
      "P2/1 true",
      `${SERVICE}/2 true`,
      "P2/2 true",
      `${SERVICE}/3 false`,
      "P2/3 false",
    ]);
  });

  it("does not page again for what Teleport changes in the ordinary course", () => {
    const later = accessRequest({ requestExpiresMs: NOW + 2 * HOUR_MS });
    const after = requestSeen(paged(), later, NOW);
    expect([after.pagings.length, after.request.requestExpiresMs]).toEqual([1, NOW + 2 * HOUR_MS]);
  });

  it("opens nothing again that is over", () => {
    const over = requestEnded(paged(), ENDING, NOW, RETAIN_MS);
    expect(requestSeen(over, accessRequest({ roles: ["root"] }), NOW)).toBe(over);
  });
});

describe("expiresTooEarly", () => {
  const expired = { end: "expired", who: null, why: null, clickId: null } as const;
  const expiresMs = paged().request.requestExpiresMs ?? 0;

  it.each([
    [expired, -MAX_CLOCK_OFFSET_MS - 1, true],
    [expired, -MAX_CLOCK_OFFSET_MS, false],
    [expired, 1, false],
    [{ ...expired, end: "denied" } as const, -MAX_CLOCK_OFFSET_MS - 1, false],
  ])("is asked of what %o says %i ms from the expiry: %s", (ending, fromExpiryMs, tooEarly) => {
    expect(expiresTooEarly(paged(), ending, expiresMs + fromExpiryMs)).toBe(tooEarly);
  });
});

describe("requestEnded", () => {
  it("tells who and why, and then resolves", () => {
    const over = requestEnded(paged(), ENDING, NOW, RETAIN_MS);
    expect(texts(over)).toEqual(["Access request has been approved by dave.\nReason: fine"]);
    expect(over.pagings[0]).toMatchObject({ closing: true, state: "open" });
    expect(isAlive(over)).toBe(true);
  });

  it("changes nothing the second time, whatever the second says", () => {
    const over = requestEnded(paged(), ENDING, NOW, RETAIN_MS);
    expect(requestEnded(over, { ...ENDING, end: "denied" }, NOW + 1, RETAIN_MS)).toBe(over);
  });

  it("credits the click that did it", () => {
    const identity = { email: "bob@example.com", name: "Bob Birch", onCallLevels: null, botUserId: null };
    const record = clicked(paged(), click({ reason: "ok then" }), { nowMs: NOW, identity });
    const over = requestEnded(
      record,
      { end: "approved", who: "the relay", why: "[pd:1]", clickId: click().id },
      NOW,
      RETAIN_MS,
    );
    expect(texts(over)).toEqual(["Access request has been approved by Bob Birch (bob@example.com).\nReason: ok then"]);
  });

  it("comes before the create's answer: the incident is found or made nowhere, then told and resolved", () => {
    const over = requestEnded(wanted(), ENDING, NOW, RETAIN_MS);
    const found = incidentOpened(over, `${SERVICE}/1`, { ...OPENED, resolved: true }, { shown: true, nowMs: NOW });
    expect(found.pagings[0]).toMatchObject({
      state: "open",
      closing: true,
      notes: [{ text: expect.stringMatching(/approved/) }],
    });
    expect(noteWritten(found, `${SERVICE}/1`, "PN", NOW).pagings[0]?.notes).toEqual([]);
  });

  it("leaves incidents alone that were closing already", () => {
    const changed = requestSeen(paged(), accessRequest({ reason: "x" }), NOW);
    const over = requestEnded(changed, ENDING, NOW, RETAIN_MS);
    expect(over.pagings.map(({ noteCount }) => noteCount)).toEqual([1, 1]);
  });

  it.each([
    ["approved", NOW + 8 * HOUR_MS, NOW + 8 * HOUR_MS + RETAIN_MS],
    ["approved", null, NOW + RETAIN_MS],
    ["approved", NOW - HOUR_MS, NOW + RETAIN_MS],
    ["denied", NOW + 8 * HOUR_MS, NOW + RETAIN_MS],
    ["expired", NOW + 8 * HOUR_MS, NOW + RETAIN_MS],
  ] as const)("is kept from the end of its access on: %s", (end, accessExpiresMs, purgeMs) => {
    expect(requestEnded(paged({ accessExpiresMs }), { ...ENDING, end }, NOW, RETAIN_MS).purgeMs).toBe(purgeMs);
  });
});

describe("personText", () => {
  it.each([
    ["Bob", "b@x", "Bob (b@x)"],
    [null, "b@x", "b@x"],
    ["", "b@x", "b@x"],
    ["Bob", null, "Bob"],
    ["Bob", "", "Bob"],
    [null, null, null],
  ])("names %j with %j as %j", (name, email, text) => {
    expect(personText(name, email)).toBe(text);
  });
});
