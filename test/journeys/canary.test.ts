import { chmod, readFile, writeFile } from "node:fs/promises";
import { status as grpc } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { configKeys } from "../../relay/config/keys.ts";
import { readConfig } from "../../relay/config.ts";
import type { RpcName } from "../fakes/teleport/journal.ts";
import { run } from "../relay/commands/run.ts";
import type { Program } from "../stage/program.ts";
import { CLUSTER, GATE_TOKEN, PEOPLE, SERVICE } from "../stage/stage.ts";
import { AS_ADMIN, Canaries, textsIn } from "./canaries.ts";
import { ask, setStage, WITHIN_MS } from "./journey.ts";

let canaries: Canaries | undefined;
afterEach(() => canaries?.end());

/** A stage and its secrets; its relay has ended, and the next one says all that it ever says. */
async function planted(): Promise<Canaries> {
  const stage = await setStage();
  canaries = await Canaries.of(stage);
  await stage.relay.stop();
  const config = await readFile(stage.path("relay.toml"), "utf8");
  await writeFile(stage.path("relay.toml"), config.replace('severity = "debug"', 'severity = "trace"'));
  return canaries;
}

async function connected(planted: Canaries): Promise<Program> {
  const relay = planted.start("the relay", "relay/main.ts", ["start", "-c", planted.stage.path("relay.toml")]);
  await Promise.all([relay.line(/Watcher connected/), relay.line(/Edge connected/)]);
  return relay;
}

