import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Identity } from "../../relay/identity.ts";
import { TeleportError } from "../../relay/teleport/error.ts";
import type { Teleport } from "../../relay/teleport.ts";
import { openTeleport, type WayIn, type WayInOptions } from "../../relay/way-in.ts";
import { createLogger } from "../../shared/log.ts";
import { FakeConnectProxy, type FakeConnectProxyOptions } from "../fakes/connect-proxy.ts";
import { FakeLoadBalancer, type FakeLoadBalancerOptions } from "../fakes/load-balancer.ts";
import { FakeTeleport } from "../fakes/teleport.ts";
import { PublicAuthority } from "../fakes/teleport-proxy/public-authority.ts";
import { FakeTeleportProxy, type FakeTeleportProxyOptions } from "../fakes/teleport-proxy.ts";

const CLUSTER = "teleport.example.com";
const web = new PublicAuthority();
const certificate = web.issue(CLUSTER, "localhost");

let distrust: () => void;
let auth: FakeTeleport;
let identity: Identity;
let lines: string[];
let cleanUps: (() => unknown)[];

beforeAll(() => {
  distrust = web.trust();
});
afterAll(() => distrust());

beforeEach(async () => {
  lines = [];
  auth = await FakeTeleport.start({ clusterName: CLUSTER });
  cleanUps = [() => auth.close()];
  identity = await identityOf(auth);
});

