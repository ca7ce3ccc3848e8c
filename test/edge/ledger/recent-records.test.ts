import { describe, expect, it } from "vitest";
import { RecentRecords } from "../../../edge/ledger/recent-records.ts";
import type { RequestRecord } from "../../../edge/record.ts";
import { wanted } from "../samples.ts";

/** More than are kept. */
const MANY = 600;

function recordOf(id: string): RequestRecord {
  return wanted({ id });
}

describe("the records that were used last", () => {
  it("are there as they were stored, until they are dropped", () => {
    const recent = new RecentRecords();
    const record = recordOf("a");
    recent.put(recordOf("a"));
    recent.put(record);
    expect(recent.get("a")).toBe(record);
    recent.drop("a");
    expect(recent.get("a")).toBeUndefined();
  });

  it("are bounded: the one that was used longest ago goes first", () => {
    const recent = new RecentRecords();
    recent.put(recordOf("used"));
    recent.put(recordOf("unused"));
    for (let n = 0; n < MANY; n++) {
      recent.put(recordOf(`other-${n}`));
      recent.get("used");
    }
    expect(recent.get("used")).toBeDefined();
    expect(recent.get("unused")).toBeUndefined();
    expect(recent.get("other-0")).toBeUndefined();
    expect(recent.get(`other-${MANY - 1}`)).toBeDefined();
  });
});
