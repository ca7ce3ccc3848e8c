import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { REMEMBER_PRIORITIES_MS } from "../../../edge/pagerduty/priorities.ts";
import { Host } from "../host.ts";

let host: Host;
beforeEach(async () => {
  host = await Host.start({ priority: "p1" });
});
afterEach(() => host.stop());

const faults = () => host.ledger.faults(10).map(({ what }) => what);
const priorities = () => host.pagerDuty.incidents.map(({ priorityId }) => priorityId);

async function page(...ids: string[]): Promise<void> {
  const relay = host.connect().hello();
  for (const id of ids) relay.request({ id });
  await host.settled();
}

describe("the priority of an incident", () => {
  it("is found by its name, letter case aside, and asked for once", async () => {
    host.pagerDuty.account.addPriority({ id: "PPRIO01", name: "P1" });
    await page("a", "b", "c");
    expect(priorities()).toEqual(["PPRIO01", "PPRIO01", "PPRIO01"]);
    host.nowMs += REMEMBER_PRIORITIES_MS - 1;
    await page("d");
    expect(host.pagerDuty.countCalls("GET /priorities")).toBe(1);
    host.nowMs += 1;
    await page("e");
    expect(host.pagerDuty.countCalls("GET /priorities")).toBe(2);
  });

  it("is left out, and said once, when there is none of that name", async () => {
    await page("a", "b");
    expect(priorities()).toEqual([null, null]);
    expect(faults()).toEqual(["PagerDuty has no priority named p1: incidents open without one"]);
  });

  it.each([402, 403, 404])("is left out rather than waited for when PagerDuty answers %i", async (status) => {
    host.pagerDuty.failNext("GET /priorities", status);
    await page("a");
    expect(priorities()).toEqual([null]);
    expect(faults()).toEqual([expect.stringContaining("incidents open without one")]);
  });

  it("is waited for when PagerDuty is out of order, and nothing is opened twice", async () => {
    host.pagerDuty.account.addPriority({ id: "PPRIO01", name: "P1" });
    host.pagerDuty.failNext("GET /priorities", 503);
    await page("a");
    expect(priorities()).toEqual([]);
    await host.pass(60_000);
    expect(priorities()).toEqual(["PPRIO01"]);
  });
});
