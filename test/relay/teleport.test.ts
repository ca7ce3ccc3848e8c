import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { RequestState } from "../../relay/gen/teleport_pb.ts";
import type { Identity } from "../../relay/identity.ts";
import { TeleportError } from "../../relay/teleport/error.ts";
import type { WatchHandlers } from "../../relay/teleport/port.ts";
import { Teleport } from "../../relay/teleport.ts";
import { Authority, type IssuedIdentity } from "../fakes/teleport/authority.ts";
import type { FakeTeleportOptions } from "../fakes/teleport/options.ts";
import type { TeleportVersion } from "../fakes/teleport/versions.ts";
import { FakeTeleport } from "../fakes/teleport.ts";

const FOREVER_MS = Number.MAX_SAFE_INTEGER;
const WORDS = { delegator: "pagerduty:bob@example.com", reason: "fine [pd:01ABC]" };
const VERSIONS: readonly TeleportVersion[] = ["4.2.8", "6.2", "7.0", "18"];

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startFake(options: FakeTeleportOptions = {}): Promise<FakeTeleport> {
  const fake = await FakeTeleport.start(options);
  cleanups.push(() => fake.close());
  return fake;
}

function clientFor(address: string, { key, certificate, cas }: IssuedIdentity, expiresMs = FOREVER_MS): Teleport {
  const identity: Identity = {
    key,
    certificate,
    authorities: [cas],
    user: "access-plugin",
    roles: [],
    cluster: null,
    notBeforeMs: 0,
    expiresMs,
  };
  const teleport = new Teleport({ way: { kind: "direct", address }, identity, now: Date.now });
  cleanups.push(() => teleport.close());
  return teleport;
}

async function start(options: FakeTeleportOptions = {}) {
  const fake = await startFake(options);
  return { fake, teleport: clientFor(fake.address, await fake.issueIdentity()) };
}

async function errorOf(call: Promise<unknown>): Promise<TeleportError> {
  const thrown: unknown = await call.then(
    (value) => `answered ${JSON.stringify(value)}`,
    (error: unknown) => error,
  );
  if (thrown instanceof TeleportError) return thrown;
  throw new Error(`no TeleportError but: ${String(thrown)}`);
}

const idOf = (request: { metadata?: { name: string } | undefined }): string => request.metadata?.name ?? "";

describe("ping", () => {
  it.each([
    ["4.2.8", "4.2.8"],
    ["18", "18.0.0"],
  ] as const)("tells version and cluster of %s", async (version, told) => {
    const { teleport } = await start({ version, clusterName: "main.example.com" });
    expect(await teleport.ping()).toEqual({ version: told, cluster: "main.example.com", proxyAddress: null });
  });

  it("tells the proxy's address when there is one", async () => {
    const { teleport } = await start({ proxyPublicAddr: "teleport.example.com:443" });
    expect(await teleport.ping()).toMatchObject({ proxyAddress: "teleport.example.com:443" });
  });
});

