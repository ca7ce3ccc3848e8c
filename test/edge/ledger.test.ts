import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Session } from "../../edge/ledger/session.ts";
import { HELD_DELIVERY_MS, Ledger, MAX_FAULTS } from "../../edge/ledger.ts";
import type { RequestRecord } from "../../edge/record.ts";
import type { Sql, SqlValue } from "../../edge/sql.ts";
import { bound } from "../../edge/steps/binding.ts";
import { clicked, decided } from "../../edge/steps/click.ts";
import { incidentClosed, noteWritten } from "../../edge/steps/paging.ts";
import { requestEnded } from "../../edge/steps/request.ts";
import { RANK } from "../../edge/todo.ts";
import { NodeSql } from "../fakes/node-sql.ts";
import {
  click,
  DAY_MS,
  DECISIONS,
  HOUR_MS,
  NOW,
  OPENED,
  paged,
  RETAIN_MS,
  review,
  SERVICE,
  wanted,
} from "./samples.ts";

const P1 = `${SERVICE}/1`;
let sql: NodeSql;
let ledger: Ledger;
beforeEach(() => {
  sql = new NodeSql();
  ledger = new Ledger(sql);
});
afterEach(() => sql.close());

const bytes = (text: string) => new TextEncoder().encode(text);
const delivery = (eventId: string, incidentId = OPENED.incidentId) => ({
  eventId,
  incidentId,
  raw: bytes(`raw of ${eventId}`),
  signature: "v1=00",
});

function finished(id: string, endedMs = NOW): RequestRecord {
  const ending = { end: "denied", who: null, why: null, clickId: null } as const;
  const ended = requestEnded(paged({ id }), ending, endedMs, RETAIN_MS);
  return incidentClosed(noteWritten(ended, P1, "PN", endedMs), P1, endedMs);
}

/** How many rows a table has; of the slots for what is alive, those that are taken. */
function count(table: string): number {
  const taken = table === "live_request" ? "WHERE id IS NOT NULL" : "";
  return Number(sql.run(`SELECT COUNT(*) AS n FROM ${table} ${taken}`)[0]?.n);
}

describe("records", () => {
  it("come back as they were stored, the last one", () => {
    expect(ledger.load("none")).toBeUndefined();
    ledger.store(wanted(), undefined);
    ledger.store(paged(), wanted());
    expect(ledger.load(paged().request.id)).toEqual(paged());
  });

  it("survive a new life on the same storage", () => {
    ledger.store(paged(), undefined);
    expect(new Ledger(sql).load(paged().request.id)).toEqual(paged());
  });

  it("are told of once they are finished, the last ones first and no more than asked for", () => {
    ledger.store(paged({ id: "open" }), undefined);
    for (const day of [1, 3, 2]) ledger.store(finished(`r${day}`, NOW + day * DAY_MS), undefined);
    expect(ledger.finished(10).map(({ request }) => request.id)).toEqual(["r3", "r2", "r1"]);
    expect(ledger.finished(2)).toHaveLength(2);
  });

  it("bear hostile text", () => {
    const record = paged({ id: "';DROP-TABLE-request;--", user: '"\u0000\ud83d😀\u202e', roles: ["__proto__", ""] });
    ledger.store(record, undefined);
    expect(ledger.load(record.request.id)).toEqual(record);
  });

  it("own their incidents", () => {
    ledger.store(paged(), wanted());
    expect([ledger.requestOf(OPENED.incidentId), ledger.requestOf("QOTHER")]).toEqual([paged().request.id, undefined]);
  });

  it("are forgotten with their incidents and deliveries", () => {
    const known = { email: "b@example.com", name: "B", onCallLevels: null, botUserId: null };
    const asked = clicked(paged(), click(), { nowMs: NOW, identity: known });
    ledger.store(asked, undefined);
    ledger.addDelivery(delivery(click().id), NOW, false);
    const outcome = { result: "applied", state: "DENIED" } as const;
    const told = noteWritten(decided(asked, click().id, outcome, { nowMs: NOW, retainMs: RETAIN_MS }), P1, "PN", NOW);
    const record = incidentClosed(told, P1, NOW);
    ledger.store(record, asked);
    ledger.addConfirmation(click().id, Uint8Array.of(1, 2));
    expect(ledger.confirmation(click().id)).toEqual(Uint8Array.of(1, 2));
    ledger.forget(record);
    expect(ledger.confirmation(click().id)).toBeUndefined();
    expect(["live_request", "finished_request", "incident", "delivery"].map(count)).toEqual([0, 0, 0, 0]);
  });
});

