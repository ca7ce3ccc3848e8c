import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import type { FakeTeleport } from "../../fakes/teleport.ts";
import { startTeleport } from "./start.ts";

function put(fake: FakeTeleport, name: string, notifier = "pagerduty", subjects = ["access_request"]): void {
  const notification = { name: notifier, recipients: ["Databases"] };
  fake.putRule({ metadata: { name }, spec: { subjects, condition: "true", notification } });
}

const RULE = { subjects: ["access_request"], condition: "true", notifier: "pagerduty", recipients: ["Databases"] };

describe("listing Access Monitoring Rules", () => {
  it("asks for ours, through all pages", async () => {
    const { fake, teleport } = await startTeleport({ version: "18", listLimit: 2 });
    for (const name of ["a", "b", "c", "d", "e"]) put(fake, name);
    put(fake, "foreign", "slack");
    put(fake, "other", "pagerduty", ["user"]);
    const listed = await teleport.listRules();
    expect(listed).toEqual(["a", "b", "c", "d", "e"].map((name) => ({ name, ...RULE })));
    const [call] = fake.calls;
    expect(call?.request).toMatchObject({
      subjects: ["access_request"],
      notificationName: "pagerduty",
      pageSize: 1000n,
    });
  });

  it("asks a release that cannot filter for all, and takes ours", async () => {
    const { fake, teleport } = await startTeleport({ version: "18" });
    fake.failNext("listAccessMonitoringRulesWithFilter", status.UNIMPLEMENTED, "unknown method");
    put(fake, "ours");
    put(fake, "foreign", "slack");
    expect(await teleport.listRules()).toEqual([{ name: "ours", ...RULE }]);
  });

  it.each(["4.2.8", "6.2", "7.0"] as const)("finds none on %s, which has none", async (version) => {
    const { teleport } = await startTeleport({ version });
    expect(await teleport.listRules()).toEqual([]);
  });

  it("says so when it may not", async () => {
    const { fake, teleport } = await startTeleport({ version: "18" });
    fake.addUser("access-plugin", { grants: { access_request: ["list", "read", "update"] } });
    await expect(teleport.listRules()).rejects.toMatchObject({ code: "permission_denied" });
  });

  it("reads a rule that lacks everything as one that concerns nobody", async () => {
    const { fake, teleport } = await startTeleport({ version: "18" });
    fake.putRule({ metadata: { name: "empty" } });
    fake.failNext("listAccessMonitoringRulesWithFilter", status.UNIMPLEMENTED, "unknown method");
    expect(await teleport.listRules()).toEqual([]);
  });
});
