import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { buildWorker } from "../edge/serve/build.ts";
import { parseVars } from "../edge/serve/vars.ts";

const MAIN = fileURLToPath(new URL("../edge/serve/main.ts", import.meta.url));
const CLUSTER = "teleport.example.com";
const GATE = "the-gate-token-of-the-tests";
const ADMIN = "the-admin-token-of-the-tests";

let folder: string;
let privateKey: KeyObject;
const started: ChildProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edge-"));
  const pair = generateKeyPairSync("ed25519");
  privateKey = pair.privateKey;
  const entry = {
    relay_public_keys: [pair.publicKey.export({ format: "jwk" }).x],
    service_id: "PIJ90N7",
    user_email: "bot@example.com",
  };
  const secrets = { api_key: "k".repeat(20), gate_token: GATE, admin_token: ADMIN };
  const vars = [
    `CLUSTERS=${JSON.stringify({ [CLUSTER]: entry })}`,
    `CLUSTER_SECRETS='${JSON.stringify({ [CLUSTER]: secrets })}'`,
    // Nobody listens there: every call to PagerDuty fails at once.
    "PAGERDUTY_API_URL=http://127.0.0.1:9",
  ];
  await writeFile(join(folder, "vars"), vars.join("\n"));
  await writeFile(join(folder, "bad-vars"), "PUBLIC_URL=https://edge.example.com\nnothing\n1=x\n");
});

afterAll(async () => {
  for (const child of started) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

function run(args: string[], options: { detached?: boolean } = {}): ChildProcess {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"], ...options });
  started.push(child);
  return child;
}

async function finish(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk) => {
    stdout += String(chunk);
  });
  child.stderr?.on("data", (chunk) => {
    stderr += String(chunk);
  });
  await once(child, "close");
  return { code: child.exitCode, stdout, stderr };
}

async function serve(
  data: string,
  port = 0,
  options: { detached?: boolean } = {},
): Promise<{ child: ChildProcess; url: string }> {
  const child = run(["--port", String(port), "--data", join(folder, data), "--vars", join(folder, "vars")], options);
  let problem = "";
  child.stderr?.on("data", (chunk) => {
    problem += String(chunk);
  });
  if (child.stdout === null) throw new Error("no output");
  for await (const line of createInterface(child.stdout)) {
    const url = /^edge listening on (http:\/\/127\.0\.0\.1:\d+)$/.exec(line)?.[1];
    if (url === undefined) throw new Error(`unexpected line: ${line}`);
    return { child, url };
  }
  throw new Error(`the edge never listened: ${problem}`);
}

/** Opens the link with one jti; resolves with 101, or with the status of the refusal. */
async function link(url: string, jti: string): Promise<number> {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: "relay", sub: CLUSTER, aud: `${url}/v1/${CLUSTER}`, iat, exp: iat + 60, jti };
  const token = await new SignJWT(claims).setProtectedHeader({ alg: "EdDSA" }).sign(privateKey);
  const socket = new WebSocket(`${url}/v1/${CLUSTER}/relay`, { headers: { Authorization: `Bearer ${token}` } });
  return new Promise((resolve) => {
    const leave = (status: number): void => {
      socket.terminate();
      resolve(status);
    };
    socket.once("open", () => leave(101));
    socket.once("unexpected-response", (_, response) => leave(response.statusCode ?? 0));
    socket.on("error", () => {});
  });
}

async function packageVersion(): Promise<string> {
  const text = await readFile(new URL("../package.json", import.meta.url), "utf8");
  const { version }: { version: string } = JSON.parse(text);
  return version;
}

async function refusesConnections(url: string): Promise<void> {
  await expect
    .poll(
      () =>
        fetch(`${url}/healthz`).then(
          () => true,
          () => false,
        ),
      { timeout: 10_000 },
    )
    .toBe(false);
}

