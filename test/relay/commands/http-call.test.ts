import { once } from "node:events";
import { createServer, type Server } from "node:https";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { callHttp, reasonOf } from "../../../relay/commands/http-call.ts";
import { SetupPagerDuty } from "../../../relay/commands/setup/pagerduty.ts";
import { FakeConnectProxy } from "../../fakes/connect-proxy.ts";
import { PublicAuthority } from "../../fakes/teleport-proxy/public-authority.ts";

const HOST = "api.pagerduty.com";
const web = new PublicAuthority();

let distrust: () => void;
let server: Server;
let proxy: FakeConnectProxy;

beforeAll(() => {
  distrust = web.trust();
});
afterAll(() => distrust());

beforeEach(async () => {
  const { certificate, key } = web.issue(HOST);
  server = createServer({ cert: certificate, key }, (request, response) => {
    if (request.url === "/moved") response.writeHead(302, { location: "https://elsewhere.example.com/" }).end();
    else response.end(JSON.stringify({ service: { name: "Access", summary: request.headers.authorization } }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  proxy = await FakeConnectProxy.start({ routes: { [`${HOST}:443`]: port } });
});

afterEach(async () => {
  await proxy.stop();
  server.close();
});

const env = () => ({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
const call = (path: string, maxBytes = 1000) =>
  callHttp(`https://${HOST}${path}`, {
    method: "GET",
    headers: {},
    env: env(),
    signal: AbortSignal.timeout(10_000),
    maxBytes,
  });

describe("a call of a command", () => {
  it("goes through the HTTP proxy of the environment", async () => {
    expect((await call("/")).status).toBe(200);
    expect(proxy.asked).toEqual([`${HOST}:443`]);
  });

  it("follows no redirect", async () => {
    expect(await call("/moved")).toMatchObject({ status: 302 });
    expect(proxy.asked).toHaveLength(1);
  });

  it("reads no more than it may", async () => {
    expect((await call("/", 10)).body).toBeUndefined();
  });

  it("says in a few words why there was no answer", async () => {
    await proxy.stop();
    const reason = await call("/").then(() => "an answer", reasonOf);
    expect(reason).toContain("ECONNREFUSED");
  });

  it("is how setup asks PagerDuty", async () => {
    const { signal } = new AbortController();
    const pagerDuty = new SetupPagerDuty({ apiUrl: `https://${HOST}`, apiKey: "a-key", signal, env: env() });
    expect(await pagerDuty.serviceName("PSVC")).toBe("Access");
    expect(proxy.asked).toEqual([`${HOST}:443`]);
  });
});
