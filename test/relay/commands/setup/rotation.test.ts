import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseWebhookSecrets } from "../../../../relay/commands/setup/webhook-secrets-file.ts";
import { SERVICE, Setting } from "./setting.ts";

let setting: Setting;

beforeEach(async () => {
  setting = await Setting.open();
  await setting.run();
  setting.deploy();
  await setting.run();
});

afterEach(() => setting.close());

function secretOf(id: string | undefined): string | undefined {
  return setting.subscriptions.find(({ endpoint }) => endpoint.id === id)?.endpoint.secrets[0];
}

describe("a rotation", () => {
  it("adds one inactive subscription however often it is asked for, both secrets in both files, newest first", async () => {
    const [old] = setting.subscriptions;
    for (let time = 0; time < 3; time += 1) await setting.run("--rotate");
    const [, fresh] = setting.subscriptions;
    expect(setting.subscriptions.map(({ active }) => active)).toEqual([true, false]);
    const newestFirst = [secretOf(fresh?.endpoint.id), secretOf(old?.endpoint.id)];
    expect(setting.secrets().webhook_secrets).toEqual(newestFirst);
    expect(parseWebhookSecrets(setting.read("webhook.secrets")).held.map(({ secret }) => secret)).toEqual(newestFirst);
  });

  it("activates the second on the next run, once the edge has both", async () => {
    expect((await setting.run("--rotate")).stdout).toContain("--finish");
    expect((await setting.run()).status).toBe(1);
    expect(setting.subscriptions.map(({ active }) => active)).toEqual([true, false]);
    setting.deploy();
    expect((await setting.run()).stdout).toContain("Left as it is until --finish");
    expect(setting.subscriptions.map(({ active }) => active)).toEqual([true, true]);
  });

  it("finishes by activating the new one before the old one goes, with its secret", async () => {
    await setting.run("--rotate");
    setting.deploy();
    const { status, stdout } = await setting.run("--finish");
    expect(status).toBe(0);
    const [only, ...more] = setting.subscriptions;
    expect([more.length, only?.active, setting.agree()]).toEqual([0, true, true]);
    const writes = setting.pagerDuty.calls.filter(({ method }) => method === "PUT" || method === "DELETE");
    expect(writes.slice(-2).map(({ method }) => method)).toEqual(["PUT", "DELETE"]);
    expect(stdout).toContain("wrangler secret put");
    expect((await setting.run("--finish")).stdout).toContain("There is no old subscription");
    expect(setting.subscriptions).toHaveLength(1);
  });

  it("does not remove the old one while the edge would refuse the new one", async () => {
    await setting.run("--rotate");
    const { status, stderr } = await setting.run("--finish");
    expect([status, setting.subscriptions.length, setting.agree()]).toEqual([1, 2, true]);
    expect(stderr).toContain("stays inactive");
  });

  it("removes every old one, those made by hand and their secrets as well", async () => {
    const [old] = setting.subscriptions;
    if (old === undefined) throw new Error("nothing was made");
    setting.pagerDuty.addSubscription({
      url: old.endpoint.url,
      events: ["incident.annotated"],
      filter: { type: "service_reference", id: SERVICE },
      secrets: ["a-secret-that-nobody-wrote-down"],
    });
    expect((await setting.run("--finish")).status).toBe(0);
    expect([setting.subscriptions.length, setting.agree()]).toEqual([1, true]);
  });

  it("has no end without a beginning", async () => {
    setting.pagerDuty.account.subscriptions.clear();
    const { status, stderr } = await setting.run("--finish");
    expect(status).toBe(1);
    expect(stderr).toContain("make one with --rotate first");
  });

  it("goes on after a removal whose answer was lost", async () => {
    await setting.run("--rotate");
    setting.deploy();
    setting.pagerDuty.failNext("DELETE /webhook_subscriptions/*", "cut", undefined, { afterEffect: true });
    expect((await setting.run("--finish")).status).toBe(1);
    expect((await setting.run("--finish")).status).toBe(0);
    expect([setting.subscriptions.length, setting.agree()]).toEqual([1, true]);
  });
});