afterEach(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

async function identityOf(fake: FakeTeleport): Promise<Identity> {
  const { key, certificate, cas } = await fake.issueIdentity();
  const times = { notBeforeMs: 0, expiresMs: Number.MAX_SAFE_INTEGER };
  return { key, certificate, authorities: [cas], user: "plugin", roles: [], cluster: CLUSTER, ...times };
}

async function proxy(options: Partial<FakeTeleportProxyOptions> = {}): Promise<FakeTeleportProxy> {
  const started = await FakeTeleportProxy.start({ authPort: auth.port, clusterName: CLUSTER, certificate, ...options });
  cleanUps.push(() => started.stop());
  return started;
}

async function balancer(options: Partial<FakeLoadBalancerOptions>): Promise<FakeLoadBalancer> {
  const started = await FakeLoadBalancer.start({ certificate, ...options });
  cleanUps.push(() => started.stop());
  return started;
}

async function httpProxy(options: FakeConnectProxyOptions): Promise<FakeConnectProxy> {
  const started = await FakeConnectProxy.start(options);
  cleanUps.push(() => started.stop());
  return started;
}

async function open(address: string, options: Partial<WayInOptions> = {}): Promise<WayIn> {
  const log = createLogger({ severity: "trace", format: "text", now: Date.now, write: (line) => lines.push(line) });
  const opened = await openTeleport({ address, connect: "auto", identity, env: {}, log, now: Date.now, ...options });
  cleanUps.push(() => opened.teleport.close());
  return opened;
}

async function failure(address: string, options: Partial<WayInOptions> = {}): Promise<TeleportError> {
  const error = await open(address, options).catch((error: unknown) => error);
  if (error instanceof TeleportError) return error;
  throw new Error(`not refused as it should be: ${String(error)}`);
}

/** Whether the connection carries calls, and a watch with its events in both directions. */
async function works(teleport: Teleport): Promise<void> {
  const inited = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<string>();
  const stop = new AbortController();
  const watching = teleport.watch(
    { init: inited.resolve, put: ({ request }) => arrived.resolve(request.id), deleted: () => {} },
    stop.signal,
  );
  await inited.promise;
  const { metadata } = auth.createRequest({ user: "alice", reason: "x".repeat(200_000) });
  expect(await arrived.promise).toBe(metadata?.name);
  expect(await teleport.listPending()).toHaveLength(1);
  stop.abort();
  await watching;
}

describe("the way in", () => {
  it.each(["auto", "auth"] as const)("is straight to the Auth Service with %s, with a single Ping", async (connect) => {
    const { teleport, way } = await open(auth.address, { connect });
    expect(way).toEqual({ kind: "direct", address: auth.address });
    expect(auth.calls.map(({ rpc }) => rpc)).toEqual(["ping"]);
    expect(auth.open.connections).toBe(1);
    await works(teleport);
  });

  it.each(["auto", "proxy"] as const)("is through the Proxy by TLS routing with %s", async (connect) => {
    const { hellos, port } = await proxy();
    const { teleport, way } = await open(`localhost:${port}`, { connect });
    expect(way).toEqual({ kind: "tls_routing", address: `localhost:${port}`, cluster: CLUSTER });
    const hex = Buffer.from(CLUSTER).toString("hex");
    expect(hellos.at(-1)).toEqual({
      serverName: "teleport.cluster.local",
      alpn: [`teleport-auth@${hex}.teleport.cluster.local`, "h2"],
    });
    await works(teleport);
  });

  it.each([
    ["with HTTP/2 of its own", ["h2", "http/1.1"]],
    ["with HTTP/1.1 alone", ["http/1.1"]],
  ])("is through a load balancer %s by a WebSocket", async (_, alpn) => {
    const { upgraded, port: proxyPort } = await proxy();
    const { port } = await balancer({ proxyPort, alpn });
    const { teleport, way } = await open(`localhost:${port}`);
    expect(way).toMatchObject({ kind: "connection_upgrade", protocol: "websocket" });
    expect(upgraded).toEqual(["websocket"]);
    await works(teleport);
  });

  it("is through a load balancer by bare bytes where the Proxy knows no WebSocket", async () => {
    const { upgraded, port: proxyPort } = await proxy({ upgrades: ["alpn"] });
    const { port } = await balancer({ proxyPort });
    const { teleport, way } = await open(`localhost:${port}`, { connect: "proxy" });
    expect(way).toMatchObject({ kind: "connection_upgrade", protocol: "alpn" });
    expect(upgraded).toEqual(["alpn"]);
    await works(teleport);
  });

  it("is the one that worked before, at once", async () => {
    const { hellos, upgraded, port: proxyPort } = await proxy();
    const { port } = await balancer({ proxyPort });
    const { way } = await open(`localhost:${port}`);
    hellos.length = 0;
    const again = await open(`localhost:${port}`, { lastWay: way });
    expect(again.way).toEqual(way);
    // One for the web, one inside it.
    expect([hellos.length, upgraded.length]).toEqual([2, 2]);
  });

  it("is another when the one that worked before does no longer", async () => {
    const address = `localhost:${(await proxy({ upgrades: [] })).port}`;
    const lastWay = { kind: "connection_upgrade", address, cluster: CLUSTER, protocol: "alpn" } as const;
    const { way } = await open(address, { lastWay });
    expect(way.kind).toBe("tls_routing");
  });

  it("comes back by itself after a Proxy was away", async () => {
    const between = await proxy();
    const { teleport } = await open(`localhost:${between.port}`, { connect: "proxy" });
    await between.stop();
    await expect(teleport.ping()).rejects.toMatchObject({ code: "unavailable" });
    await between.restart();
    await expect.poll(() => teleport.ping().catch(() => undefined), { timeout: 10_000 }).toBeDefined();
  });

  it("leaves no connection behind when it is closed", async () => {
    const { port: proxyPort } = await proxy();
    const { port } = await balancer({ proxyPort });
    const { teleport } = await open(`localhost:${port}`);
    expect(auth.open.connections).toBe(1);
    teleport.close();
    await expect.poll(() => auth.open.connections).toBe(0);
  });
});

describe("no way in", () => {
  it("says in one sentence that nothing listens, without trying further ways there", async () => {
    await auth.stop();
    expect(await failure(auth.address)).toMatchObject({
      code: "unavailable",
      retryable: true,
      message: expect.stringMatching(/^Teleport at \S+ refuses the connection\. Is it running\? Check teleport\.addr/),
    });
  });

  it.each([
    ["the Auth Service", async () => auth.port],
    ["the Proxy", async () => (await proxy()).port],
    ["a load balancer", async () => (await balancer({ proxyPort: (await proxy()).port })).port],
  ])("says that our certificate is refused, at %s", async (_, portOf) => {
    const stranger = await FakeTeleport.start({ clusterName: CLUSTER });
    cleanUps.push(() => stranger.close());
    const foreign = { ...(await identityOf(stranger)), authorities: identity.authorities };
    expect(await failure(`localhost:${await portOf()}`, { identity: foreign })).toMatchObject({
      code: "unauthenticated_certificate",
      retryable: false,
      message: expect.stringMatching(/^Teleport at localhost:\d+ does not accept our certificate\./),
    });
  });

  it.each([
    ["the Auth Service", async () => auth.port],
    ["the Proxy", async () => (await proxy()).port],
    ["a load balancer", async () => (await balancer({ proxyPort: (await proxy()).port })).port],
  ])("says that our authorities have not signed the Auth Service's certificate, at %s", async (_, portOf) => {
    const stranger = await FakeTeleport.start({ clusterName: CLUSTER });
    cleanUps.push(() => stranger.close());
    const { authorities } = await identityOf(stranger);
    const error = await failure(`localhost:${await portOf()}`, { identity: { ...identity, authorities } });
    expect(error).toMatchObject({
      code: "untrusted_server",
      retryable: false,
      message: expect.stringMatching(
        /^Teleport at localhost:\d+ shows a certificate that our authorities have not signed/,
      ),
    });
    // What OpenSSL said of the other ways is on the same line.
    expect(error.message).not.toMatch(/\n|:error:/);
  });

  it("says that the Proxy does not lead to the cluster of our certificate, and is tried again", async () => {
    const { port } = await proxy();
    const error = await failure(`localhost:${port}`, { identity: { ...identity, cluster: "other.example.com" } });
    expect(error).toMatchObject({ code: "unavailable", retryable: true });
    expect(error.message).toContain('does not lead to an Auth Service of the cluster "other.example.com"');
    expect(error.message).toMatch(
      /Tried directly at localhost:\d+: .*; by TLS routing through the Proxy at localhost:\d+: as said\.$/,
    );
    expect(error.message).not.toContain("connection upgrade");
  });

  it("says the same when the Auth Service behind the Proxy is down", async () => {
    const { port } = await proxy();
    await auth.stop();
    expect(await failure(`localhost:${port}`)).toMatchObject({ code: "unavailable", retryable: true });
  });

  it("is tried again when the load balancer has no Proxy to pass us on to", async () => {
    const { port } = await balancer({ status: 503 });
    const error = await failure(`localhost:${port}`);
    expect(error).toMatchObject({ code: "unavailable", retryable: true });
    expect(error.message).toContain(`The load balancer at localhost:${port} answers 503`);
  });

  it.each([404, 200, 302])("names a web server that is not Teleport's and answers %i", async (status) => {
    const { port } = await balancer({ status });
    const error = await failure(`localhost:${port}`, { connect: "proxy" });
    expect(error).toMatchObject({ code: "untrusted_server", retryable: false });
    expect(error.message).toContain(
      `What listens at localhost:${port} answers ${status} to Teleport's connection upgrade`,
    );
    expect(error.message).toContain("(ALPN)");
  });

  it("trusts no load balancer that the web would not", async () => {
    const { port: proxyPort } = await proxy();
    const { port } = await balancer({ proxyPort, certificate: new PublicAuthority().issue("localhost") });
    const error = await failure(`localhost:${port}`, { connect: "proxy" });
    expect(error.code).toBe("untrusted_server");
    expect(error.message).toContain("shows a certificate that this machine does not trust");
    expect(error.message).toContain("NODE_EXTRA_CA_CERTS");
  });

  it("trusts no load balancer under another name", async () => {
    const { port: proxyPort } = await proxy();
    const { port } = await balancer({ proxyPort, certificate: web.issue("other.example.com") });
    expect((await failure(`localhost:${port}`)).code).toBe("untrusted_server");
  });

  it.each([
    ["agrees on no HTTP/2", ["http/1.1"], "does not speak as an Auth Service does"],
    ["agrees on HTTP/2", ["h2"], "shows a certificate that our authorities have not signed"],
  ])("takes no web server for the Auth Service that %s", async (_, alpn, problem) => {
    const { port } = await balancer({ alpn });
    const error = await failure(`localhost:${port}`, { connect: "auth" });
    expect(error).toMatchObject({ code: "untrusted_server", retryable: false });
    expect(error.message).toContain(`Teleport at localhost:${port} ${problem}`);
    expect(error.message).not.toContain("Tried");
  });

  it("finds none at a Proxy that is too old for TLS routing and for the upgrade", async () => {
    const { port, upgraded } = await proxy({ tlsRouting: false, upgrades: [] });
    const error = await failure(`localhost:${port}`);
    expect(error).toMatchObject({ code: "untrusted_server", retryable: false });
    expect(error.message).toContain(`What listens at localhost:${port} answers 400 to Teleport's connection upgrade`);
    expect(upgraded).toEqual([]);
  });

  it("asks no Proxy without a cluster to ask for", async () => {
    const { port, hellos } = await proxy();
    const error = await failure(`localhost:${port}`, { connect: "proxy", identity: { ...identity, cluster: null } });
    expect(error.message).toMatch(/^Our Teleport certificate does not say of which cluster it is/);
    expect(hellos).toEqual([]);
  });

  it("does not take another way than the one that is configured", async () => {
    const { port } = await proxy();
    expect(await failure(`localhost:${port}`, { connect: "auth" })).toMatchObject({ code: "untrusted_server" });
  });
});

describe("the way in through an HTTP proxy", () => {
  const CREDENTIALS = "relay:p%40ss-canary";

  it.each(["direct", "tls_routing", "connection_upgrade"])("tunnels a way that is %s", async (kind) => {
    const { port: proxyPort } = await proxy();
    const { port: balancerPort } = await balancer({ proxyPort });
    const port = { direct: auth.port, tls_routing: proxyPort, connection_upgrade: balancerPort }[kind] ?? 0;
    const tunnel = await httpProxy({ routes: { [`${CLUSTER}:443`]: port } });
    const { teleport, way } = await open(`${CLUSTER}:443`, { env: { HTTPS_PROXY: `http://127.0.0.1:${tunnel.port}` } });
    expect(way.kind).toBe(kind);
    expect(new Set(tunnel.asked)).toEqual(new Set([`${CLUSTER}:443`]));
    await works(teleport);
  });

  it("tries both ports of a Proxy whose address names none", async () => {
    const { port } = await proxy();
    const tunnel = await httpProxy({ routes: { [`${CLUSTER}:3080`]: port } });
    const { way } = await open(CLUSTER, { env: { https_proxy: `127.0.0.1:${tunnel.port}` } });
    expect(way).toEqual({ kind: "tls_routing", address: `${CLUSTER}:3080`, cluster: CLUSTER });
    expect(tunnel.asked.slice(0, 3)).toEqual([`${CLUSTER}:3025`, `${CLUSTER}:443`, `${CLUSTER}:3080`]);
  });

  it("shows the proxy its user name and password, over TLS where the proxy speaks it", async () => {
    const tunnel = await httpProxy({
      routes: { [`${CLUSTER}:3025`]: auth.port },
      credentials: "relay:p@ss-canary",
      certificate,
    });
    const env = { HTTPS_PROXY: `https://${CREDENTIALS}@localhost:${tunnel.port}` };
    const { teleport } = await open(`${CLUSTER}:3025`, { env });
    await works(teleport);
  });

  it("says that the proxy refuses us, once, and never with the password", async () => {
    const tunnel = await httpProxy({ routes: {}, credentials: "relay:another" });
    const env = { HTTPS_PROXY: `http://${CREDENTIALS}@127.0.0.1:${tunnel.port}` };
    const error = await failure(`${CLUSTER}:443`, { env });
    expect(error.message).toBe(
      `The HTTP proxy 127.0.0.1:${tunnel.port} demands a user name and a password that it knows (407). ` +
        "Correct HTTPS_PROXY, or name the host of teleport.addr in NO_PROXY.",
    );
    expect(tunnel.asked).toHaveLength(1);
    expect([error.stack, error.details, ...lines].join("\n")).not.toMatch(/canary|Basic/);
  });

  it("says that the proxy is not there", async () => {
    const tunnel = await httpProxy({ routes: {} });
    await tunnel.stop();
    const error = await failure(`${CLUSTER}:443`, { env: { HTTPS_PROXY: `http://127.0.0.1:${tunnel.port}` } });
    expect(error.message).toBe(
      `The HTTP proxy 127.0.0.1:${tunnel.port} on the way to Teleport at ${CLUSTER}:443 refuses the connection. ` +
        "Correct HTTPS_PROXY, or name the host of teleport.addr in NO_PROXY.",
    );
  });

  it("says that the proxy does not lead there", async () => {
    const tunnel = await httpProxy({ routes: {} });
    const error = await failure(`${CLUSTER}:443`, { env: { HTTPS_PROXY: `http://127.0.0.1:${tunnel.port}` } });
    expect(error).toMatchObject({ code: "unavailable", retryable: true });
    expect(error.message).toContain(`does not connect us to ${CLUSTER}:443 (502)`);
  });

  it("uses none for loopback or for what NO_PROXY names", async () => {
    const env = { HTTPS_PROXY: "http://127.0.0.1:9", NO_PROXY: "example.com" };
    expect((await open(auth.address, { env })).way.kind).toBe("direct");
  });

  it("refuses a proxy that is none", async () => {
    const env = { HTTPS_PROXY: "socks5://canary@proxy:1080" };
    await expect(open(`${CLUSTER}:443`, { env })).rejects.toThrow(/^HTTPS_PROXY is not the address of an HTTP proxy: /);
  });
});