describe("npm run edge", () => {
  it("explains itself with --help", async () => {
    const { code, stdout } = await finish(run(["--help"]));
    expect(code).toBe(0);
    expect(stdout).toContain("--vars FILE");
  });

  it.each([
    [["--colour", "red"], "--colour"],
    [["--vars", "x"], "--data DIR is required"],
    [["--data", "x"], "--vars FILE is required"],
    [["--data", "x", "--vars", "y", "--port", "70000"], "--port"],
    [["--data", "x", "--vars", "/nowhere/vars"], "cannot be read"],
  ])("ends with 2 when called with %j", async (args, words) => {
    const { code, stdout, stderr } = await finish(run(args));
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(words);
  });

  it("ends with 2 and names the lines of bad variables", async () => {
    const { code, stderr } = await finish(run(["--data", join(folder, "none"), "--vars", join(folder, "bad-vars")]));
    expect(code).toBe(2);
    expect(stderr).toMatch(/bad-vars: line 2: must be NAME=value\n.*bad-vars: line 3: a name has/);
  });

  it("serves the Worker, prints one line, and ends cleanly on SIGTERM", async () => {
    const { child, url } = await serve("plain");
    const rest = finish(child);
    const answer = await fetch(`${url}/healthz`);
    expect([answer.status, await answer.json()]).toEqual([200, { status: "ok", version: await packageVersion() }]);
    child.kill("SIGTERM");
    const { code, stdout } = await rest;
    expect([code, stdout]).toEqual([0, ""]);
    await refusesConnections(url);
    expect((await readdir(join(folder, "plain"))).filter((name) => name.startsWith(".config"))).toEqual([]);
  });

  it("serves what operators ask for: the page, the status, the metrics and the checks", async () => {
    const { child, url } = await serve("operators");
    const door = await fetch(`${url}/clusters/${CLUSTER}`);
    expect([door.status, await door.text()]).toEqual([401, expect.stringContaining("Sign in")]);
    const headers = { Authorization: `Bearer ${ADMIN}` };
    const status = await fetch(`${url}/v1/${CLUSTER}/status`, { headers });
    expect([status.status, await status.json()]).toEqual([200, expect.objectContaining({ cluster: CLUSTER })]);
    const metrics = await fetch(`${url}/v1/${CLUSTER}/metrics`, { headers });
    expect([metrics.status, await metrics.text()]).toEqual([
      200,
      expect.stringContaining("# TYPE teleport_pagerduty_"),
    ]);
    const checks = await fetch(`${url}/v1/${CLUSTER}/check`, { method: "POST", headers });
    expect([checks.status, await checks.text()]).toEqual([200, expect.stringContaining('"ok":false')]);
    child.kill("SIGTERM");
  });

  it("lets a sender of 10 MB without a length see the 413", async () => {
    const { child, url } = await serve("large");
    let left = 160;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left-- > 0) controller.enqueue(new Uint8Array(64 * 1024));
        else controller.close();
      },
    });
    const headers = { "X-Gate-Token": GATE };
    const answer = await fetch(`${url}/v1/${CLUSTER}/webhook`, { method: "POST", body, headers, duplex: "half" });
    expect(answer.status).toBe(413);
    child.kill("SIGTERM");
  });

  it.each(["parent", "group"])(
    "keeps what was durable when its %s is killed, and starts again on the same port",
    async (victim) => {
      const { child, url } = await serve(victim, 0, { detached: true });
      const jti = `jti-${victim}-0123456789`;
      expect(await link(url, jti)).toBe(101);
      process.kill(victim === "group" ? -(child.pid ?? 0) : (child.pid ?? 0), "SIGKILL");
      await once(child, "exit");
      await refusesConnections(url);
      const again = await serve(victim, Number(new URL(url).port));
      expect(await link(again.url, jti)).toBe(401);
      expect(await link(again.url, `${jti}-another`)).toBe(101);
      again.child.kill("SIGTERM");
    },
  );

  it("says so when the port is taken", async () => {
    const { child, url } = await serve("first");
    const port = new URL(url).port;
    const { code, stderr } = await finish(
      run(["--port", port, "--data", join(folder, "second"), "--vars", join(folder, "vars")]),
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /Address already in use[\s\S]*nothing listens on 127\.0\.0\.1:\d+: workerd ended with 1 .*above\n$/,
    );
    child.kill("SIGTERM");
  });
});

describe("the built Worker", () => {
  const readModules = async (): Promise<Map<string, string>> => {
    const { modules } = await buildWorker();
    return new Map(
      await Promise.all(modules.map(async (path) => [basename(path), await readFile(path, "utf8")] as const)),
    );
  };

  it("is two modules: at most 60 KiB gzipped for the journeys, and 80 KiB with what operators ask for", async () => {
    const modules = await readModules();
    expect([...modules.keys()]).toEqual(["worker.js", "view.js"]);
    const sizes = [...modules.values()].map((text) => gzipSync(text).length);
    expect(sizes[0]).toBeLessThanOrEqual(60 * 1024);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(80 * 1024);
  });

  it("has no schema in what operators ask for, and imports that nowhere but when they do", async () => {
    const modules = await readModules();
    expect(modules.get("view.js")).not.toContain("_zod");
    expect(modules.get("view.js")).not.toMatch(/from\s*["'`]\.|import\(/);
    expect(modules.get("worker.js")).not.toMatch(/(from|import)\s*["'`]\./);
  });
});

describe("parseVars", () => {
  const readValue = (line: string): string | undefined => {
    const reading = parseVars(line);
    return reading.kind === "vars" ? reading.vars.values().next().value : undefined;
  };

  it.each([
    ["PUBLIC_URL=https://edge.example.com", "https://edge.example.com"],
    [" PUBLIC_URL = https://edge.example.com \r", "https://edge.example.com"],
    ["PUBLIC_URL=https://edge.example.com # the public one", "https://edge.example.com"],
    ["PUBLIC_URL=", ""],
    ["PUBLIC_URL='a b'", "a b"],
    ['PUBLIC_URL="a b" # so it is', "a b"],
    ["PUBLIC_URL=a=b#c", "a=b#c"],
    ["PUBLIC_URL=a  # b # c", "a"],
    ["PUBLIC_URL='a' # it's", "a"],
    ['CLUSTERS={"a":"b # c"}', '{"a":"b # c"}'],
    [`CLUSTERS='{"a":"b"}'`, '{"a":"b"}'],
    ['CLUSTERS="{"a":"b"}"', '{"a":"b"}'],
    ['CLUSTERS="{\\"a\\":\\"b\\"}"', '{"a":"b"}'],
  ])("reads %j", (line, expected) => {
    expect(readValue(line)).toBe(expected);
  });

  it("skips blank lines and comments, and warns of names that the edge does not know", () => {
    const reading = parseVars("\n# PUBLIC_URL=x\n\nCLUSTER_SECRET={}\n");
    expect(reading).toMatchObject({ kind: "vars", warnings: ["line 4: the edge knows no variable CLUSTER_SECRET"] });
  });

  it("names every faulty line and never a value", () => {
    const reading = parseVars('canary\nA-B=canary\nPUBLIC_URL=1\nPUBLIC_URL=canary\nCLUSTERS="canary\nCLUSTER=canary');
    expect(reading.kind === "faulty" && reading.faults.map((fault) => fault.split(":")[0])).toEqual([
      "line 1",
      "line 2",
      "line 4",
      "line 5",
      "line 6",
    ]);
    expect(JSON.stringify(reading)).not.toContain("canary");
  });
});
