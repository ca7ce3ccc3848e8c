import { readFile, rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateRelayKey } from "../../../../relay/link/relay-key.ts";
import { ADMIN_TOKEN, CLUSTER, GATE_TOKEN, SERVICE, Stage } from "../../../stage/stage.ts";
import { type Ran, run } from "../run.ts";

/** Both halves for real, with the stand-ins; what a test breaks it mends again. */
let stage: Stage;
let file: string;

beforeAll(async () => {
  stage = await Stage.set();
  file = stage.path("relay.toml");
}, 60_000);

afterAll(() => stage.strike());

interface Line {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly role?: string;
}

async function check(config = file): Promise<Ran & { readonly lines: Line[] }> {
  const ran = await run(["check", "-c", config, "--json"]);
  return { ...ran, lines: JSON.parse(ran.stdout) };
}

const failures = (lines: readonly Line[]): string[] => lines.filter(({ ok }) => !ok).map(({ name }) => name);
const detailOf = (lines: readonly Line[], name: string): string =>
  lines.find((line) => line.name === name)?.detail ?? `there is no line ${name}`;

/** The stage's configuration with lines of it replaced, in a file of its own. */
async function configured(change: (text: string) => string): Promise<string> {
  const other = stage.path("other.toml");
  await writeFile(other, change(await readFile(file, "utf8")));
  return other;
}

describe("teleport-pagerduty check", () => {
  it("prints one line a check, all ok, in the order of mending", async () => {
    const { status, stdout, stderr } = await run(["check", "-c", file]);
    expect(stderr).toBe("");
    expect(stdout.split("\n").filter((line) => !line.startsWith("ok    ") && line !== "")).toEqual([]);
    expect(status).toBe(0);
    const names = stdout.split("\n").map((line) => line.slice(6).split(/ {2,}/)[0]);
    expect(names.slice(0, -1)).toEqual([
      "config",
      "certificate",
      "Teleport",
      "access_request: read",
      "access_request: list",
      "access_request: update",
      "access_plugin_data: read",
      "access_plugin_data: update",
      "optional: monitoring rules",
      "optional: user traits",
      "edge",
      "clock, against the edge",
      "clock, against Teleport",
      "PagerDuty key",
      "PagerDuty writes",
      `service ${SERVICE}`,
      "user_email",
      `answers from ${SERVICE}`,
      "test ping",
    ]);
  });

  it("prints no secret and no colours, and colours for a person", async () => {
    const { stdout } = await run(["check", "-c", file]);
    for (const secret of [ADMIN_TOKEN, GATE_TOKEN, "stage-account-key", "\u001b"]) expect(stdout).not.toContain(secret);
    expect((await run(["check", "-c", file], { isTerminal: true })).stdout).toContain("\u001b[32mok");
    expect((await run(["check", "-c", file], { isTerminal: true, env: { NO_COLOR: "1" } })).stdout).not.toContain(
      "\u001b",
    );
  });

  it("ends at once, with 1, when it is asked to", async () => {
    const ending = new AbortController();
    const ran = run(["check", "-c", file], {
      signal: ending.signal,
      stdout: (text) => {
        if (text.includes("certificate")) ending.abort();
      },
    });
    expect((await ran).status).toBe(1);
  });

  it("changes nothing", async () => {
    const [requests, incidents] = [stage.teleport.requests().length, stage.pagerDuty.incidents.length];
    await check();
    expect([stage.teleport.requests().length, stage.pagerDuty.incidents.length]).toEqual([requests, incidents]);
  });

  it("names every fault of the configuration and exits with 2", async () => {
    const { status, lines } = await check(
      await configured((text) => text.replace("[policy]", "[policy]\nnonsense = 1").replace("key_file", "keyfile")),
    );
    expect(status).toBe(2);
    expect(lines.every(({ name, ok }) => name === "config" && !ok)).toBe(true);
    expect(JSON.stringify(lines)).toMatch(/policy\.nonsense.*edge\.keyfile|edge\.keyfile.*policy\.nonsense/);
  });

  it("says what is missing in Teleport, with the role that has it", async () => {
    stage.teleport.users.setRevoked("access-plugin", true);
    const { status, stdout } = await run(["check", "-c", file]);
    stage.teleport.users.setRevoked("access-plugin", false);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^FAIL {2}access_request: update .*verb "update" on "access_request"/m);
    expect(stdout.match(/kind: role/g)).toHaveLength(1);
    expect(stdout).toContain("      - {resources: [access_request], verbs: [list, read, update]}");
  });

  it("goes on to the edge when Teleport is not reached", async () => {
    const other = await configured((text) => text.replace(/^addr = .*$/m, 'addr = "127.0.0.1:1"\nconnect = "auth"'));
    const { status, lines } = await check(other);
    expect([status, failures(lines)]).toEqual([1, ["Teleport", "permissions in Teleport"]]);
    expect(detailOf(lines, "Teleport")).toContain("refuses the connection");
  });

  it("says that credentials are missing, and asks neither Teleport nor, without its name, the edge", async () => {
    const other = await configured((text) => text.replace("auth.crt", "none.crt"));
    const { lines } = await check(other);
    expect(failures(lines)).toEqual(["certificate", "Teleport", "edge", "PagerDuty"]);
    expect(detailOf(lines, "certificate")).toContain("tctl auth sign");
  });

  it("says that edge.cluster is another than Teleport's", async () => {
    const other = await configured((text) => text.replace("[edge]", '[edge]\ncluster = "other.example.com"'));
    const { lines } = await check(other);
    expect(failures(lines)).toEqual(["Teleport", "edge", "PagerDuty"]);
    expect(detailOf(lines, "Teleport")).toContain('edge.cluster is "other.example.com"');
    expect(detailOf(lines, "edge")).toContain("(401)");
  });

  it("says which key the edge should know", async () => {
    const { pem, publicKey } = generateRelayKey();
    await writeFile(stage.path("stranger.key"), pem, { mode: 0o600 });
    const { lines } = await check(await configured((text) => text.replace("relay.key", "stranger.key")));
    expect(detailOf(lines, "edge")).toContain(publicKey);
    await rm(stage.path("stranger.key"));
  });

  it("passes on what the edge finds wrong at PagerDuty", async () => {
    const [subscription] = stage.pagerDuty.account.subscriptions.values();
    if (subscription === undefined) throw new Error("the stage has no subscription");
    subscription.active = false;
    const { status, lines } = await check();
    subscription.active = true;
    expect([status, failures(lines)]).toEqual([1, [`answers from ${SERVICE}`, "test ping"]]);
  });
});