describe("lists", () => {
  it("name what is open, what waits for the relay, and whether anything is opening", () => {
    ledger.store(wanted({ id: "opening", reviews: [review()] }), undefined);
    const noticed = bound(
      paged({ id: "bound" }),
      { digest: paged({ id: "bound" }).digest, incidents: [{ service: SERVICE, incident: OPENED.incidentId }] },
      NOW,
    );
    ledger.store(noticed, undefined);
    ledger.store(paged({ id: "unbound" }), undefined);
    ledger.store(finished("finished"), undefined);
    expect(ledger.openRequests().map(([id, , told]) => [id, told])).toEqual([
      ["bound", 0],
      ["opening", 1],
      ["unbound", 0],
    ]);
    expect(ledger.awaitingRelay()).toEqual(["unbound"]);
    expect(ledger.isOpeningAny()).toBe(true);
    ledger.store(finished("opening"), undefined);
    expect(ledger.isOpeningAny()).toBe(false);
  });

  it("tell what work is due, longest due first, and what has expired, and when the next is", () => {
    expect(ledger.nextDueMs(NOW)).toBeNull();
    ledger.store(paged({ id: "expired", requestExpiresMs: NOW - HOUR_MS }), undefined);
    ledger.store(wanted({ id: "later" }), undefined);
    const [paging] = wanted({ id: "sooner" }).pagings;
    if (paging === undefined) throw new Error("no paging");
    ledger.store({ ...wanted({ id: "sooner" }), pagings: [{ ...paging, dueMs: NOW - 1 }] }, undefined);
    ledger.store(finished("over"), undefined);
    expect(ledger.dueOf(RANK.paging, NOW, 10)).toEqual(["sooner", "later"]);
    expect(ledger.dueOf(RANK.paging, NOW, 1)).toEqual(["sooner"]);
    expect([ledger.dueOf(RANK.paging, NOW - 2, 10), ledger.dueOf(RANK.click, NOW, 10)]).toEqual([[], []]);
    expect([ledger.isAnyDue(NOW - 1), ledger.isAnyDue(NOW - 2)]).toEqual([true, false]);
    expect(ledger.expiredBy(NOW, 10)).toEqual(["expired"]);
    expect([ledger.nextDueMs(NOW - 1), ledger.nextDueMs(NOW)]).toEqual([NOW, NOW + HOUR_MS + 30_000]);
  });

  it("are the same in the object's next life", () => {
    for (const record of [wanted({ id: "opening" }), paged({ id: "unbound" }), finished("over")]) {
      ledger.store(record, undefined);
    }
    const told = (of: Ledger) => [
      of.openRequests(),
      of.openAfter("opening", 10),
      of.awaitingRelay(),
      of.isOpeningAny(),
      of.dueOf(RANK.paging, NOW, 10),
      of.expiredBy(NOW + DAY_MS, 10),
      of.nextDueMs(0),
    ];
    expect(told(new Ledger(sql))).toEqual(told(ledger));
    expect(told(ledger)).not.toContainEqual([]);
  });

  it("have a request again that was over, once somebody clicks on it", () => {
    const over = finished("over");
    ledger.store(over, undefined);
    const clickedOn = clicked(over, click(), { nowMs: NOW, identity: undefined });
    ledger.store(clickedOn, over);
    expect([count("live_request"), count("finished_request"), ledger.load("over")]).toEqual([1, 0, clickedOn]);
    expect(ledger.dueOf(RANK.click, NOW, 10)).toEqual(["over"]);
    ledger.store(over, clickedOn);
    expect([count("live_request"), count("finished_request"), ledger.load("over")]).toEqual([0, 1, over]);
    expect(ledger.isAnyDue(NOW)).toBe(false);
  });

  it("name what may be deleted by now, and nothing whose access has ended only lately", () => {
    ledger.store(finished("old", NOW), undefined);
    ledger.store({ ...finished("lasting", NOW), purgeMs: NOW + 2 * RETAIN_MS }, undefined);
    ledger.store(finished("new", NOW + 1), undefined);
    expect(ledger.outdated(NOW, NOW + RETAIN_MS, 10)).toEqual(["old"]);
    expect(ledger.outdated(NOW, NOW + RETAIN_MS - 1, 10)).toEqual([]);
    expect(ledger.outdated(NOW + 1, NOW + 2 * RETAIN_MS, 2)).toEqual(["old", "lasting"]);
  });
});

