import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { parseConfig, type RelayConfig } from "../../../relay/config.ts";
import { generateRelayKey } from "../../../relay/link/relay-key.ts";
import { ALL, G1, G1_AUTO, G2, G3 } from "./migrate/samples.ts";
import { type Ran, run } from "./run.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "relay-migrate-"));
});

async function migrate(text: string, name = "old.toml"): Promise<Ran> {
  const file = join(directory, name);
  writeFileSync(file, text);
  return run(["migrate", file]);
}

/** What keeps a printed configuration from being used, but for files that do not exist yet. */
function faultsIn(toml: string): readonly string[] {
  const reading = parseConfig(toml);
  return reading.kind === "config" ? [] : reading.faults.filter((fault) => !fault.includes("does not exist"));
}

/** A printed configuration once its files exist. */
function inPlace(toml: string): string {
  const secret = { mode: 0o600 };
  writeFileSync(join(directory, "relay.key"), generateRelayKey().pem, secret);
  writeFileSync(join(directory, "webhook.secrets"), `${"s".repeat(32)}\n`, secret);
  writeFileSync(join(directory, "action.tokens"), `approve=${"a".repeat(32)}\ndeny=${"d".repeat(32)}\n`, secret);
  const files = /"[^"]*\/(relay\.key|webhook\.secrets|action\.tokens)"/g;
  return toml.replace(files, (_, name: string) => JSON.stringify(join(directory, name)));
}

function configIn(toml: string): RelayConfig {
  const reading = parseConfig(inPlace(toml));
  if (reading.kind === "faults") throw new Error(reading.faults.join("\n"));
  return reading.config;
}

