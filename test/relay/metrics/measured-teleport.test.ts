import { beforeEach, describe, expect, it } from "vitest";
import type { LiveRequest } from "../../../relay/access-request.ts";
import { MeasuredTeleport } from "../../../relay/metrics/measured-teleport.ts";
import { RelayMetrics } from "../../../relay/metrics.ts";
import { TeleportError } from "../../../relay/teleport/error.ts";
import type { TeleportPort, WatchHandlers } from "../../../relay/teleport/port.ts";

let metrics: RelayMetrics;
let nowMs: number;
beforeEach(() => {
  metrics = new RelayMetrics({ version: "0", node: "0" });
  nowMs = 0;
});

/** A Teleport of which every method takes 300 ms and answers with its name and arguments. */
function measured(answer: (method: string, args: unknown[]) => unknown = (method, args) => [method, ...args]) {
  const teleport = new Proxy({} as TeleportPort, {
    get:
      (_, method) =>
      async (...args: unknown[]) => {
        nowMs += 300;
        return answer(String(method), args);
      },
  });
  return new MeasuredTeleport(teleport, metrics, { now: () => nowMs });
}

const calls = () => metrics.teleportCalls.family.samples.map(([labels, count]) => [...labels.map(([, v]) => v), count]);

describe("a measured Teleport", () => {
  it.each([
    ["ping", "ping", []],
    ["listPending", "list_pending", []],
    ["read", "read", ["r1"]],
    ["pluginData", "plugin_data", ["r1"]],
    ["allPluginData", "all_plugin_data", []],
    ["updatePluginData", "update_plugin_data", ["r1", { a: "1" }, { a: "" }]],
    ["setState", "set_state", ["r1", "APPROVED", { delegator: "d", reason: "r" }]],
    ["submitReview", "submit_review", ["r1", { author: null }]],
    ["listRules", "list_rules", []],
    ["userTraits", "user_traits", ["alice"]],
    ["resourceNames", "resource_names", ["node", ["n1"], 500]],
  ])("counts and times %s, and gives the answer on", async (method, counted, args) => {
    const call = Reflect.get(measured(), method) as (...given: readonly unknown[]) => Promise<unknown>;
    expect(await call.apply(measured(), args)).toEqual([method, ...args]);
    expect(calls()).toEqual([[counted, "ok", 1]]);
    expect(metrics.teleportCall.family.samples.slice(-2)).toEqual([
      [[], 0.3, "_sum"],
      [[], 1, "_count"],
    ]);
  });

  it.each([
    [new TeleportError({ code: "timeout", problem: "It was late.", mend: "" }), "timeout"],
    [new TypeError("a fault of ours"), "fault"],
  ])("counts %s by its code, and lets it through", async (error, outcome) => {
    const teleport = measured(() => {
      throw error;
    });
    await expect(teleport.read("r1")).rejects.toBe(error);
    expect(calls()).toEqual([["read", outcome, 1]]);
  });

  it("counts what a watch brings, and hands it on in its order", async () => {
    const request = {} as LiveRequest;
    const rules = { init: () => {}, put: () => {}, deleted: () => {} };
    const teleport = measured((_, [handlers]) => {
      const told = handlers as WatchHandlers;
      expect(told.rules).toBe(rules);
      told.init();
      told.put(request);
      told.deleted("r1");
      told.put(request);
    });
    const heard: unknown[] = [];
    const handlers: WatchHandlers = {
      init: () => void heard.push("init"),
      put: (live) => void heard.push(live),
      deleted: (requestId) => void heard.push(requestId),
      rules,
    };
    await teleport.watch(handlers, new AbortController().signal);
    expect(heard).toEqual(["init", request, "r1", request]);
    expect(metrics.watchEvents.family.samples.map(([, count]) => count)).toEqual([2, 1]);
    expect(calls()).toEqual([]);
  });

  it("closes what it measures", () => {
    const closed: string[] = [];
    measured((method) => closed.push(method)).close();
    expect(closed).toEqual(["close"]);
  });
});
