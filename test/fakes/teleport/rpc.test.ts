// What the stand-in records, how it fails on demand, and what else its cluster holds.

import { describe, expect, it } from "vitest";
import { RequestState } from "../../../relay/gen/teleport_pb.ts";
import { idOf, startWithClient } from "./arrange.ts";

const { APPROVED, PENDING } = RequestState;

describe("a call", () => {
  it("is recorded with its request, its caller and its end, and can be awaited before and after it came", async () => {
    const { teleport, client } = await startWithClient();
    const id = idOf(teleport.createRequest());
    const waiting = teleport.waitForCall("setAccessRequestState", (request) => request.id === id);
    await client.call("ping", {});
    await client.call("setAccessRequestState", { id, state: APPROVED, delegator: "pagerduty:ada@example.com" });
    const call = await waiting;
    expect(call).toMatchObject({ sequence: 2, code: 0, caller: { user: "access-plugin", roles: ["access-plugin"] } });
    expect(call.request.delegator).toBe("pagerduty:ada@example.com");
    expect(await teleport.waitForCall("setAccessRequestState")).toBe(call);
    expect((await teleport.waitForRequest(id, (request) => request?.spec?.state === APPROVED))?.spec?.user).toBe(
      "alice",
    );
  });

  it("that never comes is told with what came instead", async () => {
    const { teleport, client } = await startWithClient();
    await client.call("getUser", { name: "alice" });
    const never = teleport.waitForCall("setAccessRequestState", undefined, { timeoutMs: 1 });
    await expect(never).rejects.toThrow(
      'No matching setAccessRequestState within 1 ms; 1 calls came, the last: getUser {"name":"alice"',
    );
    const id = idOf(teleport.createRequest());
    await expect(teleport.waitForRequest(id, () => false, 1)).rejects.toThrow(`access request ${id} is PENDING`);
  });

  it("fails as often as it should, before its effect", async () => {
    const { teleport, client } = await startWithClient();
    const id = idOf(teleport.createRequest());
    teleport.failNext("setAccessRequestState", 14, "Connection dropped", 2);
    const set = () => client.call("setAccessRequestState", { id, state: APPROVED });
    expect([(await set()).code, (await set()).code]).toEqual([14, 14]);
    expect(teleport.request(id)?.spec?.state).toBe(PENDING);
    expect((await set()).code).toBe(0);
  });

  it("can lose its answer after its effect, or hang there", async () => {
    const { teleport, client } = await startWithClient();
    const [one, two] = [idOf(teleport.createRequest()), idOf(teleport.createRequest())];
    teleport.failNext("setAccessRequestState", 14, "Connection dropped", 1, "after");
    expect((await client.call("setAccessRequestState", { id: one, state: APPROVED })).code).toBe(14);
    expect(teleport.request(one)?.spec?.state).toBe(APPROVED);
    teleport.hang("setAccessRequestState", "after");
    const hanging = client.call("setAccessRequestState", { id: two, state: APPROVED });
    await teleport.waitForRequest(two, (request) => request?.spec?.state === APPROVED);
    teleport.release("setAccessRequestState");
    expect((await hanging).code).toBe(0);
  });
});

describe("the cluster", () => {
  it("tells who it is", async () => {
    const { client } = await startWithClient({ version: "18", proxyPublicAddr: "proxy.example.com:443" });
    const { value } = await client.call("ping", {});
    expect(value).toMatchObject({
      clusterName: "teleport.example.com",
      serverVersion: "18.0.0",
      proxyPublicAddr: "proxy.example.com:443",
    });
  });

  it("tells the traits of a user, to those who may read users", async () => {
    const { teleport, client } = await startWithClient();
    teleport.addUser("alice", { traits: { level: ["L1", "L2"] } });
    const { value } = await client.call("getUser", { name: "alice" });
    expect(value?.spec?.traits?.values.level?.values).toEqual(["L1", "L2"]);
    expect((await client.call("getUser", { name: "bob" })).code).toBe(5);
    teleport.users.setRevoked("access-plugin", true);
    expect((await client.call("getUser", { name: "alice" })).code).toBe(7);
  });

  it("lists named resources by predicate in 18", async () => {
    const { teleport, client } = await startWithClient({ version: "18" });
    teleport.addResource({ type: "node", name: "n1", hostname: "db-primary" });
    teleport.addResource({ type: "node", name: "n2", hostname: "web" });
    teleport.addResource({ type: "db_server", name: "pg" });
    const predicateExpression = 'resource.metadata.name == "n1" || resource.metadata.name == "n9"';
    const nodes = await client.call("listResources", { resourceType: "node", predicateExpression });
    const hostnames = nodes.value?.resources.map(
      ({ resource }) => resource.case === "node" && resource.value.spec?.hostname,
    );
    expect(hostnames).toEqual(["db-primary"]);
    const databases = await client.call("listResources", { resourceType: "db_server", limit: 10 });
    expect(databases.value?.resources.map(({ resource }) => resource.case)).toEqual(["databaseServer"]);
    expect((await client.call("listResources", { resourceType: "node", predicateExpression: "true" })).code).toBe(3);
  });

  it("lists rules by notification in 18, and has none to list in 7.0", async () => {
    const { teleport, client } = await startWithClient({ version: "18" });
    for (const name of ["pagerduty", "slack"]) {
      teleport.putRule({
        metadata: { name },
        spec: { subjects: ["access_request"], notification: { name, recipients: ["db"] } },
      });
    }
    const filter = { subjects: ["access_request"], notificationName: "pagerduty", pageSize: 1000n };
    const listed = await client.call("listAccessMonitoringRulesWithFilter", filter);
    expect(listed.value?.rules.map((rule) => rule.metadata?.name)).toEqual(["pagerduty"]);
    expect((await client.call("listAccessMonitoringRules", {})).value?.rules.length).toBe(2);
    const { client: old } = await startWithClient({ version: "7.0" });
    expect((await old.call("listAccessMonitoringRules", {})).code).toBe(12);
  });
});
