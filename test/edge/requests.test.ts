import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NEAR_MISS_NOTE } from "../../edge/incident.ts";
import { Ledger } from "../../edge/ledger.ts";
import { Requests } from "../../edge/requests.ts";
import { incidentOpened } from "../../edge/steps/paging.ts";
import { NodeSql } from "../fakes/node-sql.ts";
import {
  accessRequest,
  BOB,
  BOT,
  CLUSTER,
  DECISIONS,
  HOUR_MS,
  NOW,
  noteEvent,
  OPENED,
  REQUEST_ID,
  RETAIN_MS,
  resolvedEvent,
  review,
  routedTo,
  SERVICE,
} from "./samples.ts";

let sql: NodeSql;
let ledger: Ledger;
let requests: Requests;
let changes: number;
let nowMs: number;

beforeEach(() => {
  sql = new NodeSql();
  ledger = new Ledger(sql);
  changes = 0;
  nowMs = NOW;
  requests = new Requests({
    cluster: CLUSTER,
    ledger,
    now: () => nowMs,
    retainMs: RETAIN_MS,
    route: () => routedTo(SERVICE),
    knownIdentity: () => ({ email: BOB.email, name: BOB.name, onCallLevels: null, botUserId: BOT.id }),
    botId: () => BOT.id,
    changed: () => void changes++,
  });
});
afterEach(() => sql.close());

const open = () =>
  requests.change(REQUEST_ID, (record) => incidentOpened(record, `${SERVICE}/1`, OPENED, { shown: true, nowMs: NOW }));
const deliver = (raw: Uint8Array, decisions = DECISIONS) => requests.delivered({ raw, signature: "v1=00" }, decisions);
const verdicts = () => ledger.load(REQUEST_ID)?.decisions.map(({ verdict }) => verdict);

describe("a request that is seen", () => {
  it.each([
    ["the same", {}, 1],
    ["another state of annotations", { annotations: { a: ["b"] } }, 1],
    ["a new review", { reviews: [review()] }, 2],
    ["another expiry", { requestExpiresMs: NOW + 2 * HOUR_MS }, 2],
    ["another reason", { reason: "b" }, 2],
  ])("again is written only when something is new: %s", (_, change, expected) => {
    requests.seen(accessRequest());
    requests.seen(accessRequest(change));
    expect(changes).toBe(expected);
  });

  it("after its end is not opened again", () => {
    requests.seen(accessRequest());
    requests.ended(REQUEST_ID, { end: "denied", who: null, why: null, clickId: null });
    requests.seen(accessRequest());
    expect([changes, ledger.load(REQUEST_ID)?.pagings.length]).toEqual([2, 1]);
  });

  it("was never there when it ends unseen", () => {
    requests.ended(REQUEST_ID, { end: "denied", who: null, why: null, clickId: null });
    expect([changes, ledger.load(REQUEST_ID)]).toEqual([0, undefined]);
  });
});