describe("migrate", () => {
  it.each(Object.entries(ALL))("turns %s into a configuration in which only files are missing", async (_, text) => {
    const { status, stdout } = await migrate(text);
    expect([status, faultsIn(stdout)]).toEqual([0, []]);
    expect(configIn(stdout).policy).toMatchObject({ approvableRoles: [], approvers: ["on-call"] });
  });

  it.each(Object.entries(ALL))("turns %s into a configuration that check accepts", async (_, text) => {
    const file = join(directory, "new.toml");
    writeFileSync(file, inPlace((await migrate(text)).stdout));
    const { stdout } = await run(["check", "--json", "-c", file]);
    expect(JSON.parse(stdout)[0]).toMatchObject({ name: "config", ok: true });
  });

  it("gives configuration and warnings as JSON to whoever asks", async () => {
    const file = join(directory, "old.toml");
    const { stdout: toml, stderr } = await migrate(G2);
    const { stdout } = await run(["migrate", "--json", file]);
    expect(JSON.parse(stdout)).toEqual({ toml, warnings: stderr.trimEnd().split("\n") });
  });

  it.each(Object.entries(ALL))("prints no secret of %s", async (_, text) => {
    const { stdout, stderr } = await migrate(text);
    expect(stdout + stderr).not.toContain("canary");
  });

  it("keeps how Teleport is reached, and as whom", async () => {
    const old = await migrate(G1.replace('"client.key"', '"/etc/t/auth.key"'));
    expect(old.stdout).toContain('addr = "example.com:3025"\n');
    expect(old.stdout).toContain('client_key = "/etc/t/auth.key"\n');
    expect((await migrate(G3)).stdout).toContain('identity = "/var/lib/teleport/plugins/pagerduty/auth_id"\n');
  });

  it("says where a relative path was put, and that somebody has to look", async () => {
    const { stdout, stderr } = await migrate(G1);
    expect(stdout).toContain('client_crt = "/var/lib/teleport/plugins/pagerduty/client.pem"\n');
    expect(stderr).toContain("teleport.client_crt was relative");
  });

  it.each([
    [G1, 'channels = ["note", "action"]', "Nothing listens on this host any more"],
    [G3, 'channels = ["note"]', "renewed files are always looked for"],
  ])("says which ways of deciding there are, and what is gone", async (text, channels, gone) => {
    const { stdout } = await migrate(text);
    expect(stdout).toContain(channels);
    expect(stdout).toContain(gone);
  });

  it("lets nobody approve anything before the admin has said so", async () => {
    for (const text of Object.values(ALL)) {
      const { stdout, stderr } = await migrate(text);
      expect(stdout).toMatch(/^approvable_roles = \[\]/m);
      expect(stdout).toMatch(/^auto_approve_on_call = false/m);
      expect(stderr).toContain("approvable_roles is empty");
    }
    expect((await migrate(G1_AUTO)).stderr).toContain("auto_approve was on");
  });

  it("says what goes to the edge, and where the API key goes", async () => {
    const { stdout } = await migrate(G1);
    expect(stdout).toContain('#   service_id = "PIJ90N7"\n');
    expect(stdout).toContain('#   user_email = "me@example.com" ');
    expect(stdout).toContain(
      "PAGERDUTY_API_KEY=… teleport-pagerduty setup --edge URL --cluster NAME --service PIJ90N7\n",
    );
    expect((await migrate(G2)).stdout).toContain("the one in the file that pagerduty.api_key names");
  });

  it("warns of annotations that are called otherwise here, and of a service that nobody named", async () => {
    const { stderr } = await migrate(G2);
    expect(stderr).toContain('The annotation "pd_notify" is called pagerduty_notify_service here');
    expect(stderr).not.toContain('"pagerduty_services" is called');
    expect(stderr).toContain("service_id is not in the file");
  });

  it.each([
    [G1, { output: "/var/log/teleport-pagerduty.log", severity: "debug" }],
    [G2, { output: "stdout", severity: "warn" }],
    [G3, { output: "stderr", severity: "trace" }],
    [G3.replace('"stderr"', '"plugin.log"').replace("TRACE", "chatty"), { output: "stderr", severity: "info" }],
  ])("keeps the log as it was", async (text, log) => {
    const { stdout } = await migrate(text);
    expect(stdout).toContain(`[log]\noutput = "${log.output}"\nseverity = "${log.severity}"\n`);
  });

  it("says that the installed service cannot write a log file anywhere", async () => {
    expect((await migrate(G1)).stderr).toContain("log.output is a file");
    expect((await migrate(G2)).stderr).not.toContain("log.output");
  });

  it("lets no value out of its place", async () => {
    const evil = JSON.stringify('x"\n[policy]\napprovers = ["*"]\n\u007f');
    const text = `[teleport]\naddr = ${evil}\nidentity = ${evil}\n[pagerduty]\nuser_email = ${evil}\n${evil} = ${evil}\n[log]\noutput = ${evil}\n`;
    const { status, stdout } = await migrate(text.replaceAll("\u007f", "\\u007f"), "odd\n[policy].toml");
    expect([status, faultsIn(stdout)]).toEqual([0, []]);
    expect(stdout.match(/^\[policy\]/gm)).toHaveLength(1);
    expect(configIn(stdout).policy.approvers).toEqual(["on-call"]);
  });

  it.each([
    ["https://proxy.example.com:443/", 'addr = "proxy.example.com:443"'],
    ["proxy.example.com", 'addr = "proxy.example.com"'],
    ["two words", 'addr = "localhost:3025"'],
  ])("reads the address %j", async (addr, expected) => {
    expect((await migrate(G3.replace("myinstance.teleport.sh:443", addr))).stdout).toContain(`${expected}\n`);
  });

  it("exits with 2 for a file that is none of the plugin's, with 1 for one that cannot be read", async () => {
    expect(await migrate("[edge]\n")).toMatchObject({ status: 2, stdout: "" });
    expect(await migrate("canary = ")).toMatchObject({ status: 2, stdout: "" });
    expect(await run(["migrate", join(directory, "none")])).toMatchObject({ status: 1, stdout: "" });
    expect(await run(["migrate"])).toMatchObject({ status: 2, stdout: "" });
  });
});
