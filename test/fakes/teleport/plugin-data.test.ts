// Plugin data as real servers keep it: compare-and-set, deletion by empty values, and its life past the request's.

import { describe, expect, it } from "vitest";
import { RequestState } from "../../../relay/gen/teleport_pb.ts";
import { idOf, startWithClient } from "./arrange.ts";
import type { TeleportVersion } from "./versions.ts";

const VERSIONS: readonly TeleportVersion[] = ["4.2.8", "6.2", "7.0", "18"];
const UNKNOWN_ID = "3d3f1c6e-0000-4000-8000-000000000000";

type Data = Record<string, string>;

interface Row {
  readonly name: string;
  readonly before: Data;
  readonly expect?: Data;
  readonly set: Data;
  readonly code: number;
  readonly message?: string;
  readonly after: Data;
}

const ROWS: readonly Row[] = [
  { name: "writes without expectations", before: { a: "1" }, set: { b: "2" }, code: 0, after: { a: "1", b: "2" } },
  { name: "takes a claim from absent", before: {}, expect: { a: "" }, set: { a: "1" }, code: 0, after: { a: "1" } },
  {
    name: "refuses a claim that is taken",
    before: { a: "1" },
    expect: { a: "" },
    set: { a: "2" },
    code: 9,
    message: 'expectations not met for field "a"',
    after: { a: "1" },
  },
  {
    name: "refuses another value",
    before: { a: "1" },
    expect: { a: "2" },
    set: { a: "3" },
    code: 9,
    after: { a: "1" },
  },
  { name: "refuses a value that is absent", before: {}, expect: { a: "2" }, set: { a: "3" }, code: 9, after: {} },
  {
    name: "swaps the expected value",
    before: { a: "1" },
    expect: { a: "1" },
    set: { a: "2" },
    code: 0,
    after: { a: "2" },
  },
  { name: "deletes by the empty value", before: { a: "1", b: "2" }, set: { a: "" }, code: 0, after: { b: "2" } },
];

describe.each(VERSIONS)("UpdatePluginData of %s", (version) => {
  it.each(ROWS)("$name", async (row) => {
    const { teleport, client } = await startWithClient({ version });
    const resource = idOf(teleport.createRequest());
    const update = (set: Data, expected: Data = {}) =>
      client.call("updatePluginData", { kind: "access_request", resource, plugin: "pagerduty", set, expect: expected });
    await update(row.before);
    const { code, message } = await update(row.set, row.expect);
    expect(code).toBe(row.code);
    expect(message).toContain(row.message ?? "");
    expect(teleport.pluginData(resource)).toEqual(row.after);
  });
});

describe("plugin data", () => {
  it("needs its request for the first write only, and is readable after DELETE", async () => {
    const { teleport, client } = await startWithClient();
    const params = { kind: "access_request", plugin: "pagerduty", set: { a: "1" } };
    expect(await client.call("updatePluginData", { ...params, resource: UNKNOWN_ID })).toEqual({
      code: 5,
      message: `access request "${UNKNOWN_ID}" not found`,
    });
    const resource = idOf(teleport.createRequest());
    await client.call("updatePluginData", { ...params, resource });
    teleport.resolve(resource, RequestState.APPROVED);
    teleport.delete(resource);
    expect((await client.call("updatePluginData", { ...params, set: { b: "2" }, resource })).code).toBe(0);
    const { value } = await client.call("getPluginData", { kind: "access_request", resource, plugin: "pagerduty" });
    expect(value?.pluginData[0]?.spec?.entries.pagerduty?.data).toEqual({ a: "1", b: "2" });
    expect(value?.pluginData[0]?.metadata?.name).toBe(resource);
  });

  it("ends an hour after the access", async () => {
    let nowMs = Date.now();
    const { teleport, client } = await startWithClient({ now: () => nowMs });
    const resource = idOf(teleport.createRequest({ accessTtlMs: 7_200_000 }));
    await client.call("updatePluginData", { kind: "access_request", resource, plugin: "pagerduty", set: { a: "1" } });
    nowMs += 10_799_999;
    expect(teleport.pluginData(resource)).toEqual({ a: "1" });
    nowMs += 1;
    expect(teleport.pluginData(resource)).toEqual({});
  });

  it("is listed by plugin, with a mandatory kind", async () => {
    const { teleport, client } = await startWithClient();
    const resource = idOf(teleport.createRequest());
    await client.call("updatePluginData", { kind: "access_request", resource, plugin: "slack", set: { a: "1" } });
    const filter = { kind: "access_request", resource, plugin: "pagerduty" };
    expect((await client.call("getPluginData", filter)).value?.pluginData).toEqual([]);
    expect((await client.call("getPluginData", { ...filter, kind: "" })).code).toBe(3);
    expect((await client.call("updatePluginData", { resource, plugin: "pagerduty" })).code).toBe(3);
  });
});