describe("a delivery", () => {
  beforeEach(() => {
    requests.seen(accessRequest());
    open();
  });

  it("decides as the relay says that deliveries decide", () => {
    deliver(noteEvent(OPENED.incidentId, "/approve"), { ...DECISIONS, channels: ["action"] });
    requests.delivered({ raw: noteEvent(OPENED.incidentId, "/approve"), signature: "v1=00" }, undefined);
    deliver(noteEvent(OPENED.incidentId, "please /approve"));
    expect(verdicts()).toEqual([]);
    deliver(noteEvent(OPENED.incidentId, "/deny /approve"));
    deliver(noteEvent(OPENED.incidentId, " /APPROVE\nok"));
    expect(verdicts()).toEqual(["deny", "approve"]);
  });

  it("helps nobody where notes do not count", () => {
    deliver(noteEvent(OPENED.incidentId, "/aprove"), { ...DECISIONS, channels: ["action"] });
    expect(ledger.load(REQUEST_ID)?.helped).toEqual([]);
  });

  it("helps a person once who gives a command while resolving", () => {
    deliver(noteEvent(OPENED.incidentId, "Resolution Note: /approve"));
    deliver(noteEvent(OPENED.incidentId, "Resolution Note: /deny"));
    const { helped, pagings, decisions } = ledger.load(REQUEST_ID) ?? {};
    expect([helped, pagings?.[0]?.notes.map(({ text }) => text), decisions]).toEqual([[BOB.id], [NEAR_MISS_NOTE], []]);
  });

  it("helps nobody who is us, though the note's id is not known yet", () => {
    deliver(noteEvent(OPENED.incidentId, "/aprove", { agent: { id: BOT.id, type: "user_reference" } }));
    expect(ledger.load(REQUEST_ID)?.helped).toEqual([]);
  });

  it.each([
    ["a person", { id: BOB.id, type: "user_reference" }, null, ["deny"]],
    ["us", { id: BOT.id, type: "user_reference" }, null, []],
    ["an integration", { id: "PINT8VQ", type: "inbound_integration_reference" }, null, []],
    ["time", null, null, []],
    ["a person who merges", { id: BOB.id, type: "user_reference" }, "QOTHER", []],
  ])("under on_resolve = deny is a denial only of a person: %s", (_, agent, mergedInto, expected) => {
    deliver(resolvedEvent(OPENED.incidentId, { agent, mergedInto }), { ...DECISIONS, onResolve: "deny" });
    expect(verdicts()).toEqual(expected);
    expect(ledger.load(REQUEST_ID)?.pagings[0]?.resolvedInPagerDuty).toBe(expected.length === 0);
  });

  it.each([
    ["whole", "action", "/approve", false, "undecided"],
    ["trimmed", "action", "/approve because", true, "rereading"],
    ["an approval to be confirmed", "all", "/approve", false, "rereading"],
    ["a denial", "all", "/deny", false, "undecided"],
  ] as const)("is read again where that is needed: %s", (_, confirm, content, trimmed, state) => {
    deliver(noteEvent(OPENED.incidentId, content, { trimmed }), { ...DECISIONS, confirm });
    expect(ledger.load(REQUEST_ID)?.decisions.map((decision) => decision.state)).toEqual([state]);
  });

  it("is stored only when it is a click, and once", () => {
    const raw = noteEvent(OPENED.incidentId, "/approve", { id: "01E" });
    deliver(raw);
    deliver(raw);
    deliver(noteEvent(OPENED.incidentId, "/aprove", { id: "01NEAR" }));
    deliver(resolvedEvent(OPENED.incidentId, { id: "01RESOLVED" }));
    const stored = sql.run("SELECT event_id FROM delivery").map(({ event_id }) => event_id);
    expect([stored, ledger.delivery("01E")?.raw]).toEqual([["01E"], raw]);
  });

  it("is not the same as another with its id but another incident's", () => {
    deliver(noteEvent(OPENED.incidentId, "/approve", { id: "01E" }));
    deliver(noteEvent("QOTHER", "/deny", { id: "01E" }));
    expect(verdicts()).toEqual(["approve"]);
  });
});

describe("what is held", () => {
  it("is nothing of an incident whose request is known", () => {
    requests.seen(accessRequest());
    requests.seen(accessRequest({ id: "another" }));
    open();
    deliver(noteEvent(OPENED.incidentId, "/approve"));
    expect([ledger.heldCount(), verdicts()]).toEqual([0, ["approve"]]);
  });

  it("is acted on once, presses beside deliveries", () => {
    requests.seen(accessRequest());
    deliver(noteEvent(OPENED.incidentId, "/approve"));
    requests.pressed([{ logEntryId: "R1", incidentId: OPENED.incidentId }], "deny");
    requests.pressed([{ logEntryId: "R1", incidentId: OPENED.incidentId }], "deny");
    open();
    requests.release(OPENED.incidentId, DECISIONS);
    requests.release(OPENED.incidentId, DECISIONS);
    expect([verdicts(), ledger.heldCount()]).toEqual([["approve", "deny"], 0]);
  });
});

describe("what is over", () => {
  it("is forgotten once it was kept long enough after its access ended, and nothing before it is over", () => {
    requests.seen(accessRequest());
    expect(requests.outdated(10)).toEqual([]);
    requests.ended(REQUEST_ID, { end: "denied", who: null, why: null, clickId: null });
    requests.change(REQUEST_ID, (record) => ({ ...record, pagings: [] }));
    expect(requests.outdated(10)).toEqual([]);
    nowMs = NOW + RETAIN_MS;
    expect(requests.outdated(10)).toEqual([REQUEST_ID]);
    requests.forget(REQUEST_ID);
    expect([requests.outdated(10), ledger.load(REQUEST_ID)]).toEqual([[], undefined]);
  });
});