describe("teleport-pagerduty status", () => {
  it("shows the relay, PagerDuty, and what is pending", async () => {
    const { metadata } = stage.teleport.createRequest({ user: "alice", roles: ["dba"] });
    const id = metadata?.name ?? "";
    await stage.pagerDuty.waitForIncident(({ title }) => title.includes("alice"));
    const { status, stdout, stderr } = await run(["status", "-c", file]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain(`${CLUSTER} at ${stage.edgeUrl}`);
    expect(stdout).toMatch(/Relays {5}1 connected/);
    expect(stdout).toMatch(/active .* watching/);
    expect(stdout).toMatch(/PagerDuty {2}ok/);
    expect(stdout).toMatch(new RegExp(`${id} +alice +dba`));
    expect(stdout).toMatch(/Last events\n.*\(/);
  });

  it("prints the edge's answer as it is with --json", async () => {
    const { status, stdout } = await run(["status", "-c", file, "--json"]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ epoch: 1, relays: [{ role: "active" }] });
  });

  it("exits with 1 and one sentence when the edge does not know us", async () => {
    const other = await configured((text) => text.replace("[edge]", '[edge]\ncluster = "other.example.com"'));
    const { status, stdout, stderr } = await run(["status", "-c", other]);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^The edge does not know this relay \(401\).*\n$/);
  });

  it("exits with 2 when the configuration cannot be used", async () => {
    expect(await run(["status", "-c", "/none.toml"])).toMatchObject({ status: 2, stdout: "" });
  });
});
