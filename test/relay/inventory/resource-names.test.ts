import { describe, expect, it } from "vitest";
import { NAMES_WITHIN_MS, ResourceNames } from "../../../relay/inventory/resource-names.ts";
import { TeleportError } from "../../../relay/teleport/error.ts";
import type { RequestedResource } from "../../../shared/access-request.ts";
import { createLogger } from "../../../shared/log.ts";
import { ManualClock } from "../../fakes/clock.ts";
import { CLUSTER, requestOf } from "../clicks.ts";

const DENIED = new TeleportError({ code: "permission_denied", problem: "You may not.", mend: "Add it." });

function resourceOf(kind: string, name: string, cluster = CLUSTER): RequestedResource {
  return { cluster, kind, name, subResource: "", constraints: "" };
}

type Lookup = (kind: string, names: readonly string[]) => Promise<ReadonlyMap<string, string>>;

function naming(answer: Lookup) {
  const clock = new ManualClock();
  const lines: string[] = [];
  const asked: string[] = [];
  const resourceNames = (kind: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    asked.push(`${kind} ${names}`);
    return answer(kind, names);
  };
  const log = createLogger({ severity: "info", format: "text", now: () => 0, write: (line) => lines.push(line) });
  const names = new ResourceNames({ cluster: CLUSTER, teleport: { resourceNames }, clock, log });
  return { clock, lines, asked, names };
}

const found: Lookup = async (kind, names) => new Map(names.map((name) => [name, `${kind} called ${name}`]));

describe("the names of requested resources", () => {
  it("are looked up by kind, once, and only where the name in the request is opaque and ours", async () => {
    const { names, asked } = naming(found);
    const request = requestOf({
      resources: [
        resourceOf("node", "1"),
        resourceOf("node", "2"),
        resourceOf("user_group", "3"),
        resourceOf("db", "postgres"),
        resourceOf("node", "4", "leaf.example.com"),
      ],
    });
    expect(names.hasAll(request)).toBe(false);
    await names.find(request);
    expect(names.hasAll(request)).toBe(true);
    await names.find(request);
    expect(asked).toEqual(["node 1,2", "user_group 3"]);
    expect(names.named(request).resources.map(({ friendlyName }) => friendlyName)).toEqual([
      "node called 1",
      "node called 2",
      "user_group called 3",
      undefined,
      undefined,
    ]);
    expect(request.resources[0]).not.toHaveProperty("friendlyName");
  });

  it("need no look-up for a request without resources", () => {
    const { names } = naming(found);
    const request = requestOf();
    expect([names.hasAll(request), names.named(request)]).toEqual([true, request]);
  });

  it("are remembered to be missing", async () => {
    const { names, asked } = naming(async () => new Map());
    const request = requestOf({ resources: [resourceOf("app", "grafana")] });
    await names.find(request);
    await names.find(request);
    expect([names.hasAll(request), asked.length]).toEqual([true, 1]);
    expect(names.named(request)).toEqual(request);
  });

  it("are done without for a minute where they may not be listed, which is said once", async () => {
    const { names, asked, lines, clock } = naming(async () => Promise.reject(DENIED));
    const request = requestOf({ resources: [resourceOf("node", "1")] });
    await names.find(request);
    expect([names.hasAll(request), names.named(request)]).toEqual([true, request]);
    await clock.pass(60_000);
    expect(names.hasAll(request)).toBe(false);
    await names.find(request);
    expect([asked.length, lines.length]).toEqual([2, 1]);
  });

  it("are not waited for long, but taken when they come after all", async () => {
    const answer = Promise.withResolvers<ReadonlyMap<string, string>>();
    const { names, clock } = naming(() => answer.promise);
    const request = requestOf({ resources: [resourceOf("node", "1")] });
    const finding = names.find(request);
    await clock.pass(NAMES_WITHIN_MS);
    await finding;
    expect(names.named(request)).toEqual(request);
    answer.resolve(new Map([["1", "web-1"]]));
    await clock.pass(0);
    expect(names.named(request).resources[0]?.friendlyName).toBe("web-1");
  });
});
