import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";
import { checkEdge } from "../../../relay/commands/check/edge.ts";
import type { CheckResult } from "../../../relay/commands/check/result.ts";
import { askEdge, type EdgeAnswer, type EdgeApi } from "../../../relay/commands/edge-api.ts";
import { generateRelayKey } from "../../../relay/link/relay-key.ts";
import { collected } from "./check/collected.ts";

const CLUSTER = "teleport.example.com";
const NOW = Date.UTC(2026, 10, 20, 12);
const PUBLIC_KEY = generateRelayKey().publicKey;
let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Something that answers as told, asked as the edge. */
async function at(answer: RequestListener): Promise<EdgeApi> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return apiAt(`http://127.0.0.1:${port}`);
}

function apiAt(url: string, env: Record<string, string> = {}): EdgeApi {
  const key = { publicKey: PUBLIC_KEY, sign: () => new Uint8Array(64) };
  return { url, cluster: CLUSTER, key, env, now: () => NOW };
}

function askStatus(api: EdgeApi, withinMs = 5_000): Promise<EdgeAnswer> {
  return askEdge(api, { method: "GET", route: "status", withinMs });
}

/** When a token was dated, s since the epoch. */
function issuedAt(authorization = ""): number {
  const [, claims = ""] = authorization.split(".");
  return z.object({ iat: z.number() }).parse(JSON.parse(Buffer.from(claims, "base64url").toString())).iat;
}

const dated = (ms: number): Record<string, string> => ({ Date: new Date(ms).toUTCString() });

describe("askEdge", () => {
  it("asks its route as the relay, and tells how far the clocks are apart", async () => {
    const seen: unknown[] = [];
    const api = await at(({ method, url, headers }, response) => {
      seen.push([method, url, headers.authorization?.startsWith("Bearer ")]);
      response.writeHead(200, dated(NOW + 7_000)).end('{"epoch":3}');
    });
    expect(await askStatus(api)).toEqual({ kind: "answer", body: { epoch: 3 }, clockOffsetMs: 7_500 });
    expect(seen).toEqual([["GET", `/v1/${CLUSTER}/status`, true]]);
  });

  it.each([
    [401, /does not know this relay \(401\): put .{43} into relay_public_keys/],
    [503, /configuration of the cluster "teleport\.example\.com" is faulty/],
    [404, /There is no edge at/],
    [429, /asked too often/],
    [302, /leads elsewhere \(302\)/],
    [500, /answered 500/],
  ])("says what %i means", async (status, problem) => {
    const api = await at((_, response) => response.writeHead(status, { Location: "http://127.0.0.1:1/" }).end("{}"));
    expect(await askStatus(api)).toMatchObject({ kind: "problem", status, problem: expect.stringMatching(problem) });
  });

  it.each(["", "<html>hello</html>", "undefined", '{"epoch":'])(
    "takes %j for no answer of the edge's",
    async (text) => {
      const api = await at((_, response) => response.writeHead(200).end(text));
      expect(await askStatus(api)).toMatchObject({
        kind: "problem",
        problem: expect.stringContaining("is not the edge"),
      });
    },
  );

  it("dates its token by an edge that refuses it over the clock, once", async () => {
    const dates: number[] = [];
    const api = await at(({ headers }, response) => {
      dates.push(issuedAt(headers.authorization));
      const isRight = Math.abs(issuedAt(headers.authorization) * 1000 - (NOW + 3_600_000)) < 2_000;
      response.writeHead(isRight ? 200 : 401, dated(NOW + 3_600_000)).end("{}");
    });
    const answer = await askStatus(api);
    expect([answer.kind, answer.clockOffsetMs, dates.length]).toEqual(["answer", 3_600_500, 2]);
  });

  it("asks a stranger whose clock is another no more than twice", async () => {
    let count = 0;
    const api = await at((_, response) => {
      count += 1;
      response.writeHead(401, dated(NOW + count * 3_600_000)).end();
    });
    expect(await askStatus(api)).toMatchObject({ kind: "problem", status: 401 });
    expect(count).toBe(2);
  });

  it.each([
    ["hangs", () => {}, /cannot be reached: no answer in time\.$/],
    ["hangs up", (_: unknown, response: { destroy: () => void }) => response.destroy(), /cannot be reached: /],
  ])("bears an edge that %s", async (_, answer, problem) => {
    const api = await at(answer);
    expect(await askStatus(api, 100)).toMatchObject({ kind: "problem", problem: expect.stringMatching(problem) });
  });

  it("reads no answer without an end", async () => {
    const api = await at((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(256 * 1024, " ")));
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    });
    expect(await askStatus(api)).toMatchObject({
      kind: "problem",
      problem: expect.stringContaining("more than 8388608"),
    });
  });

  it("says that nothing listens, and that HTTPS_PROXY is none", async () => {
    expect(await askStatus(apiAt("http://127.0.0.1:1"))).toMatchObject({
      problem: expect.stringContaining("nothing listens"),
    });
    const answer = await askStatus(apiAt("https://edge.example.com", { HTTPS_PROXY: "ftp://user:canary@proxy" }));
    expect(answer).toMatchObject({ problem: expect.stringContaining("HTTPS_PROXY is not the address") });
    expect(JSON.stringify(answer)).not.toContain("canary");
  });
});

describe("checkEdge", () => {
  const checks = (api: EdgeApi | null): Promise<CheckResult[]> => collected(checkEdge(api));
  const find = (results: readonly CheckResult[], name: string) => results.find((result) => result.name === name);
  const GOOD = '{"checks":[{"name":"PagerDuty key","ok":true,"detail":"fine"}]}';

  it.each([
    ["behind", 95_000, /is 96 s behind the edge's|is 95 s behind|is 2 min behind/],
    ["ahead of", -3 * 3_600_000, /is 3 h ahead of the edge's/],
  ])("fails a clock that is %s the edge's", async (_, offsetMs, detail) => {
    const api = await at((_, response) => response.writeHead(200, dated(NOW + offsetMs)).end(GOOD));
    expect(find(await checks(api), "clock, against the edge")).toMatchObject({
      ok: false,
      detail: expect.stringMatching(detail),
    });
  });

  it.each(["{}", '{"checks":[]}', '{"checks":[{"name":"x"}]}', '{"checks":{"ok":true}}', "[]", "null"])(
    "fails when the edge's checks are none: %s",
    async (body) => {
      const api = await at(({ url }, response) => response.writeHead(200).end(url?.endsWith("check") ? body : "{}"));
      expect(find(await checks(api), "PagerDuty")).toMatchObject({ ok: false });
    },
  );

  it("says that an older edge cannot check", async () => {
    const api = await at(({ url }, response) => response.writeHead(url?.endsWith("check") ? 404 : 200).end("{}"));
    expect(find(await checks(api), "PagerDuty")?.detail).toContain("The edge is older than this relay");
  });

  it("passes on what the edge says, and nothing besides", async () => {
    const body = '{"checks":[{"name":"a","ok":false,"detail":"b","role":"evil: yaml"}]}';
    const api = await at((_, response) => response.writeHead(200, dated(NOW)).end(body));
    expect((await checks(api)).at(-1)).toEqual({ name: "a", ok: false, detail: "b" });
  });
});
