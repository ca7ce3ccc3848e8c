import { chmodSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCommandLine } from "../../../../relay/commands/command-line.ts";
import { API_KEY, SERVICE, Setting } from "./setting.ts";

let setting: Setting;

beforeEach(async () => {
  setting = await Setting.open();
});

afterEach(() => setting.close());

describe("a run that is cut short", () => {
  it.each([
    ["GET /services/*"],
    ["GET /webhook_subscriptions"],
    ["POST /webhook_subscriptions"],
    ["GET /extension_schemas"],
    ["GET /extensions"],
    ["POST /extensions"],
    ["GET /webhook_subscriptions/*"],
    ["PUT /webhook_subscriptions/*"],
    ["POST /webhook_subscriptions/*/ping"],
    ["GET /extensions/*"],
  ])("after %s had its effect is made good by the next", async (pattern) => {
    for (const how of ["cut", 500] as const) {
      setting.pagerDuty.failNext(pattern, how, undefined, { afterEffect: how === "cut" });
      const first = await setting.run();
      // Some calls are for the runs after the first alone.
      if (first.status === 0) setting.deploy();
      else expect(first.stderr).toMatch(/run this again|trouble of its own/);
      await setting.run();
      setting.deploy();
      setting.pagerDuty.clearFaults();
      expect((await setting.run()).status).toBe(0);
      expect(setting.subscriptions.map(({ active }) => active)).toEqual([true]);
      expect(setting.extensions.map(({ name }) => name).sort()).toEqual(["Approve Request", "Deny Request"]);
      expect(setting.agree()).toBe(true);
    }
  });

  it("removes the double of a button that a lost answer left, and nobody else's", async () => {
    await setting.run();
    const [approve] = setting.extensions;
    if (approve === undefined) throw new Error("nothing was made");
    const { name, serviceIds } = approve;
    setting.pagerDuty.addAction({ name, serviceIds, url: approve.endpoint.url });
    setting.pagerDuty.addAction({ name, serviceIds, url: "https://elsewhere.example.com/hook" });
    const { stderr } = await setting.run();
    expect(setting.extensions).toHaveLength(3);
    expect(stderr).toContain("another action named Approve Request");
    expect(stderr).toContain("elsewhere.example.com");
  });

  it("by a signal says that it can go on", async () => {
    const ending = new AbortController();
    ending.abort();
    let said = "";
    const status = await runCommandLine(
      ["setup", "--edge", setting.edge.url, "--cluster", "c", "--out", setting.directory, "--service", SERVICE],
      {
        stdout: () => {},
        stderr: (text) => {
          said += text;
        },
        signal: ending.signal,
        env: setting.env,
      },
    );
    expect([status, said]).toEqual([1, "Stopped as asked. Run this again: it goes on where it stopped.\n"]);
  });
});

describe("what PagerDuty refuses", () => {
  it.each<[string, () => void | Promise<void>, RegExp]>([
    ["an unknown key", () => setting.pagerDuty.credentials.revoke(API_KEY), /does not know PAGERDUTY_API_KEY \(401\)/],
    [
      "a key that may only read",
      () => {
        setting.pagerDuty.credentials.revoke(API_KEY);
        setting.pagerDuty.credentials.addAccountKey(API_KEY, { readOnly: true });
      },
      /does not let PAGERDUTY_API_KEY do POST \/webhook_subscriptions \(403\)/,
    ],
    [
      "a service that is not there",
      () => void setting.pagerDuty.account.services.delete(SERVICE),
      /no service PSVC0A1/,
    ],
    ["an eleventh subscription", () => fillUp(10), /allows 10 webhook subscriptions for service PSVC0A1/],
    ["too many calls", () => setting.pagerDuty.failNext("GET /services/*", 429), /run this again in 60 s/],
    ["a plan that has no such thing", () => setting.pagerDuty.failNext("POST /extensions", 402), /plan has not/],
    ["a redirect", () => setting.pagerDuty.failNext("GET /services/*", 302), /redirect \(302\)/],
    ["everything, being down", () => setting.pagerDuty.down(), /could not be reached \(ECONNREFUSED\)/],
  ])("%s is told in a sentence, with exit code 1", async (_, arrange, sentence) => {
    await arrange();
    const { status, stderr } = await setting.run();
    expect(status).toBe(1);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toContain(API_KEY);
  });

  function fillUp(count: number): void {
    for (let index = 0; index < count; index += 1) {
      const filter = { type: "service_reference", id: SERVICE };
      setting.pagerDuty.addSubscription({ url: "https://others.example.com", events: ["incident.triggered"], filter });
    }
  }
});

