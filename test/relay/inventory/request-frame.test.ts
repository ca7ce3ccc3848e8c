import { describe, expect, it } from "vitest";
import { Predecessors } from "../../../relay/inventory/predecessors.ts";
import { RequestFrames, RULES_WITHIN_MS } from "../../../relay/inventory/request-frame.ts";
import { NAMES_WITHIN_MS, ResourceNames } from "../../../relay/inventory/resource-names.ts";
import { UserTraits } from "../../../relay/inventory/user-traits.ts";
import { RuleBook } from "../../../relay/rules/book.ts";
import type { MonitoringRule } from "../../../relay/rules.ts";
import { TeleportError } from "../../../relay/teleport/error.ts";
import type { TeleportPort } from "../../../relay/teleport/port.ts";
import { createLogger } from "../../../shared/log.ts";
import { ManualClock } from "../../fakes/clock.ts";
import { CLUSTER, requestOf } from "../clicks.ts";

const AWAY = new TeleportError({ code: "unavailable", problem: "Teleport is away.", mend: "Wait." });

const RULE: MonitoringRule = {
  name: "rule",
  subjects: ["access_request"],
  condition: "true",
  notifier: "pagerduty",
  recipients: ["Databases"],
};
const BY_TRAIT = { ...RULE, condition: 'user.traits.level.contains("L1")' };
const NODE = { cluster: CLUSTER, kind: "node", name: "1", subResource: "", constraints: "" };

type Asked = Pick<TeleportPort, "listRules" | "userTraits" | "resourceNames" | "allPluginData">;

function framing(answers: Partial<Asked> = {}) {
  const clock = new ManualClock();
  const lines: string[] = [];
  const log = createLogger({ severity: "info", format: "text", now: () => 0, write: (line) => lines.push(line) });
  const teleport: Asked = {
    listRules: async () => [RULE],
    userTraits: async () => ({ level: ["L1"] }),
    resourceNames: async () => new Map([["1", "web-1"]]),
    allPluginData: async () => new Map(),
    ...answers,
  };
  const rules = new RuleBook({ teleport, clock, log });
  const traits = new UserTraits({ teleport, now: clock.now, log });
  const names = new ResourceNames({ cluster: CLUSTER, teleport, clock, log });
  const predecessors = new Predecessors({ teleport, log });
  const frames = new RequestFrames({ rules, traits, names, predecessors, clock, log });
  if (answers.allPluginData === undefined) frames.listed([]);
  return { clock, lines, rules, traits, frames };
}

const never = <Value>(): Promise<Value> => new Promise(() => undefined);

describe("the frame of a request", () => {
  it("is there at once when nothing need be asked for", async () => {
    const { frames, rules } = framing();
    expect(frames.now(requestOf())).toBeUndefined();
    await rules.refresh();
    expect(frames.now(requestOf())).toEqual({ type: "request", request: requestOf(), recipients: ["Databases"] });
  });

  it("waits for the rules at the start", async () => {
    const { frames, clock } = framing();
    expect((await frames.later(requestOf())).recipients).toEqual(["Databases"]);
    expect(clock.timerCount).toBe(0);
  });

  it("asks for traits only when a rule does", async () => {
    const asked: string[] = [];
    const userTraits: Asked["userTraits"] = async (user) => {
      asked.push(user);
      return { level: ["L1"] };
    };
    const { frames, rules } = framing({ userTraits });
    await rules.refresh();
    await frames.later(requestOf());
    expect(asked).toEqual([]);
    rules.put(BY_TRAIT);
    expect(frames.now(requestOf())).toBeUndefined();
    expect((await frames.later(requestOf())).recipients).toEqual(["Databases"]);
    expect(frames.now(requestOf())?.recipients).toEqual(["Databases"]);
    expect(asked).toEqual(["alice@example.com"]);
  });

  it("has the names of resources, which its digest does not cover", async () => {
    const { frames, rules } = framing();
    await rules.refresh();
    const request = requestOf({ resources: [NODE] });
    expect(frames.now(request)).toBeUndefined();
    expect((await frames.later(request)).request.resources).toEqual([{ ...NODE, friendlyName: "web-1" }]);
    expect(frames.now(request)?.request.resources[0]?.friendlyName).toBe("web-1");
  });

  it("goes without names when with them the request could not be shown whole", async () => {
    const friendly = "x".repeat(100);
    const resources = Array.from({ length: 40 }, (_, index) => ({ ...NODE, name: `node-${index}` }));
    const resourceNames: Asked["resourceNames"] = async (_, names) => new Map(names.map((name) => [name, friendly]));
    const { frames } = framing({ resourceNames });
    expect((await frames.later(requestOf({ resources }))).request.resources).toEqual(resources);
    const few = requestOf({ resources: resources.slice(0, 2) });
    expect((await frames.later(few)).request.resources[0]?.friendlyName).toBe(friendly);
  });

  it("is not kept back by a Teleport that does not answer", async () => {
    const { frames, clock, lines } = framing({ listRules: never, userTraits: never, resourceNames: never });
    const request = requestOf({ resources: [NODE] });
    const coming = frames.later(request);
    await clock.pass(Math.max(RULES_WITHIN_MS, NAMES_WITHIN_MS));
    expect(await coming).toEqual({ type: "request", request, recipients: [] });
    expect(lines.join()).toContain("Teleport is slow");
  });

  it("is not kept back by a Teleport that cannot be asked", async () => {
    const { frames, rules, lines } = framing({
      userTraits: async () => Promise.reject(AWAY),
      resourceNames: async () => Promise.reject(AWAY),
    });
    await rules.refresh();
    rules.put(BY_TRAIT);
    rules.put({ ...RULE, name: "always", recipients: ["Always"] });
    const frame = await frames.later(requestOf({ resources: [NODE] }));
    expect([frame.recipients, frame.request.resources]).toEqual([["Always"], [NODE]]);
    expect(lines.join()).toContain("A request is sent without its user's traits");
  });

  it("names the incident that Teleport's own plugin has opened, once that could be looked for", async () => {
    const answer = { isThere: false };
    const { frames } = framing({
      allPluginData: async () => {
        if (!answer.isThere) throw AWAY;
        return new Map([[requestOf().id, { incident_id: "QOLD" }]]);
      },
    });
    frames.listed([requestOf().id]);
    await expect(frames.later(requestOf())).rejects.toBe(AWAY);
    answer.isThere = true;
    const frame = { type: "request", request: requestOf(), recipients: ["Databases"] };
    expect(await frames.later(requestOf())).toEqual({ ...frame, adopt: { service: null, incident: "QOLD" } });
    expect(frames.now(requestOf({ id: "another" }))).toEqual({ ...frame, request: requestOf({ id: "another" }) });
  });
});
