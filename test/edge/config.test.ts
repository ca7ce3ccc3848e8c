import { describe, expect, it } from "vitest";
import { clusterIn, type Env, faultsIn, readEdgeConfig } from "../../edge/config.ts";
import { CLUSTER, entryFor, setUp } from "./setting.ts";

const SECRETS = { api_key: "canary-api-key", webhook_secrets: ["canary-webhook-secret"] };
const at = `CLUSTERS["${CLUSTER}"]`;
const hidden = `CLUSTER_SECRETS["${CLUSTER}"]`;

function faultsOf(vars: Partial<Record<Exclude<keyof Env, "CLUSTER" | "STRANGERS">, unknown>>): string[] {
  const { env } = setUp();
  return faultsIn(readEdgeConfig({ ...env, ...vars }));
}

const withEntry = (change: object) => faultsOf({ CLUSTERS: { [CLUSTER]: { ...entryFor(), ...change } } });
const withSecrets = (secrets: unknown) =>
  faultsOf({ CLUSTERS: { [CLUSTER]: entryFor() }, CLUSTER_SECRETS: JSON.stringify({ [CLUSTER]: secrets }) });

describe("readEdgeConfig", () => {
  it("fills in what may be left out", () => {
    const { env } = setUp({ secrets: { admin_token: undefined } });
    const reading = clusterIn(readEdgeConfig(env), CLUSTER);
    expect(reading?.kind === "ready" && reading.config).toMatchObject({
      cluster: CLUSTER,
      serviceId: "PIJ90N7",
      pagerDuty: { region: "us", apiUrl: null, credentials: { kind: "api_key", apiKey: "canary-api-key" } },
      urgency: null,
      priority: null,
      retainDays: 30,
      access: null,
      gateToken: null,
      actionTokens: null,
      adminToken: null,
    });
  });

  it("takes everything that an admin may write, as a table or as JSON", () => {
    const entry = {
      ...entryFor(),
      region: "eu",
      urgency: "low",
      priority: "P2",
      retain_days: 90,
      access: { team: "harborlight", audience: "0a1b" },
    };
    const secrets = {
      oauth: { client_id: "id", client_secret: "canary-client-secret", subdomain: "harborlight" },
      gate_token: "canary-gate-token",
      action_tokens: { approve: "canary-approve-token", deny: "canary-deny-token" },
      admin_token: "canary-admin-token",
    };
    for (const CLUSTERS of [{ [CLUSTER]: entry }, JSON.stringify({ [CLUSTER]: entry })]) {
      const env = { ...setUp().env, CLUSTERS, CLUSTER_SECRETS: JSON.stringify({ [CLUSTER]: secrets }) };
      const reading = clusterIn(readEdgeConfig(env), CLUSTER);
      expect(reading?.kind === "ready" && reading.config).toMatchObject({
        pagerDuty: { region: "eu", credentials: { kind: "oauth", subdomain: "harborlight" } },
        urgency: "low",
        priority: "P2",
        retainDays: 90,
        access: { team: "harborlight" },
        webhookSecrets: [],
      });
    }
  });

  it("reads the same environment once", () => {
    const { env } = setUp();
    expect(readEdgeConfig(env)).toBe(readEdgeConfig(env));
  });

  it("names every fault at once", () => {
    const faults = faultsOf({
      CLUSTERS: { [CLUSTER]: { relay_public_keys: [], colour: "red" } },
      CLUSTER_SECRETS: JSON.stringify({ [CLUSTER]: { gate_token: "short", api_key: 1, mystery: "" } }),
      PUBLIC_URL: "http://edge.example.com",
      PAGERDUTY_API_URL: "https://api.pagerduty.com",
    });
    expect(faults.map((fault) => fault.slice(0, fault.indexOf(": ")))).toEqual([
      `${at}.relay_public_keys`,
      `${at}.service_id`,
      `${at}.user_email`,
      `${at}.colour`,
      `${hidden}.api_key`,
      `${hidden}.gate_token`,
      `${hidden}.mystery`,
      "PUBLIC_URL",
      "PAGERDUTY_API_URL",
    ]);
  });

  it("never shows a value in a fault", () => {
    const secret = "can ary";
    const faults = [
      ...withSecrets({
        api_key: secret,
        webhook_secrets: [secret],
        gate_token: secret,
        admin_token: secret,
        oauth: secret,
      }),
      ...faultsOf({ CLUSTER_SECRETS: `{"${secret}` }),
      ...faultsOf({ CLUSTERS: { [CLUSTER]: { ...entryFor(), service_id: secret, region: secret } } }),
    ];
    expect(faults.length).toBeGreaterThan(6);
    expect(faults.join("\n")).not.toContain(secret);
  });
});

