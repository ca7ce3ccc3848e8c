import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HELD_DELIVERY_MS, Ledger, MAX_FAULTS, type Session } from "../../edge/ledger.ts";
import type { RequestRecord } from "../../edge/record.ts";
import type { Sql, SqlValue } from "../../edge/sql.ts";
import { bound } from "../../edge/steps/binding.ts";
import { clicked } from "../../edge/steps/click.ts";
import { incidentClosed, noteWritten } from "../../edge/steps/paging.ts";
import { requestEnded } from "../../edge/steps/request.ts";
import { RANK } from "../../edge/todo.ts";
import { NodeSql } from "../fakes/node-sql.ts";
import { click, DECISIONS, HOUR_MS, NOW, OPENED, paged, RETAIN_MS, review, SERVICE, wanted } from "./samples.ts";

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

function finished(id: string): RequestRecord {
  const ending = { end: "denied", who: null, why: null, clickId: null } as const;
  return incidentClosed(noteWritten(requestEnded(paged({ id }), ending, NOW, RETAIN_MS), P1, "PN", NOW), P1, NOW);
}

function count(table: string): number {
  return Number(sql.run(`SELECT COUNT(*) AS n FROM ${table}`)[0]?.n);
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

  it("bear hostile text", () => {
    const record = paged({ id: "'; DROP TABLE request; --", user: '"\u0000\ud83d😀\u202e', roles: ["__proto__", ""] });
    ledger.store(record, undefined);
    expect(ledger.load(record.request.id)).toEqual(record);
  });

  it("own their incidents", () => {
    ledger.store(paged(), wanted());
    expect([ledger.requestOf(OPENED.incidentId), ledger.requestOf("QOTHER")]).toEqual([paged().request.id, undefined]);
  });

  it("are forgotten with their incidents and deliveries", () => {
    const record = clicked(paged(), click(), { nowMs: NOW, identity: undefined });
    ledger.store(record, undefined);
    ledger.addDelivery(delivery(click().id), NOW, false);
    ledger.addConfirmation(click().id, Uint8Array.of(1, 2));
    expect(ledger.confirmation(click().id)).toEqual(Uint8Array.of(1, 2));
    ledger.forget(record);
    expect(ledger.confirmation(click().id)).toBeUndefined();
    expect([count("request"), count("incident"), count("delivery")]).toEqual([0, 0, 0]);
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

  it("tell what is due, longest due first, and when the next is", () => {
    expect(ledger.nextLookMs(NOW)).toBeNull();
    ledger.store({ ...paged({ id: "b", requestExpiresMs: NOW - HOUR_MS }) }, undefined);
    ledger.store(wanted({ id: "a" }), undefined);
    ledger.store(paged({ id: "c" }), undefined);
    ledger.store(finished("d"), undefined);
    expect(ledger.dueBy(NOW, 10)).toEqual(["b", "a"]);
    expect(ledger.dueBy(NOW, 1)).toEqual(["b"]);
    expect(ledger.nextLookMs(NOW)).toBe(NOW + HOUR_MS + 30_000);
    expect(ledger.nextLookMs(NOW + 2 * HOUR_MS)).toBe(NOW + RETAIN_MS);
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
    const session: Session = { epoch: 1, instance: "one", relayKey: "k", sinceMs: NOW, hello };
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
    ["openRequests", (hot) => hot.openRequests()],
    ["awaitingRelay", (hot) => hot.awaitingRelay()],
    ["dueBy", (hot) => hot.dueBy(NOW, 10)],
    ["dueOf", (hot) => hot.dueOf(RANK.click, NOW, 10)],
    ["isAnyDue", (hot) => hot.isAnyDue(NOW)],
    ["nextLookMs", (hot) => hot.nextLookMs(NOW)],
    ["isOpeningAny", (hot) => hot.isOpeningAny()],
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
      // Partial indexes hold what is alive or held, and nothing else.
      expect(plan.filter((step) => step.startsWith("SCAN") && !/request_alive|delivery_held/.test(step))).toEqual([]);
    }
  });

  it("finds the few that are alive among a hundred thousand that are not", () => {
    const record = JSON.stringify(finished("0"));
    sql.run(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
       INSERT INTO request SELECT 'old-' || i, 'd', 0, 0, 0, 0, 0, 3, ? + i, ? FROM n`,
      NOW + RETAIN_MS,
      record,
    );
    ledger.store(paged(), undefined);
    expect(ledger.openRequests().map(([id]) => id)).toEqual([paged().request.id]);
    expect(ledger.awaitingRelay()).toEqual([paged().request.id]);
    expect([ledger.isOpeningAny(), ledger.dueBy(NOW, 10), ledger.nextLookMs(NOW)]).toEqual([
      false,
      [],
      NOW + HOUR_MS + 30_000,
    ]);
  });
});