describe("deliveries", () => {
  it("are stored once, the first of them", () => {
    expect(ledger.addDelivery(delivery("E1"), NOW, false)).toBe(true);
    expect(ledger.addDelivery({ ...delivery("E1"), raw: bytes("forged") }, NOW, false)).toBe(false);
    expect(ledger.delivery("E1")).toEqual(delivery("E1"));
    expect(ledger.delivery("E2")).toBeUndefined();
  });

  it("keep every byte", () => {
    const raw = Uint8Array.from({ length: 256 }, (_, n) => n);
    ledger.addDelivery({ ...delivery("E1"), raw }, NOW, false);
    expect(ledger.delivery("E1")?.raw).toEqual(raw);
  });

  it("that are held come out once, oldest first, for their incident alone", () => {
    ledger.addDelivery(delivery("later"), NOW + 2, true);
    ledger.addDelivery(delivery("sooner"), NOW + 1, true);
    ledger.addDelivery(delivery("other", "QOTHER"), NOW, true);
    ledger.addDelivery(delivery("kept"), NOW, false);
    expect(ledger.heldCount()).toBe(3);
    expect(ledger.releaseHeld(OPENED.incidentId).map(({ eventId }) => eventId)).toEqual(["sooner", "later"]);
    expect(ledger.releaseHeld(OPENED.incidentId)).toEqual([]);
    expect([ledger.heldCount(), count("delivery")]).toEqual([1, 2]);
  });

  it("that are held are forgotten after a quarter of an hour, the others never", () => {
    ledger.addDelivery(delivery("held"), NOW, true);
    ledger.addDelivery(delivery("kept"), NOW, false);
    expect(ledger.dropHeld(NOW + HELD_DELIVERY_MS)).toBe(0);
    expect(ledger.dropHeld(NOW + HELD_DELIVERY_MS + 1)).toBe(1);
    expect(ledger.delivery("kept")).toBeDefined();
  });
});

describe("clicks that made room for others", () => {
  it("take their deliveries with them", () => {
    const before = clicked(paged(), click({ id: "A" }), { nowMs: NOW, identity: undefined });
    ledger.store(before, undefined);
    ledger.addDelivery(delivery("A"), NOW, false);
    ledger.addConfirmation("A", bytes("{}"));
    ledger.store({ ...before, decisions: [] }, before);
    expect([count("delivery"), count("reread")]).toEqual([0, 0]);
  });
});