describe("listPending", () => {
  it.each(VERSIONS)("lists what is pending, and that only, on %s", async (version) => {
    const { fake, teleport } = await start({ version });
    expect(await teleport.listPending()).toEqual([]);
    const pending = idOf(fake.createRequest({ user: "alice", roles: ["db"] }));
    fake.resolve(idOf(fake.createRequest()), RequestState.APPROVED);
    const listed = await teleport.listPending();
    expect(listed.map(({ request }) => request)).toMatchObject([
      { id: pending, user: "alice", roles: ["db"], state: "PENDING" },
    ]);
  });

  it.each([
    ["18", ["listAccessRequests"]],
    ["7.0", ["listAccessRequests", "getAccessRequestsV2", "getAccessRequests"]],
  ] as const)("asks %s once which way of listing it has", async (version, first) => {
    const { fake, teleport } = await start({ version });
    await teleport.listPending();
    await teleport.listPending();
    await teleport.read("none");
    const last = first.at(-1);
    expect(fake.calls.map(({ rpc }) => rpc)).toEqual(["ping", ...first, last, last]);
  });

  it("hops from pages to the stream of releases between", async () => {
    const { fake, teleport } = await start({ version: "18" });
    fake.failNext("listAccessRequests", status.UNIMPLEMENTED, "unknown method ListAccessRequests");
    const id = idOf(fake.createRequest());
    expect(await teleport.listPending()).toMatchObject([{ request: { id } }]);
    await teleport.listPending();
    expect(fake.calls.map(({ rpc }) => rpc)).toEqual([
      "ping",
      "listAccessRequests",
      "getAccessRequestsV2",
      "getAccessRequestsV2",
    ]);
  });

  it("pings again after a watch was opened, because another server may have answered it", async () => {
    const { fake, teleport } = await start({ version: "18" });
    await teleport.listPending();
    await teleport.watch({ init() {}, put() {}, deleted() {} }, AbortSignal.abort());
    await teleport.listPending();
    expect(fake.calls.map(({ rpc }) => rpc)).toEqual(["ping", "listAccessRequests", "ping", "listAccessRequests"]);
  });

  it("does not list before a Ping has shown that this is Teleport", async () => {
    const { fake, teleport } = await start();
    fake.failNext("ping", status.UNIMPLEMENTED, "Received HTTP status code 404");
    expect(await errorOf(teleport.listPending())).toMatchObject({ code: "unimplemented", retryable: false });
    expect(fake.calls.map(({ rpc }) => rpc)).toEqual(["ping"]);
  });

  it("says so when a server has no way of listing at all", async () => {
    const { fake, teleport } = await start({ version: "7.0" });
    fake.failNext("getAccessRequests", status.UNIMPLEMENTED, "unknown method");
    expect((await errorOf(teleport.listPending())).code).toBe("unimplemented");
  });

  it("follows pages to the end, each request once", async () => {
    const { fake, teleport } = await start({ version: "18", listLimit: 7 });
    const ids = Array.from({ length: 50 }, () => idOf(fake.createRequest()));
    const listed = await teleport.listPending();
    expect(listed.map(({ request }) => request.id).toSorted()).toEqual(ids.toSorted());
  });

  it.each(VERSIONS)("reads 4,000 requests of more than 4 MiB from %s", async (version) => {
    const { fake, teleport } = await start({ version });
    const suggestedReviewers = ["r".repeat(1_200)];
    const roles = Array.from({ length: 12 }, (_, index) => `role-${index}-${"x".repeat(100)}`);
    for (let count = 0; count < 4_000; count++) fake.createRequest({ roles, suggestedReviewers });
    expect(await teleport.listPending()).toHaveLength(4_000);
  });

  it.each([
    ["7.0", []],
    ["6.2", []],
  ] as const)("passes the empty list on that %s gives a caller without rights", async (version, expected) => {
    const { fake, teleport } = await start({ version });
    fake.createRequest();
    fake.users.setRevoked("access-plugin", true);
    expect(await teleport.listPending()).toEqual(expected);
  });

  it("rejects when 4.2.8 refuses a caller without rights", async () => {
    const { fake, teleport } = await start({ version: "4.2.8" });
    fake.users.setRevoked("access-plugin", true);
    expect(await errorOf(teleport.listPending())).toMatchObject({ code: "permission_denied", retryable: false });
  });
});

describe("read", () => {
  it.each(VERSIONS)("reads a request of any state by its id from %s", async (version) => {
    const { fake, teleport } = await start({ version });
    const id = idOf(fake.createRequest());
    fake.createRequest();
    fake.resolve(id, RequestState.DENIED);
    expect(await teleport.read(id)).toMatchObject({ request: { id, state: "DENIED" } });
    expect(await teleport.read("11111111-2222-4333-8444-555555555555")).toBeUndefined();
  });

  it("reads a state that no release has had yet as none of ours", async () => {
    const { fake, teleport } = await start({ version: "18" });
    const id = idOf(fake.createRequest());
    fake.resolve(id, 9 as RequestState);
    expect(await teleport.read(id)).toMatchObject({ request: { state: "NONE" } });
    expect(await teleport.listPending()).toEqual([]);
  });
});