describe("what PagerDuty should never answer", () => {
  const made = (delivery_method: object) => ({ webhook_subscription: { id: "PHOSTILE", delivery_method } });

  it.each<[string, string, number, unknown, RegExp]>([
    ["no secret", "POST /webhook_subscriptions", 200, made({}), /without telling a usable secret/],
    [
      "a secret of two lines",
      "POST /webhook_subscriptions",
      200,
      made({ secret: `${"a".repeat(20)}\n${"b".repeat(20)}` }),
      /usable secret/,
    ],
    [
      "a secret that is a comment",
      "POST /webhook_subscriptions",
      200,
      made({ secret: `#${"a".repeat(20)}` }),
      /usable secret/,
    ],
    [
      "an id that is a path",
      "POST /webhook_subscriptions",
      200,
      { webhook_subscription: { id: "../users/P1" } },
      /not one that it documents/,
    ],
    [
      "a list that is none",
      "GET /webhook_subscriptions",
      200,
      { webhook_subscriptions: {} },
      /not one that it documents/,
    ],
    ["text", "GET /extension_schemas", 200, "<html>", /not one that it documents/],
    [
      "no kind of action",
      "GET /extension_schemas",
      200,
      { extension_schemas: [] },
      /offers no custom incident actions/,
    ],
    ["megabytes", "GET /webhook_subscriptions", 200, { pad: "x".repeat(5_000_000) }, /not one that it documents/],
  ])("%s ends the run, and the next makes it good", async (_, pattern, status, body, sentence) => {
    setting.pagerDuty.failNext(pattern, status, body);
    const { status: code, stderr } = await setting.run();
    expect(code).toBe(1);
    expect(stderr).toMatch(sentence);
    await setting.run();
    setting.deploy();
    expect((await setting.run()).status).toBe(0);
    expect([setting.subscriptions.length, setting.extensions.length, setting.agree()]).toEqual([1, 2, true]);
  });

  it("prints no part of a secret that PagerDuty repeats, wherever its words are cut", async () => {
    for (let before = 150; before < 650; before += 20) {
      const message = `${"x".repeat(before)}${API_KEY}${"y".repeat(1_000)}`;
      setting.pagerDuty.failNext("GET /services/*", 400, { error: { message } });
      const { stderr } = await setting.run();
      expect(stderr).not.toContain(API_KEY.slice(0, 6));
      expect(stderr.length).toBeLessThan(1_000);
    }
  });

  it("prints no secret that PagerDuty repeats, and nothing that a terminal would obey", async () => {
    setting.pagerDuty.failNext("POST /webhook_subscriptions", 500);
    await setting.run();
    const error = { message: `odd \u001b[2J ${setting.secrets().gate_token}`, errors: [API_KEY] };
    setting.pagerDuty.failNext("POST /webhook_subscriptions", 400, { error });
    const { stderr } = await setting.run();
    expect(stderr).toContain("[2J [secret]; [secret]");
    expect(stderr).not.toContain("\u001b");
  });
});

describe("a folder", () => {
  it.skipIf(process.getuid?.() === 0)("that cannot be written is told before anything is made", async () => {
    chmodSync(setting.directory, 0o500);
    const { status, stderr } = await setting.run();
    chmodSync(setting.directory, 0o700);
    expect([status, setting.subscriptions.length]).toEqual([1, 0]);
    expect(stderr).toContain("cannot be written by this user (EACCES)");
  });

  it("that is a file is told before anything is made", async () => {
    const { status, stderr } = await setting.run("--out", "/dev/null/here");
    expect([status, setting.subscriptions.length]).toEqual([1, 0]);
    expect(stderr).toMatch(/cannot be (read|made) by this user \(ENOTDIR\)/);
  });
});

it("bad usage ends with exit code 2 and the help", async () => {
  setting.env.PAGERDUTY_API_KEY = "";
  const { status, stderr } = await setting.run();
  expect(status).toBe(2);
  expect(stderr).toMatch(/^PAGERDUTY_API_KEY is required in the environment\.\n\nUsage: teleport-pagerduty setup/);
});