describe("no secret of either half shows", { timeout: 60_000 }, () => {
  it("at the edge's door, whichever is shown to whichever route", async () => {
    const here = await planted();
    const routes = ["webhook", "actions/approve", "actions/deny", "relay", "status", "check", "metrics", "nothing"];
    for (const path of [...routes.map((route) => `/v1/${CLUSTER}/${route}`), `/clusters/${CLUSTER}`, "/"]) {
      for (const secret of here.secrets) {
        const headers = {
          "X-Gate-Token": secret,
          "X-Action-Token": secret,
          "X-PagerDuty-Signature": `v1=${Buffer.from(secret).toString("hex")}`,
          Authorization: `Bearer ${secret}`,
        };
        for (const method of ["GET", "PUT"]) await here.ask(path, { method, headers });
        const signIn = { ...headers, Origin: here.stage.edgeUrl, "Content-Type": "application/x-www-form-urlencoded" };
        await here.ask(path, { method: "POST", headers: signIn, body: `token=${encodeURIComponent(secret)}` });
      }
    }
    const send = (body: string) =>
      here.ask(`/v1/${CLUSTER}/webhook`, { method: "POST", headers: { "X-Gate-Token": GATE_TOKEN }, body });
    expect([await send("{"), await send("x".repeat(256 * 1024 + 1))]).toEqual([401, 413]);
    expect(await here.leaks()).toEqual([]);
  });

  it("through every error of PagerDuty's, though it repeats the key", async () => {
    const here = await planted();
    const { pagerDuty } = here.stage;
    const [apiKey = ""] = here.secrets;
    const error = { message: `no: Authorization: Token token=${apiKey}`, errors: ["x".repeat(450), apiKey] };
    const calls = ["POST /incidents", "GET /incidents", "GET /users", "GET /users/*", "GET /services/*"];
    for (const status of [400, 401, 403, 404, 429, 500]) {
      for (const call of [...calls, "POST /incidents/*/notes", "PUT /incidents/*", "GET /webhook_subscriptions"]) {
        pagerDuty.failNext(call, status, { error }, { headers: { "ratelimit-reset": "1" } });
      }
    }
    await connected(here);
    ask(here.stage);
    await pagerDuty.waitForCall(({ path }) => path === "/incidents", WITHIN_MS);
    for (const _ of Array(6)) await here.ask(`/v1/${CLUSTER}/check`, { method: "POST", ...AS_ADMIN });
    expect(here.stage.edge.lines.join("\n")).toContain("Token token=…");
    expect(await here.leaks()).toEqual([]);
  });

  it("in what is told of a refusal, of a decision, and of Teleport's errors", async () => {
    const here = await planted();
    const { teleport, pagerDuty } = here.stage;
    const relay = await connected(here);
    ask(here.stage);
    const { id } = await pagerDuty.waitForIncident(() => true, WITHIN_MS);
    await relay.line(/Incident bound/);
    pagerDuty.as(PEOPLE.carol.id).pressAction(id, "Approve Request");
    await relay.line(/Decision refused/);
    const failing: RpcName[] = ["getAccessRequests", "updatePluginData", "setAccessRequestState", "getPluginData"];
    for (const rpc of failing) {
      for (const code of [grpc.UNAVAILABLE, grpc.PERMISSION_DENIED, grpc.INTERNAL]) teleport.failNext(rpc, code);
    }
    pagerDuty.as(PEOPLE.bob.id).pressAction(id, "Deny Request");
    await relay.line(/A decision waits/);
    expect(await here.leaks()).toEqual([]);
  });

  it("when the files of secrets break under a relay that runs, and in every command that meets them then", async () => {
    const here = await planted();
    const { stage } = here;
    const relay = await connected(here);
    ask(stage);
    const { id } = await stage.pagerDuty.waitForIncident(() => true, WITHIN_MS);
    await relay.line(/Incident bound/);
    for (const name of ["webhook-secrets", "action-tokens", "relay.key", "auth.key"]) {
      const text = await readFile(stage.path(name), "utf8");
      await writeFile(stage.path(name), text.split("\n").toReversed().join("\n#"));
      await chmod(stage.path(name), 0o644);
    }
    stage.pagerDuty.as(PEOPLE.bob.id).note(id, "/approve");
    await relay.line(/what it held before stays in use/);
    for (const command of ["start", "check", "status"]) {
      expect(await here.command([command, "-c", stage.path("relay.toml")])).not.toBe(0);
    }
    expect(await here.leaks()).toEqual([]);
  });

  it("in the relay's commands, and in what setup says of PagerDuty's refusals", async () => {
    const here = await planted();
    const { stage } = here;
    await connected(here);
    const [apiKey = ""] = here.secrets;
    // A cluster of its own, which has no subscription yet.
    const where = ["--edge", stage.edgeUrl, "--cluster", "other.example.com", "--service", SERVICE];
    const setUp = async (): Promise<number> => {
      const env = { PAGERDUTY_API_KEY: apiKey, PAGERDUTY_API_URL: stage.pagerDuty.url };
      const { status, stdout, stderr } = await run(["setup", ...where, "--out", stage.directory], { env });
      here.read("setup", stdout + stderr);
      return status;
    };
    await setUp();
    const made = textsIn(JSON.parse(await readFile(stage.path("secrets.json"), "utf8")));
    here.secrets.push(...made);
    for (const status of [400, 401, 403, 500]) {
      const error = { message: `no: Authorization: Token token=${apiKey}`, errors: made };
      for (const call of ["GET /services/*", "GET /webhook_subscriptions", "GET /extensions"]) {
        stage.pagerDuty.failNext(call, status, { error });
        expect([call, status, await setUp()]).toEqual([call, status, 1]);
      }
    }
    const commands = ["check", "status"].map((command) => here.command([command, "-c", stage.path("relay.toml")]));
    expect(await Promise.all(commands)).toEqual([expect.any(Number), 0]);
    expect(made.length).toBeGreaterThan(5);
    expect(await here.leaks()).toEqual([]);
  });

  it("in the faults of an edge whose variables are wrong", async () => {
    const here = await planted();
    const { stage } = here;
    const vars = await readFile(stage.path("edge.vars"), "utf8");
    const written = (name: string): string => new RegExp(`^${name}=(.*)$`, "m").exec(vars)?.[1] ?? "";
    const [, secret = ""] = here.secrets;
    const keysOf = (name: string): string[] => Object.keys(JSON.parse(written(name))[CLUSTER]);
    const every = (name: string, value: unknown, more: string[] = []): string =>
      JSON.stringify({ [CLUSTER]: Object.fromEntries([...keysOf(name), ...more].map((key) => [key, value])) });
    const optional = ["region", "urgency", "priority", "retain_days", "access", "unknown"];
    const wrong: Readonly<Record<string, string>>[] = [
      { CLUSTER_SECRETS: written("CLUSTER_SECRETS").slice(0, -2) },
      { CLUSTER_SECRETS: `{"${CLUSTER}":${secret}}`, CLUSTERS: `{"${CLUSTER}":${secret}}` },
      { CLUSTER_SECRETS: every("CLUSTER_SECRETS", { x: secret }), CLUSTERS: every("CLUSTERS", [secret, 1], optional) },
      { CLUSTERS: every("CLUSTERS", secret, optional), PUBLIC_URL: secret, PAGERDUTY_API_URL: `http://${secret}/` },
    ];
    for (const [index, values] of wrong.entries()) {
      const names = Object.keys(values).join("|");
      const kept = vars.replace(new RegExp(`^(${names})=.*\n`, "gm"), "");
      const set = Object.entries(values).map(([name, value]) => `${name}=${value}\n`);
      await writeFile(stage.path("wrong.vars"), kept + set.join(""));
      const args = ["--port", "0", "--data", stage.path(`wrong-${index}`), "--vars", stage.path("wrong.vars")];
      const edge = here.start(`an edge with wrong ${names}`, "edge/serve/main.ts", args);
      const [origin = ""] = (await edge.line(/^edge listening on /)).match(/http:.*/) ?? [];
      expect([names, await here.ask(`/v1/${CLUSTER}/status`, AS_ADMIN, origin)]).toEqual([names, 503]);
      await edge.line(/"severity":"error"/);
    }
    expect(await here.leaks()).toEqual([]);
  });

  it("in the faults of a relay whose configuration is wrong", async () => {
    const here = await planted();
    const config = await readFile(here.stage.path("relay.toml"), "utf8");
    const [, secret = ""] = here.secrets;
    const wrong = configKeys().flatMap(({ section, name }) => {
      const without = config.replace(new RegExp(`^${name} = .*\n`, "m"), "");
      const values = [secret, `"${secret}"`, `["${secret}", 1]`, `{ x = "${secret}" }`];
      return values.map((value) => without.replace(`[${section}]\n`, `[${section}]\n${name} = ${value}\n`));
    });
    const file = here.stage.path("wrong.toml");
    let faulty = 0;
    for (const text of [...wrong, `${secret}\n${config}`, `${config}\n[${secret}`]) {
      await writeFile(file, text);
      const reading = readConfig(file);
      if (reading.kind !== "faults") continue;
      faulty += 1;
      here.read(text, reading.faults.join("\n"));
    }
    expect(faulty).toBeGreaterThan(wrong.length / 2);
    expect(await here.leaks()).toEqual([]);
  });
});