describe("plugin data", () => {
  it.each(VERSIONS)("is compared before it is set, on %s", async (version) => {
    const { fake, teleport } = await start({ version });
    const id = idOf(fake.createRequest());
    expect(await teleport.pluginData(id)).toEqual({});
    expect(await teleport.updatePluginData(id, { decision: "a", digest: "d" }, { decision: "" })).toBe("updated");
    expect(await teleport.updatePluginData(id, { decision: "b" }, { decision: "" })).toBe("conflict");
    expect(await teleport.updatePluginData(id, { decision: "b" }, { decision: "a" })).toBe("updated");
    expect(await teleport.updatePluginData(id, { digest: "" }, { decision: "b", digest: "d" })).toBe("updated");
    expect(await teleport.updatePluginData(id, { incidents: "i" }, {})).toBe("updated");
    expect(await teleport.pluginData(id)).toEqual({ decision: "b", incidents: "i" });
  });

  it("lets one of two claims through", async () => {
    const { fake, teleport } = await start();
    const id = idOf(fake.createRequest());
    const claim = (decision: string) => teleport.updatePluginData(id, { decision }, { decision: "" });
    const results = await Promise.all([claim("a"), claim("b"), claim("c")]);
    expect(results.toSorted()).toEqual(["conflict", "conflict", "updated"]);
  });

  it("is gone with a request that never was", async () => {
    const { teleport } = await start();
    const id = "11111111-2222-4333-8444-555555555555";
    expect(await teleport.updatePluginData(id, { decision: "a" }, { decision: "" })).toBe("gone");
    expect(await teleport.pluginData(id)).toEqual({});
  });

  it("can be read after the request was deleted", async () => {
    const { fake, teleport } = await start();
    const id = idOf(fake.createRequest());
    await teleport.updatePluginData(id, { decision: "a" }, {});
    fake.delete(id);
    expect(await teleport.pluginData(id)).toEqual({ decision: "a" });
  });

  it("may be written again after Teleport gave up on contention", async () => {
    const { fake, teleport } = await start();
    const id = idOf(fake.createRequest());
    fake.failNext("updatePluginData", status.FAILED_PRECONDITION, "too many concurrent writes to plugin data");
    expect(await errorOf(teleport.updatePluginData(id, { a: "b" }, {}))).toMatchObject({
      code: "conflict",
      retryable: true,
    });
  });

  it("needs the right to write it", async () => {
    const { fake, teleport } = await start();
    const id = idOf(fake.createRequest());
    fake.addUser("access-plugin", { grants: { access_request: ["list", "read"] } });
    expect((await errorOf(teleport.updatePluginData(id, { a: "b" }, {}))).code).toBe("permission_denied");
  });
});

describe("setState", () => {
  it.each(["6.2", "7.0", "18"] as const)("resolves with delegator and reason on %s", async (version) => {
    const { fake, teleport } = await start({ version });
    const id = idOf(fake.createRequest());
    const since = fake.sequence;
    expect(await teleport.setState(id, "APPROVED", WORDS)).toBe("set");
    expect(fake.request(id)?.spec).toMatchObject({ state: RequestState.APPROVED, resolveReason: WORDS.reason });
    const { request } = await fake.waitForCall("setAccessRequestState", undefined, { since });
    expect(request).toMatchObject({ delegator: WORDS.delegator });
  });

  it.each(VERSIONS)("sees on %s that a request is gone, or was denied before", async (version) => {
    const { fake, teleport } = await start({ version });
    expect(await teleport.setState("11111111-2222-4333-8444-555555555555", "DENIED", WORDS)).toBe("gone");
    const id = idOf(fake.createRequest());
    expect(await teleport.setState(id, "DENIED", WORDS)).toBe("set");
    expect(await teleport.setState(id, "APPROVED", WORDS)).toBe("already_denied");
    expect(fake.request(id)?.spec?.state).toBe(RequestState.DENIED);
  });

  it("cuts a reason that Teleport would refuse", async () => {
    const { fake, teleport } = await start({ version: "18" });
    const id = idOf(fake.createRequest());
    expect(await teleport.setState(id, "DENIED", { ...WORDS, reason: `${"€".repeat(4_000)} [pd:01ABC]` })).toBe("set");
    expect(fake.request(id)?.spec?.resolveReason.endsWith("… [pd:01ABC]")).toBe(true);
  });

  it("is sent once, whatever comes of it", async () => {
    const { fake, teleport } = await start();
    const id = idOf(fake.createRequest());
    fake.failNext("setAccessRequestState", status.UNAVAILABLE, "Connection dropped", 1, "after");
    expect((await errorOf(teleport.setState(id, "APPROVED", WORDS))).code).toBe("unavailable");
    fake.hang("setAccessRequestState");
    const hung = errorOf(teleport.setState(id, "APPROVED", WORDS));
    await fake.waitForCall("setAccessRequestState", undefined, { since: fake.sequence });
    fake.dropConnections();
    expect((await hung).retryable).toBe(true);
    await teleport.ping();
    expect(fake.calls.filter(({ rpc }) => rpc === "setAccessRequestState")).toHaveLength(2);
  });

  it("rejects without the right to update", async () => {
    const { fake, teleport } = await start();
    const id = idOf(fake.createRequest());
    fake.users.setRevoked("access-plugin", true);
    const error = await errorOf(teleport.setState(id, "APPROVED", WORDS));
    expect(error).toMatchObject({ code: "permission_denied", retryable: false });
    expect(error.mend).toContain('"update" on "access_request"');
  });
});

