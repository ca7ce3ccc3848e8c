import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { runCommandLine } from "../../../relay/commands/command-line.ts";
import { parseConfig } from "../../../relay/config.ts";

const COMMANDS = [
  "configure",
  "start",
  "check",
  "status",
  "keygen",
  "setup",
  "migrate",
  "audit",
  "completion",
  "version",
];
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "relay-command-line-"));
});

async function run(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  let stdout = "";
  let stderr = "";
  const status = await runCommandLine(args, {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    env: {},
    signal: new AbortController().signal,
  });
  return { status, stdout, stderr };
}

describe("teleport-pagerduty", () => {
  it.each([["--help"], ["-h"]])("tells its commands on %s", async (flag) => {
    const { status, stdout, stderr } = await run(flag);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    for (const command of COMMANDS) expect(stdout).toContain(`  ${command} `);
  });

  it.each(COMMANDS)("tells how to use %s", async (command) => {
    const { status, stdout } = await run(command, "--help");
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Usage: teleport-pagerduty ${command}`));
  });

  it.each([
    [[], "Usage: teleport-pagerduty"],
    [["fly"], 'There is no command "fly".'],
    [["version", "--loud"], "Unknown option '--loud'"],
    [["configure", "file.toml"], "Unexpected argument 'file.toml'"],
    [["start", "-c"], "argument missing"],
    [["keygen", "--out", "/a", "--public", "/b"], "exclude each other"],
  ])("exits with 2 and the usage on bad usage: %j", async (args, message) => {
    const { status, stdout, stderr } = await run(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).toContain("Usage: teleport-pagerduty");
  });
});

describe("version", () => {
  it("names the version, the commit, Node and the protocol", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
    const { stdout } = await run("version");
    expect(stdout).toBe(`teleport-pagerduty ${version}\ncommit unbuilt\nnode ${process.versions.node}\nprotocol 1\n`);
    expect((await run("--version")).stdout).toBe(stdout);
    const json = JSON.parse((await run("version", "--json")).stdout);
    expect(json).toEqual({ version, commit: "unbuilt", node: process.versions.node, protocol: 1 });
  });
});

describe("configure", () => {
  it("prints a configuration in which only the named files are missing", async () => {
    const { status, stdout } = await run("configure");
    expect(status).toBe(0);
    const reading = parseConfig(stdout);
    for (const fault of reading.kind === "faults" ? reading.faults : []) expect(fault).toContain("does not exist");
  });

  it("prints, for the installed service, a configuration that lacks nothing once systemd has given it", async () => {
    const { stdout } = await run("configure", "--systemd");
    const files = { keyFile: join(directory, "relay.key"), webhookSecretsFile: join(directory, "webhook.secrets") };
    await run("keygen", "--out", files.keyFile);
    writeFileSync(files.webhookSecretsFile, "s".repeat(32), { mode: 0o600 });
    expect(stdout).toContain('# key_file = "');
    const reading = parseConfig(stdout, { ...files, auditLog: "/var/lib/teleport-pagerduty/audit.jsonl" });
    expect(reading).toMatchObject({
      kind: "config",
      config: {
        ...{ webhookSecretsFile: files.webhookSecretsFile, auditLog: "/var/lib/teleport-pagerduty/audit.jsonl" },
      },
    });
  });
});

describe("keygen", () => {
  it("makes a key that only its owner reads, and prints exactly the public half", async () => {
    const file = join(directory, "relay.key");
    const { status, stdout, stderr } = await run("keygen", "--out", file);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(await run("keygen", "--public", file)).toEqual(expect.objectContaining({ status: 0, stdout }));
  });

  it("leaves a file that exists as it is", async () => {
    const file = join(directory, "relay.key");
    writeFileSync(file, "precious");
    const { status, stdout, stderr } = await run("keygen", "--out", file);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain(`${file} exists already and was left as it is`);
    expect(readFileSync(file, "utf8")).toBe("precious");
  });

  it("says which directory is missing", async () => {
    const file = join(directory, "none", "relay.key");
    const { status, stderr } = await run("keygen", "--out", file);
    expect(status).toBe(1);
    expect(stderr).toContain(`The directory ${join(directory, "none")} does not exist`);
    expect(existsSync(file)).toBe(false);
  });

  it("says that a file holds no key", async () => {
    const file = join(directory, "text");
    writeFileSync(file, "text");
    const { status, stdout, stderr } = await run("keygen", "--public", file);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain("is not an Ed25519 private key");
  });
});
