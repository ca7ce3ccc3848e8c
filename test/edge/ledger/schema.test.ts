import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { migrate, SCHEMA_VERSION } from "../../../edge/ledger/schema.ts";
import { Ledger } from "../../../edge/ledger.ts";
import { RANK } from "../../../edge/todo.ts";
import { NodeSql } from "../../fakes/node-sql.ts";
import { click, HOUR_MS, NOW, OPENED, RETAIN_MS } from "../samples.ts";

let sql: NodeSql;
beforeEach(() => {
  sql = new NodeSql();
});
afterEach(() => sql.close());

/** Storage as the first release left it, which wrote no version: its tables, and a row of each kind. */
function writeVersion1(): void {
  const text = readFileSync(join(import.meta.dirname, "version-1.sql"), "utf8");
  for (const statement of text.split(/;\n/)) if (statement.trim() !== "") sql.run(statement);
}

const tablesOf = (of: NodeSql) =>
  of
    .run("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
    .map(({ sql: statement }) => String(statement).replaceAll(/\s+/g, " "));
const version = () => sql.run("SELECT version FROM schema");
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

describe("the ledger of the first release", () => {
  beforeEach(writeVersion1);

  it("comes out with the tables that a new one has, and says so", () => {
    migrate(sql);
    const fresh = new NodeSql();
    migrate(fresh);
    expect(tablesOf(sql)).toEqual(tablesOf(fresh));
    expect(version()).toEqual([{ version: SCHEMA_VERSION }]);
    fresh.close();
  });

  it("keeps its requests, and what is to be done for each", () => {
    const ledger = new Ledger(sql);
    expect(ledger.openRequests().map(([id]) => id)).toEqual(["clicked", "opening"]);
    expect(ledger.awaitingRelay()).toEqual(["clicked"]);
    expect(ledger.isOpeningAny()).toBe(true);
    expect(ledger.dueOf(RANK.paging, NOW, 10)).toEqual(["opening"]);
    expect(ledger.dueOf(RANK.telling, NOW, 10)).toEqual(["closing"]);
    expect(ledger.expiredBy(NOW + HOUR_MS + 30_000, 10)).toEqual(["clicked", "opening"]);
    expect(ledger.load("clicked")?.decisions).toMatchObject([{ clickId: click().id, state: "undecided" }]);
    expect(ledger.finished(10)).toMatchObject([{ request: { id: "over" }, end: { end: "denied", who: "carol" } }]);
    expect([ledger.outdated(NOW, NOW + RETAIN_MS, 10), ledger.outdated(NOW, NOW + RETAIN_MS - 1, 10)]).toEqual([
      ["over"],
      [],
    ]);
  });

  it("keeps everything else", () => {
    const ledger = new Ledger(sql);
    expect([OPENED.incidentId, "QCLOSING", "QOVER"].map((id) => ledger.requestOf(id))).toEqual([
      "clicked",
      "closing",
      "over",
    ]);
    expect(text(ledger.delivery(click().id)?.raw)).toBe("raw of the click");
    expect(text(ledger.confirmation(click().id))).toBe("{}");
    expect(ledger.heldCount()).toBe(1);
    expect(ledger.releaseHeld("QHELD").map(({ raw }) => text(raw))).toEqual(["raw of what is held"]);
    expect(ledger.session()).toMatchObject({ epoch: 7, instance: "relay-one", relayKey: "thumbprint", sinceMs: NOW });
    expect(ledger.lastRound()).toEqual({ atMs: NOW, upTo: "closing" });
    expect(ledger.useJti("a token's id", NOW + 60_000, NOW)).toBe(false);
    expect(ledger.faults(10)).toEqual([{ atMs: NOW, what: "a fault" }]);
  });

  it("is brought up to date once", () => {
    migrate(sql);
    const statements: string[] = [];
    migrate({
      run: (statement, ...bindings) => {
        statements.push(statement);
        return sql.run(statement, ...bindings);
      },
    });
    expect(statements.map((statement) => statement.split(" ")[0])).toEqual(["CREATE", "SELECT"]);
    expect(statements[0]).toContain("IF NOT EXISTS");
  });
});

describe("the ledger of a later release", () => {
  it("is left alone", () => {
    migrate(sql);
    sql.run("UPDATE schema SET version = version + 1");
    expect(() => new Ledger(sql)).toThrow(`version ${SCHEMA_VERSION + 1}`);
  });
});