describe("a cluster's table", () => {
  it("takes an id of a shape that PagerDuty does not give today", () => {
    expect(withEntry({ service_id: "P-IJ90_n7" })).toEqual([]);
  });

  it.each([
    ["a key that is too short", { relay_public_keys: ["abc"] }, "relay_public_keys[0]"],
    ["a key in another alphabet", { relay_public_keys: ["+".repeat(43)] }, "relay_public_keys[0]"],
    ["a key of more than 32 bytes", { relay_public_keys: [`${"A".repeat(42)}B`] }, "relay_public_keys[0]"],
    ["a key alone", { relay_public_keys: "A".repeat(43) }, "relay_public_keys"],
    ["a service by its name", { service_id: "Production access" }, "service_id"],
    ["no address", { user_email: undefined }, "user_email"],
    ["an address that is none", { user_email: "nobody" }, "user_email"],
    ["an address with a line break", { user_email: "bot@example.com\r\nX: y" }, "user_email"],
    ["an unknown region", { region: "mars" }, "region"],
    ["an unknown urgency", { urgency: "severe" }, "urgency"],
    ["no days to keep", { retain_days: 0 }, "retain_days"],
    ["half a day to keep", { retain_days: 0.5 }, "retain_days"],
    ["half of Access", { access: { team: "harborlight", audience: "" } }, "access"],
    [
      "the whole address of an Access team",
      { access: { team: "a.cloudflareaccess.com", audience: "0a" } },
      "access.team",
    ],
    ["an unknown key", { service: "PIJ90N7" }, "service"],
  ])("is faulty with %s", (_, change, key) => {
    expect(withEntry(change).map((fault) => fault.split(": ")[0])).toEqual([`${at}.${key}`]);
  });

  it.each([
    [{ service_id: undefined }, "service_id: is required"],
    [{ service_id: 1 }, "service_id: must be text"],
    [{ user_email: `${"x".repeat(250)}@example.com` }, "user_email: must have at most 255 characters"],
    [{ relay_public_keys: "A".repeat(43) }, "relay_public_keys: must be a list"],
    [{ access: "harborlight" }, "access: must be a table, or an object in JSON"],
    [{ region: "mars" }, 'region: must be "us" or "eu"'],
    [{ urgency: 1 }, 'urgency: must be "high", "low" or ""'],
    [{ retain_days: "30" }, "retain_days: must be a whole number from 1 to 3650"],
    [{ retain_days: 3651 }, "retain_days: must be a whole number from 1 to 3650"],
  ])("says of %j what it should be", (change, fault) => {
    expect(withEntry(change)).toEqual([`${at}.${fault}`]);
  });

  it("is faulty when it is none", () => {
    expect(faultsOf({ CLUSTERS: { [CLUSTER]: "harborlight" } })).toContain(
      `${at}: must be a table, or an object in JSON`,
    );
  });

  it.each(["a/b", "", " ", "x".repeat(181), "-a", "a b"])("is faulty under the name %j", (name) => {
    const faults = faultsOf({ CLUSTERS: { [name]: entryFor() }, CLUSTER_SECRETS: JSON.stringify({ [name]: SECRETS }) });
    expect(faults).toEqual([`CLUSTERS[${JSON.stringify(name)}]: not a name that a cluster can have`]);
  });
});

describe("a cluster's secrets", () => {
  it.each([
    ["none at all", undefined, `${hidden}: is required`],
    ["neither key nor OAuth app", { ...SECRETS, api_key: undefined }, `${hidden}: either api_key or oauth`],
    [
      "both key and OAuth app",
      { ...SECRETS, oauth: { client_id: "i", client_secret: "s", subdomain: "h" } },
      `${hidden}: either api_key or oauth`,
    ],
    ["an empty key", { ...SECRETS, api_key: "" }, `${hidden}.api_key: `],
    ["neither webhook secret nor gate token", { api_key: "k" }, `${hidden}: webhook_secrets or gate_token`],
    ["no webhook secret in the list", { ...SECRETS, webhook_secrets: [] }, `${hidden}.webhook_secrets: `],
    ["an empty webhook secret", { ...SECRETS, webhook_secrets: [""] }, `${hidden}.webhook_secrets[0]: `],
    ["a short webhook secret", { ...SECRETS, webhook_secrets: ["x".repeat(15)] }, `${hidden}.webhook_secrets[0]: `],
    ["a short gate token", { ...SECRETS, gate_token: "short" }, `${hidden}.gate_token: `],
    ["a short admin token", { ...SECRETS, admin_token: "short" }, `${hidden}.admin_token: `],
    ["one action token", { ...SECRETS, action_tokens: { approve: "x".repeat(16) } }, `${hidden}.action_tokens.deny: `],
    [
      "one token for both actions",
      { ...SECRETS, action_tokens: { approve: "x".repeat(16), deny: "x".repeat(16) } },
      `${hidden}.action_tokens: approve and deny must differ`,
    ],
    ["an unknown key", { ...SECRETS, webhook_secret: "x".repeat(16) }, `${hidden}.webhook_secret: unknown key`],
  ])("are faulty with %s", (_, secrets, start) => {
    const faults = withSecrets(secrets);
    expect(faults[0]).toContain(start);
    expect(faults[0]?.startsWith(start)).toBe(true);
  });

  it("under a name that CLUSTERS lacks are worth a warning", () => {
    const { env } = setUp();
    const config = readEdgeConfig({ ...env, CLUSTER_SECRETS: JSON.stringify({ "telport.example.com": SECRETS }) });
    expect(config.warnings).toEqual(['CLUSTER_SECRETS["telport.example.com"]: CLUSTERS has no such cluster']);
  });
});

