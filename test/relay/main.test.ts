import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { generateRelayKey } from "../../relay/link/relay-key.ts";
import { FakeTeleport } from "../fakes/teleport.ts";

const MAIN = fileURLToPath(new URL("../../relay/main.ts", import.meta.url));
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "relay-main-"));
});

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: string[]): Result {
  return spawnSync(process.execPath, [MAIN, ...args], { encoding: "utf8" });
}

describe("teleport-pagerduty", () => {
  it("exits with 0 when all went well", () => {
    expect(run("--help")).toMatchObject({ status: 0, stderr: "" });
  });

  it("exits with 2 on bad usage", () => {
    expect(run("fly")).toMatchObject({ status: 2, stdout: "" });
  });

  it("exits with 1 on a fault", () => {
    expect(run("keygen", "--public", "/none")).toMatchObject({ status: 1, stdout: "" });
  });

  it.skipIf(process.platform !== "linux")("says in one line that nobody can read what it prints", () => {
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(process.execPath, [MAIN, "configure"], { stdio: ["ignore", full, "pipe"] });
    closeSync(full);
    expect({ status, stderr: String(stderr) }).toEqual({ status: 1, stderr: "stdout cannot be written (ENOSPC).\n" });
  });

  it("makes a key whose public half is all that stdout gets", () => {
    const { stdout, stderr } = run("keygen", "--out", join(directory, "relay.key"));
    expect(stdout).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
    expect(stderr).toBe("");
  });
});

describe("start", () => {
  it("names every fault of the configuration and exits with 2", () => {
    const file = join(directory, "relay.toml");
    writeFileSync(
      file,
      '[edge]\nurl = "nowhere"\nkey_file = "/none"\n[policy]\napprovers = []\n[log]\nformat = "xml"\n',
    );
    const { status, stdout, stderr } = run("start", "-c", file);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr.split("\n")[0]).toBe(`${file} cannot be used:`);
    const keys = [
      "edge.url",
      "edge.key_file",
      "policy.approvable_roles",
      "log.format",
      "decisions.webhook_secrets_file",
    ];
    for (const key of keys) expect(stderr).toContain(`  ${key}: `);
  });

  it("exits with 2 when there is no configuration", () => {
    const { status, stderr } = run("start", "--config", "/none.toml");
    expect(status).toBe(2);
    expect(stderr).toContain("`teleport-pagerduty configure` prints an example");
  });

  it("exits with 1 and one sentence when the log cannot be opened", () => {
    const { status, stderr } = run("start", "-c", configure({ log: `output = "${directory}/none/log"` }));
    expect(status).toBe(1);
    expect(stderr).toBe(`log.output: ${directory}/none/log cannot be opened for appending (ENOENT).\n`);
  });

  it("exits with 1 and one sentence when there are no credentials", () => {
    const { status, stderr } = run("start", "-c", configure());
    expect(status).toBe(1);
    const said = stderr.split("\n").filter((line) => !/^\d{4}-/.test(line));
    expect(said).toEqual([expect.stringContaining(`${directory}/none.crt`), ""]);
  });

  it("logs to a file, and says on stderr alone why it ends", () => {
    const log = join(directory, "relay.log");
    const { status, stderr } = run("start", "-c", configure({ log: `output = "${log}"` }));
    expect(status).toBe(1);
    expect(stderr.split("\n").length).toBe(2);
    expect(readFileSync(log, "utf8")).toMatch(/INFO {2}Starting Teleport PagerDuty relay \d/);
  });

  it.each(["SIGTERM", "SIGINT"] as const)("ends in good order on %s, with exit code 0", async (signal) => {
    const teleport = await FakeTeleport.start();
    const paths = await teleport.writeIdentityFiles(directory);
    const credentials = `addr = "127.0.0.1:${teleport.port}"
client_crt = "${paths.certificate}"
client_key = "${paths.key}"
root_cas = "${paths.cas}"`;
    const child = spawn(process.execPath, [MAIN, "start", "-c", configure({ teleport: credentials }), "-d"]);
    const ended = once(child, "exit");
    for await (const line of createInterface({ input: child.stderr })) {
      if (line.includes("cannot be reached")) child.kill(signal);
    }
    expect(await ended).toEqual([0, null]);
    await teleport.stop();
  });
});

/** Writes a good configuration whose edge is nowhere, and whose Teleport too unless it is given. */
function configure({ log = "", teleport = "" } = {}): string {
  const key = join(directory, "relay.key");
  const secrets = join(directory, "secrets");
  writeFileSync(key, generateRelayKey().pem, { mode: 0o600 });
  writeFileSync(secrets, "s".repeat(32), { mode: 0o600 });
  const nowhere = `addr = "127.0.0.1:1"
client_crt = "${directory}/none.crt"
client_key = "${directory}/none.key"
root_cas = "${directory}/none.cas"`;
  const file = join(directory, "relay.toml");
  writeFileSync(
    file,
    `
[teleport]
${teleport || nowhere}
[edge]
url = "http://127.0.0.1:1"
key_file = "${key}"
[decisions]
webhook_secrets_file = "${secrets}"
[policy]
approvable_roles = []
approvers = ["*"]
audit_log = "${directory}/audit.jsonl"
[log]
${log}
`,
  );
  return file;
}
