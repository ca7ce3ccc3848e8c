// The stand-in's watches: INIT first, filters on PUT alone, overflow, ends, rules.

import { describe, expect, it } from "vitest";
import { type Event, Operation, RequestState } from "../../../relay/gen/teleport_pb.ts";
import { clientOf, idOf, on, start, startWithClient } from "./arrange.ts";
import type { BareWatch } from "./client.ts";
import type { TeleportVersion } from "./versions.ts";

const { INIT, PUT, DELETE } = Operation;
const { APPROVED, PENDING, PROMOTED } = RequestState;
const VERSIONS: readonly TeleportVersion[] = ["4.2.8", "6.2", "7.0", "18"];

async function take(watch: BareWatch, count: number): Promise<(Event | undefined)[]> {
  const events: (Event | undefined)[] = [];
  while (events.length < count) {
    events.push(await watch.next());
  }
  return events;
}

const stateOf = (event: Event | undefined) =>
  event?.resource.case === "accessRequest" ? event.resource.value.spec?.state : undefined;

describe("a watch", () => {
  it.each(VERSIONS)("of %s starts with INIT, replays nothing, and tells each change", async (version) => {
    const { teleport, client } = await startWithClient({ version });
    teleport.createRequest();
    const watch = client.watch(on());
    expect((await watch.next())?.resource.case).toBe(version === "18" ? "watchStatus" : undefined);
    const id = idOf(teleport.createRequest());
    teleport.repeatPut(id);
    teleport.resolve(id, APPROVED);
    teleport.delete(id);
    const events = await take(watch, 4);
    expect(events.map((event) => event?.type)).toEqual([PUT, PUT, PUT, DELETE]);
    expect(events.map(stateOf)).toEqual([PENDING, PENDING, APPROVED, undefined]);
    const header = events[3]?.resource;
    expect(header?.case === "resourceHeader" && [header.value.kind, header.value.metadata?.name]).toEqual([
      "access_request",
      id,
    ]);
  });

  it("with a filter gets matching PUTs and every DELETE", async () => {
    const { teleport, client } = await startWithClient();
    const watch = client.watch(on("access_request", { state: "PENDING" }));
    await watch.next();
    const id = idOf(teleport.createRequest());
    teleport.resolve(id, APPROVED);
    teleport.expire(id);
    expect((await take(watch, 2)).map((event) => event?.type)).toEqual([PUT, DELETE]);
  });

  it.each([
    { name: "no kinds", request: {}, code: 7 },
    { name: "an unknown filter key", request: on("access_request", { role: "x" }), code: 3 },
    { name: "an unknown state", request: on("access_request", { state: "WAITING" }), code: 3 },
    { name: "a state in lower case", request: on("access_request", { state: "pending" }), code: 3 },
    { name: "a kind that nobody may watch", request: on("access_monitoring_rule"), code: 7 },
  ])("with $name ends with code $code", async ({ request, code }) => {
    const { client } = await startWithClient({ version: "7.0" });
    expect((await client.watch(request).ended).code).toBe(code);
  });

  it.each([
    { version: "4.2.8", code: 0 },
    { version: "6.2", code: 3 },
    { version: "7.0", code: 3 },
    { version: "18", code: 2 },
  ] as const)("of $version that a burst overflows ends with code $code", async ({ version, code }) => {
    const { teleport, client } = await startWithClient({ version });
    const watch = client.watch(on());
    await watch.next();
    for (let count = 0; count < 65; count += 1) {
      teleport.createRequest();
    }
    expect((await watch.ended).code).toBe(code);
    expect(teleport.open.watches).toBe(0);
  });

  it("takes a burst that its queue has room for", async () => {
    const { teleport, client } = await startWithClient();
    const watch = client.watch(on());
    await watch.next();
    const ids = Array.from({ length: 64 }, () => idOf(teleport.createRequest()));
    const events = await take(watch, 64);
    expect(events.map((event) => event?.resource.case === "accessRequest" && idOf(event.resource.value))).toEqual(ids);
  });

  it("ends as the test says, and INIT comes when the test says", async () => {
    const { teleport, client } = await startWithClient();
    teleport.hang("watchEvents");
    const watch = client.watch(on());
    await teleport.waitForCall("watchEvents");
    expect(teleport.open.watches).toBe(0);
    teleport.release("watchEvents");
    expect((await watch.next())?.type).toBe(INIT);
    teleport.dropWatches(2, "watcher closed");
    expect(await watch.ended).toEqual({ code: 2, message: "watcher closed" });
  });

  it("is forgotten when its caller cancels it", async () => {
    const { teleport, client } = await startWithClient();
    const watch = client.watch(on());
    await watch.next();
    watch.cancel();
    await watch.ended;
    await expect.poll(() => teleport.open.watches).toBe(0);
  });
});

describe("in 18", () => {
  it("rules are watched beside requests, and dropped from a watch that allows partial success", async () => {
    const teleport = await start({ version: "18" });
    const kinds = [{ kind: "access_request" }, { kind: "access_monitoring_rule" }];
    const watch = (await clientOf(teleport)).watch({ kinds });
    await watch.next();
    teleport.putRule({ metadata: { name: "r1" }, spec: { subjects: ["access_request"] } });
    teleport.deleteRule("r1");
    const [put, gone] = await take(watch, 2);
    expect([put?.resource.case, gone?.type]).toEqual(["accessMonitoringRule", DELETE]);
    teleport.addUser("reader", { grants: { access_request: ["list", "read"] } });
    const reader = await clientOf(teleport, "reader");
    expect((await reader.watch({ kinds }).ended).code).toBe(7);
    expect((await reader.watch({ kinds, allowPartialSuccess: true }).next())?.type).toBe(INIT);
  });

  it("a request can be promoted", async () => {
    const { teleport, client } = await startWithClient({ version: "18" });
    const watch = client.watch(on());
    await watch.next();
    teleport.resolve(idOf(teleport.createRequest()), PROMOTED);
    expect((await take(watch, 2)).map(stateOf)).toEqual([PENDING, PROMOTED]);
  });
});
