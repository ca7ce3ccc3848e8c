import { chmodSync, existsSync, statSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readActionTokens, readWebhookSecrets } from "../../../../relay/secret-file.ts";
import { API_KEY, CLUSTER, SERVICE, Setting } from "./setting.ts";

let setting: Setting;

beforeEach(async () => {
  setting = await Setting.open();
});

afterEach(() => setting.close());

describe("the first run", () => {
  it("makes an inactive subscription with our events and the gate header", async () => {
    expect(await setting.run()).toMatchObject({ status: 0, stderr: "" });
    expect(setting.subscriptions).toMatchObject([
      {
        active: false,
        filter: { type: "service_reference", id: SERVICE },
        endpoint: {
          url: `${setting.edge.url}/v1/${CLUSTER}/webhook`,
          headers: [{ name: "X-Gate-Token", value: setting.secrets().gate_token }],
        },
      },
    ]);
    expect([...(setting.subscriptions[0]?.events ?? [])].sort()).toEqual([
      "incident.annotated",
      "incident.custom_field_values.updated",
      "incident.resolved",
      "incident.workflow.started",
    ]);
    expect(setting.pagerDuty.deliveries).toEqual([]);
  });

  it("makes both buttons, each with its own token", async () => {
    await setting.run();
    const { approve, deny } = setting.secrets().action_tokens;
    expect(approve).not.toBe(deny);
    expect(setting.extensions).toMatchObject(
      [
        ["Approve Request", "approve", approve],
        ["Deny Request", "deny", deny],
      ].map(([name, verdict, value]) => ({
        name,
        serviceIds: [SERVICE],
        endpoint: {
          url: `${setting.edge.url}/v1/${CLUSTER}/actions/${verdict}`,
          headers: [{ name: "X-Action-Token", value }],
        },
      })),
    );
  });

  it("writes files that only their owner reads, and that the relay understands", async () => {
    await setting.run();
    const files = ["secrets.json", "webhook.secrets", "action.tokens"];
    expect(files.map((file) => statSync(setting.path(file)).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
    const secrets = setting.secrets();
    expect(readWebhookSecrets(setting.path("webhook.secrets"))).toMatchObject({ value: secrets.webhook_secrets });
    expect(readActionTokens(setting.path("action.tokens"))).toMatchObject({ value: secrets.action_tokens });
    expect(secrets.api_key).toBe(API_KEY);
    for (const token of [secrets.gate_token, secrets.admin_token, ...Object.values(secrets.action_tokens)]) {
      expect(token).toMatch(/^[\w-]{43}$/);
    }
    expect(setting.agree()).toBe(true);
  });

  it("tells where the files go, the relay first, and no secret", async () => {
    const { stdout } = await setting.run();
    const order = ["webhook.secrets /var/lib", "action.tokens /var/lib", "< ", "Then, with PAGERDUTY_API_KEY"];
    const places = order.map((text) => stdout.indexOf(text));
    expect(places.every((place) => place > 0)).toBe(true);
    expect(places).toEqual([...places].sort((one, other) => one - other));
    for (const secret of setting.everySecret()) expect(stdout).not.toContain(secret);
  });

  it("tells a program what came of it as JSON, and no secret", async () => {
    const { status, stdout } = await setting.run("--json");
    const { next, ...outcome } = JSON.parse(stdout);
    expect(outcome).toMatchObject({
      ...{ ok: true, settled: false, cluster: CLUSTER, edge: setting.edge.url, changed: { edge: true, relay: true } },
      files: {
        edge: [setting.path("secrets.json")],
        relay: [setting.path("webhook.secrets"), setting.path("action.tokens")],
      },
    });
    expect([status, next]).toEqual([0, expect.stringContaining("teleport-pagerduty setup --edge")]);
    for (const secret of setting.everySecret()) expect(stdout).not.toContain(secret);
  });

  it("covers the account with one subscription, and puts buttons on the services named", async () => {
    await setting.runWith("--account", "--service", SERVICE);
    expect(setting.subscriptions).toMatchObject([{ filter: { type: "account_reference" } }]);
    expect(setting.extensions).toHaveLength(2);
  });

  it("leaves the channel action off when no service is named", async () => {
    const { stdout } = await setting.runWith("--account");
    expect(setting.secrets()).not.toHaveProperty("action_tokens");
    expect([existsSync(setting.path("action.tokens")), setting.extensions.length]).toEqual([false, 0]);
    expect(stdout).toContain('channels = ["note"]');
  });
});

describe("a run after that", () => {
  it("leaves the subscription inactive while the edge has not got the secrets", async () => {
    await setting.run();
    const { status, stderr } = await setting.run();
    expect([status, setting.subscriptions[0]?.active]).toEqual([1, false]);
    expect(stderr).toContain("401: it does not know the cluster");
    setting.deploy();
    if (setting.edge.secrets !== null) setting.edge.secrets.webhook_secrets = ["of-another-subscription"];
    expect((await setting.run()).stderr).toContain("503: it has not got this secret yet");
    expect(setting.subscriptions[0]?.active).toBe(false);
  });

  it("activates and pings once they are in place, and makes nothing twice", async () => {
    await setting.run();
    setting.deploy();
    for (const done of ["is active now", "was active"]) {
      const { status, stdout, stderr } = await setting.run();
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).toContain(`${done}; PagerDuty was asked to ping it.`);
      expect(stdout).toContain("Everything is in place.");
    }
    const ping = await setting.pagerDuty.waitForDelivery(({ eventType }) => eventType === "pagey.ping");
    expect(ping.result).toBe(202);
    expect([setting.subscriptions.length, setting.extensions.length, setting.agree()]).toEqual([1, 2, true]);
  });

  it("activates with a warning when only this machine cannot reach the edge", async () => {
    await setting.run();
    await setting.edge.close();
    const { status, stderr } = await setting.run();
    expect([status, setting.subscriptions[0]?.active]).toEqual([0, true]);
    expect(stderr).toContain("could not be reached from here (ECONNREFUSED)");
  });

  it("repairs what was changed meanwhile and enables what PagerDuty has stopped", async () => {
    await setting.run();
    setting.deploy();
    await setting.run();
    const [subscription] = setting.subscriptions;
    const [approve, deny] = setting.extensions;
    if (subscription === undefined || approve === undefined || deny === undefined) throw new Error("nothing was made");
    subscription.events = ["incident.annotated", "incident.triggered"];
    subscription.endpoint.disabledUntilMs = Number.POSITIVE_INFINITY;
    approve.endpoint.disabledUntilMs = Number.POSITIVE_INFINITY;
    deny.endpoint.headers = [{ name: "X-Action-Token", value: "<redacted>" }];
    deny.endpoint.url = `https://an-older-edge.example.com/v1/${CLUSTER}/actions/deny`;
    expect((await setting.run()).status).toBe(0);
    expect(subscription.events).toEqual(expect.arrayContaining(["incident.triggered", "incident.workflow.started"]));
    expect([subscription.endpoint.disabledUntilMs, approve.endpoint.disabledUntilMs]).toEqual([null, null]);
    expect(deny.endpoint.headers[0]?.value).toBe(setting.secrets().action_tokens.deny);
    expect(deny.endpoint.url).toContain(setting.edge.url);
    expect(setting.extensions).toHaveLength(2);
  });

  it("adds a service without touching the first, whose secrets stay", async () => {
    await setting.run();
    setting.deploy();
    await setting.run();
    setting.pagerDuty.addService({ id: "PSVC0B2", name: "Second", policyId: "PPOLICY" });
    const { status, stdout } = await setting.run("PSVC0B2");
    expect([status, setting.subscriptions.map(({ active }) => active)]).toEqual([0, [true, false]]);
    expect([setting.extensions.length, setting.agree()]).toEqual([4, true]);
    expect(stdout).toContain(`--service ${SERVICE} --service PSVC0B2`);
  });

  it("stops before a subscription whose secret is in another folder, and changes nothing", async () => {
    await setting.run();
    setting.deploy();
    await setting.run();
    const writes = () => setting.pagerDuty.calls.filter(({ method }) => method !== "GET").length;
    const before = writes();
    const { status, stderr } = await setting.run("--out", setting.path("elsewhere"));
    expect(status).toBe(1);
    expect(stderr).toContain("its secret is not in");
    expect([writes(), existsSync(setting.path("elsewhere"))]).toEqual([before, false]);
  });
});

describe("files that are there already", () => {
  const before = { api_key: "the-bots-own-key", admin_token: "an-admin-token-of-theirs", more: 1 };

  it("keeps other clusters and what it does not make", async () => {
    writeFileSync(setting.path("secrets.json"), JSON.stringify({ other: { api_key: "x" }, [CLUSTER]: before }));
    chmodSync(setting.path("secrets.json"), 0o644);
    await setting.run();
    expect(JSON.parse(setting.read("secrets.json")).other).toEqual({ api_key: "x" });
    expect(setting.secrets()).toMatchObject(before);
    expect(statSync(setting.path("secrets.json")).mode & 0o777).toBe(0o600);
  });

  it("leaves the webhook secrets to the relay alone where somebody chose so", async () => {
    const chosen = { ...before, gate_token: "a-gate-token-of-their-own" };
    writeFileSync(setting.path("secrets.json"), JSON.stringify({ [CLUSTER]: chosen }));
    await setting.run();
    expect(setting.secrets()).not.toHaveProperty("webhook_secrets");
    expect(setting.subscriptions[0]?.endpoint.headers[0]?.value).toBe(chosen.gate_token);
    expect(setting.read("webhook.secrets")).toContain(setting.subscriptions[0]?.endpoint.secrets[0]);
  });

  it("keeps the relay's files of a second cluster in a folder of their own", async () => {
    await setting.run();
    const first = setting.read("webhook.secrets");
    await setting.run("--cluster", "second.example.com");
    await setting.run("--cluster", "second.example.com");
    expect(setting.read("webhook.secrets")).toBe(first);
    expect(setting.read("second.example.com/webhook.secrets")).toContain("cluster second.example.com,");
    expect(Object.keys(JSON.parse(setting.read("secrets.json")))).toEqual([CLUSTER, "second.example.com"]);
    expect(setting.subscriptions).toHaveLength(2);
  });

  it.each([
    ["is no JSON", "{", "not a JSON object"],
    ["is a list", "[]", "not a JSON object"],
    ["has a gate token that is too short", JSON.stringify({ [CLUSTER]: { gate_token: "tiny-secret" } }), "gate_token"],
  ])("stops before a secrets.json that %s, and leaves it", async (_, text, said) => {
    writeFileSync(setting.path("secrets.json"), text);
    const { status, stderr } = await setting.run();
    expect([status, setting.read("secrets.json"), setting.pagerDuty.calls.length]).toEqual([1, text, 0]);
    expect(stderr).toContain(said);
    expect(stderr).not.toContain("tiny-secret");
  });
});