describe("the session", () => {
  it("is one row, the last one", () => {
    const hello = {
      release: "1",
      teleportVersion: "18",
      proxyAddress: null,
      decisions: DECISIONS,
      asksOnCall: true,
      certificateExpiresMs: null,
    };
    const session: Session = { epoch: 1, instance: "one", relayKey: "k", sinceMs: NOW, leftMs: NOW, hello };
    expect(ledger.session()).toBeUndefined();
    ledger.setSession(session);
    ledger.setSession({ ...session, epoch: 2 });
    expect([new Ledger(sql).session(), count("session")]).toEqual([{ ...session, epoch: 2 }, 1]);
  });
});

describe("a token's id", () => {
  it("is good once, and remembered until its token has ended", () => {
    expect([ledger.useJti("a", NOW + 60_000, NOW), ledger.useJti("a", NOW + 60_000, NOW + 60_000)]).toEqual([
      true,
      false,
    ]);
    ledger.useJti("b", NOW + 200_000, NOW + 60_001);
    expect(count("seen_jti")).toBe(1);
  });
});

describe("faults", () => {
  it("are a ring, newest first", () => {
    for (let n = 1; n <= MAX_FAULTS + 50; n++) ledger.addFault(`fault ${n}`, NOW + n);
    expect(ledger.faults(2).map(({ what }) => what)).toEqual([`fault ${MAX_FAULTS + 50}`, `fault ${MAX_FAULTS + 49}`]);
    expect(count("fault")).toBe(MAX_FAULTS);
  });
});

describe("with a year of finished requests", () => {
  // The statements that run with every delivery, frame, step or alarm.
  const HOT: [string, (hot: Ledger) => unknown][] = [
    ["load", (hot) => hot.load("x")],
    ["store", (hot) => hot.store(paged({ id: "x" }), undefined)],
    ["requestOf", (hot) => hot.requestOf("x")],
    ["finished", (hot) => hot.finished(10)],
    ["outdated", (hot) => hot.outdated(NOW, NOW, 10)],
    ["addDelivery", (hot) => hot.addDelivery(delivery("x"), NOW, true)],
    ["delivery", (hot) => hot.delivery("x")],
    ["releaseHeld", (hot) => hot.releaseHeld(OPENED.incidentId)],
    ["heldCount", (hot) => hot.heldCount()],
    ["dropHeld", (hot) => hot.dropHeld(NOW)],
    ["forget", (hot) => hot.forget(clicked(paged({ id: "x" }), click(), { nowMs: NOW, identity: undefined }))],
  ];

  it.each(HOT)("%s searches an index and scans no table", (_, use) => {
    const statements: [string, SqlValue[]][] = [];
    const spy: Sql = {
      run: (statement, ...bindings) => {
        statements.push([statement, bindings]);
        return sql.run(statement, ...bindings);
      },
    };
    const hot = new Ledger(spy);
    ledger.addDelivery(delivery("held"), NOW, true);
    statements.length = 0;
    use(hot);
    expect(statements).not.toEqual([]);
    for (const [statement, bindings] of statements) {
      const plan = sql.run(`EXPLAIN QUERY PLAN ${statement}`, ...bindings).map(({ detail }) => String(detail));
      // What is held is few; of what is over as much is read as is asked for.
      expect(plan.filter((step) => step.startsWith("SCAN") && !/delivery_held|request_ended/.test(step))).toEqual([]);
    }
  });

  it("wakes, and finds the few that are alive, without a look at what is over", () => {
    ledger.store(paged(), undefined);
    const statements: string[] = [];
    const awake = new Ledger({
      run: (statement, ...bindings) => {
        statements.push(statement);
        return sql.run(statement, ...bindings);
      },
    });
    const [id] = awake.awaitingRelay();
    expect([id, awake.openRequests().length, awake.isOpeningAny()]).toEqual([paged().request.id, 1, false]);
    expect([awake.isAnyDue(NOW), awake.nextDueMs(NOW)]).toEqual([false, NOW + HOUR_MS + 30_000]);
    expect(statements.filter((statement) => statement.includes("finished_request"))).toEqual([]);
  });
});
