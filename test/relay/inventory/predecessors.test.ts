import { describe, expect, it } from "vitest";
import { Predecessors } from "../../../relay/inventory/predecessors.ts";
import { createLogger } from "../../../shared/log.ts";
import { MemoryTeleport } from "../../fakes/memory-teleport.ts";
import { boundData } from "../clicks.ts";
import { FORBIDDEN, UNAVAILABLE } from "../deciding.ts";

/** What each generation of Teleport's own plugin keeps with a request. */
const GENERATIONS = [
  ["0.1", { incident_id: "QOLD1", user: "alice", roles: "dba", created: "1767225600" }, null],
  ["0.2 to 6", { incident_id: "QOLD1", user: "alice", roles: "dba", created: "1767225600" }, null],
  [
    "7 and later",
    {
      incident_id: "QOLD1",
      service_id: "PIJ90N7",
      user: "alice",
      roles: "dba",
      created: "1767225600",
      request_reason: "on fire",
      reviews_count: "1",
      resolution: "",
      resolve_reason: "",
    },
    "PIJ90N7",
  ],
] as const;

function looking(data: Readonly<Record<string, Record<string, string>>> = {}) {
  const teleport = new MemoryTeleport();
  for (const [id, kept] of Object.entries(data)) teleport.data.set(id, kept);
  const lines: string[] = [];
  const log = createLogger({ severity: "info", format: "text", now: () => 0, write: (line) => lines.push(line) });
  return { teleport, lines, predecessors: new Predecessors({ teleport, log }) };
}

describe("an incident of Teleport's own plugin", () => {
  it.each(GENERATIONS)("is found by what generation %s has stored", async (_, data, service) => {
    const { predecessors } = looking({ a: { ...data } });
    predecessors.listed(["a"]);
    expect(predecessors.knows("a")).toBe(false);
    expect(await predecessors.find("a")).toEqual({ service, incident: "QOLD1" });
  });

  it.each([
    ["nothing is stored", {}],
    ["its incident was never opened", { incident_id: "", user: "alice" }],
    ["its incident is ours by now", { ...boundData() }],
  ])("is none where %s", async (_, data) => {
    const { predecessors } = looking({ a: data });
    predecessors.listed(["a"]);
    expect(await predecessors.find("a")).toBeUndefined();
  });

  it("is looked for once, for all requests together", async () => {
    const { predecessors, teleport } = looking({ a: { incident_id: "QA" }, b: { incident_id: "QB" } });
    predecessors.listed(["a", "b", "c"]);
    const found = await Promise.all(["a", "b", "c"].map((id) => predecessors.find(id)));
    expect(found.map((incident) => incident?.incident)).toEqual(["QA", "QB", undefined]);
    await predecessors.find("a");
    expect(teleport.calls).toEqual(["allPluginData "]);
  });

  it("is not looked for on requests that were made under our eyes", async () => {
    const { predecessors, teleport } = looking({ later: { incident_id: "QLATER" } });
    predecessors.listed(["a"]);
    predecessors.listed(["a", "later"]);
    expect(predecessors.knows("later")).toBe(true);
    expect(predecessors.known("later")).toBeUndefined();
    await predecessors.find("a");
    expect(predecessors.known("later")).toBeUndefined();
    expect(teleport.count("allPluginData")).toBe(1);
  });

  it("is looked for again when Teleport could not be asked", async () => {
    const { predecessors, teleport } = looking({ a: { incident_id: "QA" } });
    predecessors.listed(["a"]);
    teleport.before = () => {
      throw UNAVAILABLE;
    };
    await expect(predecessors.find("a")).rejects.toBe(UNAVAILABLE);
    teleport.before = () => {};
    expect(await predecessors.find("a")).toMatchObject({ incident: "QA" });
  });

  it("is none where we may not ask, which is said once", async () => {
    const { predecessors, teleport, lines } = looking({ a: { incident_id: "QA" } });
    predecessors.listed(["a", "b"]);
    teleport.before = () => {
      throw FORBIDDEN;
    };
    expect(await Promise.all([predecessors.find("a"), predecessors.find("b")])).toEqual([undefined, undefined]);
    await predecessors.find("a");
    expect(lines).toHaveLength(1);
  });
});