describe("the bindings as a whole", () => {
  it.each([undefined, "", "{", "[]", "null", "1", 1, null, []])(
    "make every cluster faulty when CLUSTERS is %j",
    (CLUSTERS) => {
      const { env } = setUp();
      const config = readEdgeConfig({ ...env, CLUSTERS });
      expect(clusterIn(config, CLUSTER)?.kind).toBe("faulty");
      expect(clusterIn(config, "nobody.example.com")?.kind).toBe("faulty");
    },
  );

  it.each([undefined, "", "{", "[]"])(
    "make every known cluster faulty when CLUSTER_SECRETS is %j",
    (CLUSTER_SECRETS) => {
      const { env } = setUp();
      const config = readEdgeConfig({ ...env, CLUSTER_SECRETS });
      expect(clusterIn(config, CLUSTER)?.kind).toBe("faulty");
      expect(clusterIn(config, "nobody.example.com")).toBeUndefined();
      expect(faultsIn(config)).toHaveLength(1);
    },
  );

  it.each([
    "http://127.0.0.1:1",
    "http://127.1.2.3",
    "http://localhost:1/",
    "http://[::1]:1",
    "https://localhost/api/",
  ])("take PAGERDUTY_API_URL %s, which is loopback", (PAGERDUTY_API_URL) => {
    const { env } = setUp();
    const reading = clusterIn(readEdgeConfig({ ...env, PAGERDUTY_API_URL }), CLUSTER);
    const apiUrl = reading?.kind === "ready" ? reading.config.pagerDuty.apiUrl : undefined;
    expect(apiUrl).toBe(PAGERDUTY_API_URL.replace(/\/$/, ""));
  });

  it.each([
    "https://api.pagerduty.com",
    "http://localhost.example.com",
    "http://127.0.0.1.example.com",
    "http://user:pass@localhost",
    "http://example.com@localhost:1",
    "http://localhost/?x",
    "ftp://localhost",
    "localhost:8080",
    "nothing",
  ])("refuse PAGERDUTY_API_URL %s", (PAGERDUTY_API_URL) => {
    expect(faultsOf({ PAGERDUTY_API_URL })).toHaveLength(1);
  });

  it.each([
    "http://edge.example.com",
    "https://edge.example.com/path",
    "edge.example.com",
    "https://u@edge.example.com",
    1,
  ])("refuse PUBLIC_URL %s", (PUBLIC_URL) => {
    expect(faultsOf({ PUBLIC_URL })).toHaveLength(1);
  });

  it.each([
    ["https://edge.example.com", "https://edge.example.com"],
    ["https://edge.example.com/", "https://edge.example.com"],
    ["http://127.0.0.1:8787", "http://127.0.0.1:8787"],
    ["", null],
  ])("take PUBLIC_URL %j as %j", (PUBLIC_URL, expected) => {
    const { env } = setUp();
    expect(readEdgeConfig({ ...env, PUBLIC_URL }).publicUrl).toBe(expected);
  });

  it.each([
    ["30", 1_800_000],
    [undefined, null],
  ])("take WAKE_EVERY_MINUTES %j as %j ms", (WAKE_EVERY_MINUTES, expected) => {
    const { env } = setUp();
    expect(readEdgeConfig({ ...env, WAKE_EVERY_MINUTES }).wakeEveryMs).toBe(expected);
  });

  it.each(["0", "-1", "soon", 30])("refuse WAKE_EVERY_MINUTES %j", (WAKE_EVERY_MINUTES) => {
    expect(faultsOf({ WAKE_EVERY_MINUTES })).toEqual(["WAKE_EVERY_MINUTES: must be a number from 1 to 9999"]);
  });
});