describe("submitReview", () => {
  const REVIEW = {
    author: null,
    proposedState: "APPROVED",
    reason: "fine [pd:01ABC]",
    createdMs: 1_767_225_600_000,
    assumeStartMs: null,
  } as const;

  async function reviewing(options: FakeTeleportOptions, init = {}) {
    const started = await start({ enterprise: true, ...options });
    started.fake.addUser("access-plugin", { reviews: true, submitsForUsers: true });
    const request = started.fake.createRequest(init);
    return { ...started, id: idOf(request) };
  }

  it.each(["6.2", "7.0", "18"] as const)(
    "gives one review, and tells what became of the request, on %s",
    async (version) => {
      const thresholds = [{ approve: 2, deny: 1 }];
      const { fake, teleport, id } = await reviewing({ version }, { thresholds });
      const pending = await teleport.submitReview(id, REVIEW);
      const review = {
        author: "access-plugin",
        proposedState: "APPROVED",
        reason: REVIEW.reason,
        createdMs: REVIEW.createdMs,
      };
      expect(pending).toMatchObject({ request: { id, state: "PENDING", reviews: [review] } });
      expect(await teleport.submitReview(id, REVIEW)).toBe("reviewed_before");
      fake.review(id, { author: "carol", state: RequestState.APPROVED });
      expect(await teleport.read(id)).toMatchObject({ request: { state: "APPROVED" } });
    },
  );

  it("resolves what it is enough for", async () => {
    const { teleport, id } = await reviewing({});
    expect(await teleport.submitReview(id, REVIEW)).toMatchObject({ request: { state: "APPROVED" } });
    const other = await reviewing({});
    expect(await other.teleport.submitReview(other.id, { ...REVIEW, proposedState: "DENIED" })).toMatchObject({
      request: { state: "DENIED" },
    });
  });

  it("says that there is nothing to review any more", async () => {
    const { fake, teleport, id } = await reviewing({ version: "18" });
    fake.resolve(id, RequestState.DENIED);
    expect(await teleport.submitReview(id, REVIEW)).toBe("resolved_before");
    fake.delete(id);
    expect(await teleport.submitReview(id, REVIEW)).toBe("gone");
  });

  it("gives a review in a user's name", async () => {
    const { fake, teleport, id } = await reviewing({ version: "18", reviewsForOthers: true });
    fake.addUser("bob", { reviews: true });
    const given = await teleport.submitReview(id, { ...REVIEW, author: "bob" });
    expect(given).toMatchObject({ request: { state: "APPROVED", reviews: [{ author: "bob" }] } });
    const [call] = fake.calls.filter(({ rpc }) => rpc === "submitAccessReview");
    expect(call?.request).toMatchObject({ review: { isSubmittedByPlugin: true, submittedBy: "", roles: [] } });
  });

  it.each([
    ["in a user's name before 18.11", { version: "18" }, "bob", /submit_for_users.*18\.11/],
    ["in the name of one who may not", { version: "18", reviewsForOthers: true }, "eve", /role of that user/],
    ["before 6.1", { version: "4.2.8" }, null, /6\.1 or later.*decide_by = "state"/],
    ["without the feature or the right", { enterprise: false }, null, /review_requests: \{roles.*decide_by = "state"/],
  ] as const)("says what to mend when it is refused: %s", async (_, options, author, mend) => {
    const { fake, teleport, id } = await reviewing(options);
    fake.addUser("bob", { reviews: true });
    fake.addUser("eve");
    expect((await errorOf(teleport.submitReview(id, { ...REVIEW, author }))).mend).toMatch(mend);
  });

  it("keeps the start that was suggested, and the mark of a reason that is cut", async () => {
    const { fake, teleport, id } = await reviewing({ version: "18" });
    await teleport.submitReview(id, {
      ...REVIEW,
      reason: `${"x".repeat(9_000)} [pd:01ABC]`,
      assumeStartMs: 1_767_229_200_000,
    });
    const [call] = fake.calls.filter(({ rpc }) => rpc === "submitAccessReview");
    expect(call?.request).toMatchObject({
      review: { reason: expect.stringMatching(/… \[pd:01ABC\]$/), assumeStartTime: { seconds: 1_767_229_200n } },
    });
  });
});

describe("plugin data of all requests", () => {
  it.each(VERSIONS)("is read at once on %s", async (version) => {
    const { fake, teleport } = await start({ version });
    const ids = [fake.createRequest(), fake.createRequest(), fake.createRequest()].map(idOf);
    const [first = "", second = ""] = ids;
    fake.storePluginData(first, { incident_id: "Q1" });
    fake.storePluginData(second, { incident_id: "Q2" });
    fake.storePluginData(second, { channel: "C1" }, "slack");
    expect(await teleport.allPluginData()).toEqual(
      new Map([
        [first, { incident_id: "Q1" }],
        [second, { incident_id: "Q2" }],
      ]),
    );
  });
});

describe("watch", () => {
  function recorder() {
    const seen: string[] = [];
    const waiting: { count: number; resolve: () => void }[] = [];
    const add = (what: string): void => {
      seen.push(what);
      for (const { count, resolve } of waiting) if (seen.length >= count) resolve();
    };
    const handlers: WatchHandlers = {
      init: () => add("init"),
      put: ({ request }) => add(`${request.state} ${request.id}`),
      deleted: (id) => add(`deleted ${id}`),
    };
    const until = (count: number): Promise<void> =>
      new Promise((resolve) => (seen.length >= count ? resolve() : waiting.push({ count, resolve })));
    return { seen, handlers, until };
  }

  it.each(VERSIONS)("hands over what happens to every request, after INIT, on %s", async (version) => {
    const { fake, teleport } = await start({ version });
    const { seen, handlers, until } = recorder();
    const watching = teleport.watch(handlers, new AbortController().signal);
    await until(1);
    const id = idOf(fake.createRequest());
    await until(2);
    fake.resolve(id, RequestState.APPROVED);
    await until(3);
    fake.delete(id);
    await until(4);
    expect(seen).toEqual(["init", `PENDING ${id}`, `APPROVED ${id}`, `deleted ${id}`]);
    fake.dropWatches(status.OK);
    await watching;
  });

  it.each([
    [status.UNKNOWN, "watcher closed", "unknown"],
    [status.INVALID_ARGUMENT, "buffer overflow", "overloaded"],
    [status.UNAVAILABLE, "Connection dropped", "unavailable"],
  ])("rejects as worth another try when it ends with %i %s", async (code, message, expected) => {
    const { fake, teleport } = await start();
    const { handlers, until } = recorder();
    const watching = errorOf(teleport.watch(handlers, new AbortController().signal));
    await until(1);
    fake.dropWatches(code, message);
    expect(await watching).toMatchObject({ code: expected, retryable: true });
  });

  it("resolves when its signal aborts, and leaves nothing open", async () => {
    const { fake, teleport } = await start();
    const { handlers, until } = recorder();
    const controller = new AbortController();
    const watching = teleport.watch(handlers, controller.signal);
    await until(1);
    controller.abort();
    await watching;
    await teleport.watch(handlers, controller.signal);
    await teleport.ping();
    expect(fake.open.watches).toBe(0);
  });

  it("rejects with what a handler has thrown", async () => {
    const { teleport } = await start();
    const init = (): never => {
      throw new RangeError("mine");
    };
    const handlers: WatchHandlers = { ...recorder().handlers, init };
    await expect(teleport.watch(handlers, new AbortController().signal)).rejects.toThrow(RangeError);
  });

  it("is refused without the right to read", async () => {
    const { fake, teleport } = await start();
    fake.users.setRevoked("access-plugin", true);
    const error = await errorOf(teleport.watch(recorder().handlers, new AbortController().signal));
    expect(error).toMatchObject({ code: "permission_denied" });
    expect(error.mend).toContain('"read" on "access_request"');
  });

  it("ends with every call when the client is closed", async () => {
    const { fake, teleport } = await start();
    const { handlers, until } = recorder();
    const watching = errorOf(teleport.watch(handlers, new AbortController().signal));
    await until(1);
    fake.hang("ping");
    const pinging = errorOf(teleport.ping());
    await fake.waitForCall("ping");
    teleport.close();
    expect((await watching).code).toBe("cancelled");
    expect((await pinging).code).toBe("cancelled");
  });
});

describe("a connection that cannot be had", () => {
  it("says that the authorities are others", async () => {
    const fake = await startFake();
    const other = await startFake();
    const { cas } = await other.issueIdentity();
    const error = await errorOf(clientFor(fake.address, { ...(await fake.issueIdentity()), cas }).ping());
    expect(error).toMatchObject({ code: "untrusted_server", retryable: false });
    expect(error.message).toContain(".cas");
  });

  it.each([
    ["expired", (fake: FakeTeleport) => fake.issueIdentity({ ttlSeconds: -60 })],
    [
      "another cluster's",
      async (fake: FakeTeleport) => ({
        ...(await (await startFake()).issueIdentity()),
        cas: (await fake.issueIdentity()).cas,
      }),
    ],
  ])("says that our certificate is not accepted when it is %s", async (_, issue) => {
    const fake = await startFake();
    const error = await errorOf(clientFor(fake.address, await issue(fake)).ping());
    expect(error).toMatchObject({ code: "unauthenticated_certificate", retryable: false });
    expect(error.message).toContain("tctl auth sign");
  });

  it("says that our certificate has expired when that explains a lost connection", async () => {
    const fake = await startFake();
    const teleport = clientFor(fake.address, await fake.issueIdentity(), Date.now());
    fake.hang("ping");
    const pinging = errorOf(teleport.ping());
    await fake.waitForCall("ping");
    fake.dropConnections();
    expect((await pinging).message).toContain("has expired");
  });

  it("says that a user was deleted", async () => {
    const { fake, teleport } = await start({ version: "7.0" });
    fake.users.delete("access-plugin");
    expect(await errorOf(teleport.ping())).toMatchObject({ code: "permission_denied", retryable: false });
  });

  it("says that nothing listens, and connects once something does", async () => {
    const { fake, teleport } = await start();
    await fake.stop();
    expect(await errorOf(teleport.ping())).toMatchObject({ code: "unavailable", retryable: true });
    await fake.restart();
    await expect.poll(() => teleport.ping().catch(() => undefined), { timeout: 10_000 }).toBeDefined();
  });

  it("says that a name does not resolve", async () => {
    const fake = await startFake();
    const error = await errorOf(clientFor("teleport.invalid:3025", await fake.issueIdentity()).ping());
    expect(error).toMatchObject({ code: "unavailable", retryable: true });
    expect(error.message).toContain("teleport.invalid:3025");
  });

  it("refuses a server of our authority that is no Auth Service", async () => {
    const authority = await Authority.create("teleport.example.com", "ec");
    const issued = await authority.issueIdentity({ user: "plugin", roles: [] });
    // The caller's own certificate has no name of a host in it.
    const server = createTlsServer({ cert: issued.certificate, key: issued.key, ALPNProtocols: ["h2"] });
    server.on("tlsClientError", () => {});
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanups.push(() => void server.close());
    const teleport = clientFor(addressOf(server.address()), { ...issued, cas: authority.userCa });
    const error = await errorOf(teleport.ping());
    expect(error).toMatchObject({ code: "untrusted_server", retryable: false });
    expect(error.message).toContain("teleport.cluster.local");
  });

  it("refuses a server that does not speak TLS", async () => {
    const fake = await startFake();
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanups.push(() => void server.close());
    const error = await errorOf(clientFor(addressOf(server.address()), await fake.issueIdentity()).ping());
    expect(error.code).toBe("untrusted_server");
  });
});

function addressOf(address: AddressInfo | string | null): string {
  if (address === null || typeof address === "string") throw new Error("not listening on a port");
  return `127.0.0.1:${address.port}`;
}
