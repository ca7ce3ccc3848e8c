import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { parse } from "smol-toml";
import { beforeEach, describe, expect, it } from "vitest";
import { configExample } from "../../relay/config/example.ts";
import { configKeys } from "../../relay/config/keys.ts";
import { sections } from "../../relay/config/schema.ts";
import { parseConfig, type RelayConfig, readConfig } from "../../relay/config.ts";
import { generateRelayKey } from "../../relay/link/relay-key.ts";

let directory: string;
let files: { key: string; secrets: string; tokens: string };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "relay-config-"));
  const write = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text, { mode: 0o600 });
    return join(directory, name);
  };
  files = {
    key: write("relay.key", generateRelayKey().pem),
    secrets: write("webhook.secrets", `# PagerDuty's\n${"s".repeat(32)}\n`),
    tokens: write("action.tokens", `approve=${"a".repeat(16)}\ndeny=${"d".repeat(16)}\n`),
  };
});

/** A good configuration with more, or other, keys in its sections. */
function toml(more: Partial<Record<keyof typeof sections, string>> = {}): string {
  return `
[teleport]
${more.teleport ?? ""}
[edge]
url = "https://edge.example.com"
key_file = "${files.key}"
${more.edge ?? ""}
[decisions]
${more.decisions ?? `webhook_secrets_file = "${files.secrets}"`}
[policy]
${more.policy ?? `approvable_roles = ["dba"]\napprovers = ["on-call"]`}
[log]
${more.log ?? ""}
`;
}

function good(text: string): RelayConfig {
  const reading = parseConfig(text);
  if (reading.kind === "faults") throw new Error(reading.faults.join("\n"));
  return reading.config;
}

function faults(text: string): readonly string[] {
  const reading = parseConfig(text);
  return reading.kind === "faults" ? reading.faults : [];
}

const POLICY = 'approvable_roles = []\napprovers = ["*"]\n';

