import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LiveTable, MAX_FREE_SLOTS } from "../../../edge/ledger/live-table.ts";
import { migrate } from "../../../edge/ledger/schema.ts";
import { NodeSql } from "../../fakes/node-sql.ts";

let sql: NodeSql;
let table: LiveTable;
beforeEach(() => {
  sql = new NodeSql();
  migrate(sql);
  table = awake();
});
afterEach(() => sql.close());

/** The table as the object has it when it wakes. */
function awake(): LiveTable {
  const woken = new LiveTable(sql);
  woken.open();
  return woken;
}

const slots = () => sql.run("SELECT slot, id FROM live_request ORDER BY slot").map(({ slot, id }) => [slot, id]);

describe("the rows of live requests", () => {
  it("hold each request in a slot of its own, over a sleep", () => {
    table.put("r1", "{}", "one");
    table.put("r2", "{}", "two");
    table.put("r1", '{"more":1}', "one more");
    expect([table.record("r1"), awake().record("r2"), table.record("r3")]).toEqual(["one more", "two", undefined]);
    expect(new LiveTable(sql).open()).toEqual([
      { id: "r1", standing: '{"more":1}', record: null },
      { id: "r2", standing: "{}", record: null },
    ]);
  });

  it("are used again, and hold nothing of what was there", () => {
    table.put("r1", "{}", "one");
    table.free("r1");
    expect([table.has("r1"), slots()]).toEqual([false, [[1, null]]]);
    expect(sql.run("SELECT record, standing FROM live_request")).toEqual([{ record: "", standing: null }]);
    table = awake();
    table.put("r2", "{}", "two");
    expect(slots()).toEqual([[1, "r2"]]);
  });

  it("are not freed for what does not live", () => {
    table.free("r1");
    expect(slots()).toEqual([]);
  });

  it("stay few after a burst", () => {
    const ids = Array.from({ length: MAX_FREE_SLOTS + 20 }, (_, n) => `r${n}`);
    for (const id of ids) table.put(id, "{}", id);
    for (const id of ids) table.free(id);
    expect(slots()).toHaveLength(MAX_FREE_SLOTS);
    table = awake();
    for (const id of ids) table.put(id, "{}", id);
    expect(ids.map((id) => awake().record(id))).toEqual(ids);
  });
});

describe("what is counted", () => {
  it("is told of once a row has carried it, and kept over every sleep", () => {
    table.count([["seen", 1]]);
    expect(table.tally).toEqual({});
    table.put("r1", "{}", "one");
    expect([table.tally, awake().tally]).toEqual([{ seen: 1 }, { seen: 1 }]);
  });

  it("never goes back, whichever rows are freed and used again", () => {
    let last = 0;
    for (let turn = 0; turn < 3 * MAX_FREE_SLOTS; turn++) {
      table.count([["seen", 1]]);
      if (turn % 3 === 2) table.free(`r${turn - 2}`);
      else table.put(`r${turn}`, "{}", "");
      if (turn % 7 === 0) table = awake();
      expect(table.tally.seen).toBe(++last);
    }
  });

  it("waits for the next row where it was not stored, and is lost with the object's life", () => {
    table.put("r1", "{}", "one");
    table.count([["calls ok", 2]]);
    table = awake();
    table.put("r1", "{}", "one");
    expect(table.tally).toEqual({});
  });
});