describe("parseConfig", () => {
  it("fills in every default", () => {
    const state = "/var/lib/teleport/plugins/pagerduty";
    expect(good(toml())).toEqual({
      teleport: {
        addr: "localhost:3025",
        identity: {
          kind: "files",
          certificateFile: `${state}/auth.crt`,
          keyFile: `${state}/auth.key`,
          authoritiesFile: `${state}/auth.cas`,
        },
        refreshIdentity: true,
        connect: "auto",
        decideBy: "state",
      },
      edge: { url: "https://edge.example.com", cluster: null, keyFile: files.key },
      decisions: {
        channels: ["note"],
        workflowTriggers: { approve: "", deny: "" },
        field: "teleport_decision",
        onResolve: "nothing",
        confirm: "action",
      },
      webhookSecretsFile: files.secrets,
      actionTokensFile: null,
      policy: {
        approvableRoles: ["dba"],
        approvers: ["on-call"],
        onCallLevels: 0,
        identity: "email",
        allowSelfApproval: false,
        autoApproveOnCall: false,
        approveWithinMs: 600_000,
        confirm: "action",
        users: {},
      },
      auditLog: `${state}/audit.jsonl`,
      log: { output: "stderr", severity: "info", format: "text" },
    });
  });

  it("reads every key", () => {
    const config = good(`
[teleport]
addr = "[::1]:3025"
identity = "/id"
client_crt = ""
refresh_identity = false
connect = "auth"
[edge]
url = "http://127.0.0.1:8787/"
cluster = "prod"
key_file = "${files.key}"
[decisions]
channels = ["action", "note", "note"]
webhook_secrets_file = "${files.secrets}"
action_tokens_file = "${files.tokens}"
on_resolve = "deny"
[policy]
approvable_roles = ["*"]
approvers = ["Bob@example.com", "PABC123", "P-ABC_1", "*"]
on_call_levels = 2
identity = "mapped"
allow_self_approval = true
approve_within = "1h30m5s"
audit_log = "/audit"
[policy.users]
PABC123 = "alice"
PABC124 = ["bob", "robert"]
[log]
output = "/log"
severity = "trace"
format = "json"
`);
    expect(config.teleport).toMatchObject({ addr: "[::1]:3025", identity: { kind: "identity_file", file: "/id" } });
    expect(config.edge).toMatchObject({ url: "http://127.0.0.1:8787", cluster: "prod" });
    expect(config.decisions.channels).toEqual(["action", "note"]);
    expect(config.policy).toMatchObject({
      approveWithinMs: 5_405_000,
      users: { PABC123: ["alice"], PABC124: ["bob", "robert"] },
    });
    expect(config.log).toEqual({ output: "/log", severity: "trace", format: "json" });
  });

  it("finds in users only what was put there", () => {
    const { users } = good(toml()).policy;
    expect(["constructor", "__proto__", "toString"].map((name) => users[name])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("takes the old name auth_server, with a warning", () => {
    const reading = parseConfig(toml({ teleport: 'auth_server = "old.example.com:3025"' }));
    if (reading.kind === "faults") throw new Error(reading.faults.join());
    expect(reading.config.teleport.addr).toBe("old.example.com:3025");
    expect(reading.warnings).toEqual(["teleport.auth_server: is the old name of addr and still works: rename it."]);
  });

  it("warns of a policy that can let nothing through", () => {
    const reading = parseConfig(toml({ policy: 'approvable_roles = []\napprovers = []\nidentity = "mapped"' }));
    expect(reading.kind === "config" && reading.warnings).toEqual([
      expect.stringMatching(/^policy\.approvers: names nobody/),
      expect.stringMatching(/^policy\.users: is empty/),
    ]);
  });
});

describe("parseConfig: what systemd provides", () => {
  const provided = () => ({
    keyFile: files.key,
    webhookSecretsFile: files.secrets,
    actionTokensFile: files.tokens,
    auditLog: "/var/lib/x/audit.jsonl",
  });
  const bare = '[edge]\nurl = "https://edge.example.com"\n[policy]\napprovable_roles = []\napprovers = ["*"]\n';

  it("stands for keys that are left out, or empty", () => {
    const text = `${bare}[decisions]\nchannels = ["note", "action"]\naction_tokens_file = ""\n`;
    const reading = parseConfig(text, provided());
    expect(reading).toMatchObject({
      kind: "config",
      config: {
        edge: { keyFile: files.key },
        webhookSecretsFile: files.secrets,
        actionTokensFile: files.tokens,
        auditLog: "/var/lib/x/audit.jsonl",
      },
    });
  });

  it("never stands for a key that says something else", () => {
    const text = bare.replace("[policy]", 'key_file = "/none"\n[policy]\naudit_log = "/mine"');
    const reading = parseConfig(text, provided());
    expect(reading).toMatchObject({ kind: "faults", faults: [expect.stringContaining("/none does not exist")] });
  });

  it("is judged as if it were written", () => {
    const missing = { ...provided(), webhookSecretsFile: "/none" };
    expect(parseConfig(bare, missing)).toMatchObject({
      kind: "faults",
      faults: [expect.stringMatching(/^decisions.webhook_secrets_file: \/none/)],
    });
  });

  it("changes nothing about a section that is none", () => {
    expect(parseConfig('edge = "x"\ndecisions = []\n', provided()).kind).toBe("faults");
  });
});

describe("parseConfig: faults", () => {
  it("names every one at once, each with its key", () => {
    const named = faults(`
[teleport]
addr = "no where"
connect = "ssh"
wrong = 1
[edge]
url = "http://edge.example.com"
key_file = "relative"
[decisions]
channels = ["note", "workflow", "telepathy"]
[policy]
approvers = ["oncall"]
approve_within = "soon"
on_call_levels = 1.5
[policy.users]
alice = "alice"
[pagerduty]
api_key = "u+secret"
`);
    expect(named.map((fault) => fault.split(": ")[0])).toEqual([
      "teleport.addr",
      "teleport.connect",
      "teleport.wrong",
      "edge.url",
      "edge.key_file",
      "decisions.channels.2",
      "policy.approvable_roles",
      "policy.approvers.0",
      "policy.on_call_levels",
      "policy.approve_within",
      "policy.users.alice",
      "pagerduty",
      "decisions.webhook_secrets_file",
      "decisions.workflow_triggers",
    ]);
    expect(named.join()).not.toContain("u+secret");
  });

  it.each<[string, Partial<Record<keyof typeof sections, string>>, string]>([
    ["an address with an empty port", { teleport: 'addr = "host:"' }, "teleport.addr: must be host:port"],
    ["an address with a scheme", { teleport: 'addr = "https://host"' }, "teleport.addr: must be host:port"],
    ["a port out of range", { teleport: 'addr = "host:70000"' }, "teleport.addr: must be host:port"],
    [
      "both names of the address",
      { teleport: 'addr = "a:1"\nauth_server = "b:1"' },
      "teleport.auth_server: is the old",
    ],
    ["identity and triple", { teleport: 'identity = "/i"\nroot_cas = "/c"' }, "teleport.identity: excludes root_cas"],
    ["no identity and a gap in the triple", { teleport: 'client_key = ""' }, "teleport.client_key: must not be empty"],
    ["a relative path", { teleport: 'identity = "id"' }, "teleport.identity: must be an absolute path"],
    ["text for a switch", { teleport: 'refresh_identity = "yes"' }, "teleport.refresh_identity: must be true or false"],
    ["an unknown way in", { teleport: 'connect = "ssh"' }, 'teleport.connect: must be "auto" or "auth" or "proxy"'],
    ["a cluster with a slash", { edge: 'cluster = "a/b"' }, "edge.cluster: must be the name"],
    ["no approvers", { policy: "approvable_roles = []" }, "policy.approvers: is required."],
    [
      "a pattern of roles",
      { policy: `${POLICY.replace("[]", '["db-*"]')}` },
      "policy.approvable_roles: takes exact names",
    ],
    [
      "* beside roles",
      { policy: `${POLICY.replace("[]", '["*", "a"]')}` },
      'policy.approvable_roles: "*" already stands',
    ],
    [
      "an approver of no known form",
      { policy: POLICY.replace("*", "everybody") },
      "policy.approvers.0: must be an e-mail",
    ],
    ["a negative level", { policy: `${POLICY}on_call_levels = -1` }, "policy.on_call_levels: must be at least 0"],
    [
      "a duration of nothing",
      { policy: `${POLICY}approve_within = "0s"` },
      "policy.approve_within: must be a duration",
    ],
    ["an empty duration", { policy: `${POLICY}approve_within = ""` }, "policy.approve_within: must be a duration"],
    [
      "a user without a name",
      { policy: `${POLICY}users = { PABC123 = [] }` },
      "policy.users.PABC123: must not be empty",
    ],
    [
      "a user who is a number",
      { policy: `${POLICY}users = { PABC123 = 5 }` },
      "policy.users.PABC123: must be a Teleport",
    ],
    [
      "a field of no name that PagerDuty gives",
      { decisions: `field = "${"x".repeat(301)}"` },
      "decisions.field: must have at most 300 characters.",
    ],
    ["an odd place for the log", { log: 'output = "syslog"' }, 'log.output: must be "stdout"'],
    ["an unknown severity", { log: 'severity = "loud"' }, 'log.severity: must be "error" or'],
    [
      "note without secrets",
      { decisions: "" },
      'decisions.webhook_secrets_file: is required, because channels has "note"',
    ],
    [
      "on_resolve without secrets",
      { decisions: 'channels = []\non_resolve = "deny"' },
      'decisions.webhook_secrets_file: is required, because on_resolve is "deny"',
    ],
    ["action without tokens", { decisions: 'channels = ["action"]' }, "decisions.action_tokens_file: is required"],
    ["secrets that are not there", { decisions: 'webhook_secrets_file = "/none"' }, "/none does not exist"],
    ["tokens that are not there", { decisions: 'action_tokens_file = "/none"' }, "/none does not exist"],
  ])("refuses %s", (_, more, sentence) => {
    expect(faults(toml(more))).toContainEqual(expect.stringContaining(sentence));
  });

  it.each([
    ["edge.example.com", "must be a URL"],
    ["http://edge.example.com", "must begin with https://"],
    ["http://127.0.0.1.example.com", "must begin with https://"],
    ["ftp://localhost", "must begin with https://"],
    ["https://user:pass@edge.example.com", "must not hold a user name"],
    ["https://edge.example.com/path", "must end after the host"],
    ["https://edge.example.com?q", "must end after the host"],
  ])("refuses the edge address %s", (url, sentence) => {
    const text = toml().replace("https://edge.example.com", url);
    expect(faults(text)).toEqual([expect.stringContaining(`edge.url: ${sentence}`)]);
  });

  it.each([
    ['["workflow"]', ["policy.confirm: is all"]],
    ['["note", "field"]', ["policy.confirm: is all"]],
    ['["note", "action"]', []],
  ])("warns that confirm = all needs PagerDuty's log for the channels %s", (channels, warnings) => {
    const decisions = [
      `channels = ${channels}`,
      'workflow_triggers = { approve = "A", deny = "B" }',
      `webhook_secrets_file = "${files.secrets}"`,
      `action_tokens_file = "${files.tokens}"`,
    ].join("\n");
    const reading = parseConfig(toml({ decisions, policy: `${POLICY}confirm = "all"` }));
    expect(reading).toMatchObject({
      kind: "config",
      config: { decisions: { confirm: "all" } },
      warnings: warnings.map((start) => expect.stringContaining(start)),
    });
  });

  it.each([
    ['approve = "A", deny = "A"', true],
    ['approve = "A"', true],
    ['approve = "A", deny = "B"', false],
  ])("wants two different triggers for workflow: %s", (triggers, isFault) => {
    const decisions = `channels = ["workflow"]\nworkflow_triggers = { ${triggers} }\nwebhook_secrets_file = "${files.secrets}"`;
    const named = faults(toml({ decisions })).some((fault) =>
      fault.startsWith("decisions.workflow_triggers: must give"),
    );
    expect(named).toBe(isFault);
  });

  it.each(["key", "secrets", "tokens"] as const)("refuses a file of secrets that others can read: %s", (name) => {
    chmodSync(files[name], 0o604);
    const decisions = `channels = ["note", "action"]
webhook_secrets_file = "${files.secrets}"
action_tokens_file = "${files.tokens}"`;
    expect(faults(toml({ decisions }))).toEqual([expect.stringContaining(`${files[name]} may be used by others`)]);
  });

  it("says how to make a key that is not there", () => {
    const text = toml().replace(files.key, "/none/relay.key");
    expect(faults(text)).toEqual([
      "edge.key_file: /none/relay.key does not exist: make it with `teleport-pagerduty keygen --out /none/relay.key`.",
    ]);
  });

  it("names line and column of what is not TOML", () => {
    expect(faults("[teleport]\naddr = ")).toEqual([expect.stringMatching(/^line 2, column \d+: is not TOML: /)]);
  });

  it("names a missing section by its required keys, and a section that is none", () => {
    const named = faults("teleport = 5");
    expect(named[0]).toBe("teleport: must be a section of keys.");
    expect(named.map((fault) => fault.split(":")[0])).toEqual(
      expect.arrayContaining(["edge.url", "policy.approvable_roles", "policy.approvers"]),
    );
  });

  it("says where an example is when there is no file", () => {
    expect(readConfig("/none")).toEqual({
      kind: "faults",
      faults: ["/none: does not exist; `teleport-pagerduty configure` prints an example."],
    });
    expect(readConfig(directory)).toEqual({ kind: "faults", faults: [`${directory}: cannot be read.`] });
  });

  it("never throws, whatever the values are", () => {
    const names = [...Object.entries(sections)].flatMap(([section, schema]) =>
      Object.keys(schema.shape).map((key) => [section, key] as const),
    );
    const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.oneof(fc.string(), fc.integer())));
    fc.assert(
      fc.property(fc.constantFrom(...names), value, ([section, key], any) => {
        const reading = parseConfig(`[${section}]\n${key} = ${JSON.stringify(any)}`);
        expect(reading.kind).toBe("faults");
      }),
      { numRuns: 300 },
    );
  });
});

describe("configExample", () => {
  const document = parse(configExample());

  it("shows every key of the schema but those that only stand for another", () => {
    for (const [section, schema] of Object.entries(sections)) {
      const keys = Object.keys(schema.shape).filter((key) => key !== "auth_server");
      expect(Object.keys(Object(document[section]))).toEqual(keys);
    }
  });

  it("has a comment above every key", () => {
    const lines = configExample().split("\n");
    const keys = lines.flatMap((line, index) => (/^(\w+ = |\[\w+\.)/.test(line) ? [index] : []));
    const entries = keys.filter((index) => !lines[index]?.startsWith("PABC123"));
    for (const index of entries) expect(lines[index - 1]).toMatch(/^# /);
    expect(entries.length).toBe(configKeys().length);
  });

  it("is good once the files that it names are there", () => {
    const text = configExample()
      .replace(/^key_file = .*$/m, `key_file = "${files.key}"`)
      .replace(/^webhook_secrets_file = .*$/m, `webhook_secrets_file = "${files.secrets}"`);
    expect(parseConfig(text)).toMatchObject({ kind: "config", warnings: [] });
  });

  it("shows defaults, or says them", () => {
    const config = configKeys().filter((key) => !key.required && key.name !== "users");
    for (const { section, name, default: preset } of config) {
      const shown = Object(document[section])[name];
      if (name === "webhook_secrets_file") expect(configExample()).toContain('read it. Default: ""');
      else expect(shown).toEqual(preset);
    }
  });
});
