import { afterEach, describe, expect, it, vi } from "vitest";
import approveNote from "../fixtures/v3-incident.annotated.approve.json?raw";
import resolved from "../fixtures/v3-incident.resolved.json?raw";
import triggered from "../fixtures/v3-incident.triggered.json?raw";
import ping from "../fixtures/v3-pagey.ping.json?raw";
import { quietStatus } from "./samples.ts";
import {
  ACTION_TOKENS,
  ADMIN_TOKEN,
  CLUSTER,
  delivery,
  GATE_TOKEN,
  OLD_SECRET,
  ORIGIN,
  OTHER_CLUSTER,
  SECRET,
  setUp,
  signatureOf,
  WEBHOOK,
} from "./setting.ts";

const KIBIBYTE = 1024;
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** An annotated event whose note is the given text. */
const noteSaying = (content: string): string => {
  const value: { event: { data: { content: string } } } = JSON.parse(approveNote);
  value.event.data.content = content;
  return JSON.stringify(value);
};
const COMMAND = noteSaying("/approve go ahead");

afterEach(() => vi.restoreAllMocks());

describe("POST /v1/:cluster/webhook", () => {
  it("answers 202 and hands the exact bytes and signature of an authentic command to the cluster's object, once", async () => {
    const { send, calls } = setUp();
    const answer = await send(WEBHOOK, delivery(COMMAND));
    expect(answer.status).toBe(202);
    const argument = { raw: bytesOf(COMMAND), signature: signatureOf(COMMAND) };
    expect(calls).toEqual([{ cluster: CLUSTER, method: "deliver", argument }]);
  });

  it.each([
    ["no signature at all", null],
    ["an empty signature", ""],
    ["a signature by another secret", signatureOf(COMMAND, "some-other-secret-of-ours")],
    ["another cluster's secret", signatureOf(COMMAND, OLD_SECRET)],
    ["a signature of another version", signatureOf(COMMAND).replace("v1=", "v2=")],
    ["upper-case digits", signatureOf(COMMAND).toUpperCase().replace("V1=", "v1=")],
    ["an odd number of digits", signatureOf(COMMAND).slice(0, -1)],
    ["digits that are none", signatureOf(COMMAND).replace(/.$/, "g")],
    ["a signature in a header that is too long", `${"v1=00,".repeat(400)}${signatureOf(COMMAND)}`],
  ])("answers 401 without effect to %s", async (_, signature) => {
    const { send, calls } = setUp();
    const headers: Record<string, string> = signature === null ? {} : { "X-PagerDuty-Signature": signature };
    const answer = await send(WEBHOOK, { method: "POST", body: COMMAND, headers });
    expect(answer.status).toBe(401);
    expect(calls).toEqual([]);
  });

  it.each(["v1=00,", `v1=${"0".repeat(64)}, `, `v1=${"0".repeat(64)} ,\t`])(
    "accepts the second of two signatures after %j",
    async (first) => {
      const { send, calls } = setUp();
      const signature = first + signatureOf(COMMAND);
      const answer = await send(WEBHOOK, delivery(COMMAND, { "X-PagerDuty-Signature": signature }));
      expect(answer.status).toBe(202);
      expect(calls).toHaveLength(1);
    },
  );

  it("accepts both secrets during a rotation, and the retired one no longer afterwards", async () => {
    const both = setUp({ secrets: { webhook_secrets: [SECRET, OLD_SECRET] } });
    const old = delivery(COMMAND, { "X-PagerDuty-Signature": signatureOf(COMMAND, OLD_SECRET) });
    expect((await both.send(WEBHOOK, old)).status).toBe(202);
    expect((await both.send(WEBHOOK, delivery(COMMAND))).status).toBe(202);
    expect((await setUp().send(WEBHOOK, old)).status).toBe(401);
  });

  it("answers 401 when any one byte of the body is another", async () => {
    const { send, calls } = setUp();
    vi.spyOn(console, "log").mockReturnValue();
    const raw = bytesOf(approveNote);
    const headers = { "X-PagerDuty-Signature": signatureOf(raw) };
    for (let index = 0; index < raw.length; index++) {
      const body = raw.slice();
      body[index] = (body[index] ?? 0) ^ 1;
      expect((await send(WEBHOOK, { method: "POST", body, headers })).status).toBe(401);
    }
    expect(calls).toEqual([]);
  });

  it("answers 401 to the same JSON written differently", async () => {
    const { send } = setUp();
    const body = JSON.stringify(JSON.parse(approveNote), null, 1);
    const answer = await send(WEBHOOK, delivery(body, { "X-PagerDuty-Signature": signatureOf(approveNote) }));
    expect(answer.status).toBe(401);
  });

  it.each([
    ["an event type that nothing depends on", triggered],
    ["a note that is no command", noteSaying("looking into it")],
    ["what is no event", "{}"],
    ["what is no JSON", "nothing of the kind"],
    ["an empty body", ""],
    ["a body nested 100,000 deep", "[".repeat(100_000) + "]".repeat(100_000)],
    ["a body that is not UTF-8 text of an event", "\ufeff{}"],
  ])("answers 202 to %s and leaves the object alone", async (_, body) => {
    const { send, calls } = setUp();
    expect((await send(WEBHOOK, delivery(body))).status).toBe(202);
    expect(calls).toEqual([]);
  });

  it.each([
    ["a command", COMMAND],
    ["a near miss", noteSaying("approved")],
    ["a resolve", resolved],
  ])("hands %s to the object", async (_, body) => {
    const { send, calls } = setUp();
    expect((await send(WEBHOOK, delivery(body))).status).toBe(202);
    expect(calls).toHaveLength(1);
  });

  it.each([
    [{}, null],
    [{ "X-Webhook-Subscription": "PSUB001" }, "PSUB001"],
  ])("tells the object of a test event, and of which subscription it is: %j", async (headers, subscriptionId) => {
    const { send, calls } = setUp();
    expect((await send(WEBHOOK, delivery(ping, headers))).status).toBe(202);
    expect(calls).toEqual([{ cluster: CLUSTER, method: "pinged", argument: { subscriptionId } }]);
  });

  it("tells the object of no test event that is not authentic", async () => {
    const { send, calls } = setUp();
    const forged = delivery(ping, { "X-PagerDuty-Signature": signatureOf(COMMAND) });
    expect([(await send(WEBHOOK, forged)).status, calls]).toEqual([401, []]);
  });

  it("is not polluted by __proto__ keys", async () => {
    const { send } = setUp();
    const body = '{"__proto__":{"polluted":1},"event":{"__proto__":{"polluted":1}}}';
    expect((await send(WEBHOOK, delivery(body))).status).toBe(202);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });

  it("does not judge the content type", async () => {
    const { send, calls } = setUp();
    await send(WEBHOOK, delivery(COMMAND, { "Content-Type": "text/plain" }));
    expect(calls).toHaveLength(1);
  });

  it("takes 256 KiB and answers 413 to one byte more", async () => {
    const { send } = setUp();
    const largest = "x".repeat(256 * KIBIBYTE);
    expect((await send(WEBHOOK, delivery(largest))).status).toBe(202);
    expect((await send(WEBHOOK, delivery(`${largest}x`))).status).toBe(413);
  });

  it("answers 413 to a body without end, after a bounded part of it", async () => {
    const { send } = setUp();
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 64 * KIBIBYTE;
        controller.enqueue(new Uint8Array(64 * KIBIBYTE));
      },
    });
    const answer = await send(WEBHOOK, { method: "POST", body });
    expect(answer.status).toBe(413);
    expect(sent).toBeLessThan(18 * KIBIBYTE * KIBIBYTE);
  });

  it("answers 503 when the object cannot keep the delivery, so that PagerDuty brings it again", async () => {
    const { send } = setUp({ fault: new Error("canary-storage-detail") });
    const answer = await send(WEBHOOK, delivery(COMMAND));
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({ error: { code: "unavailable", message: expect.any(String) } });
  });
});

describe("a gate token", () => {
  const gated = { secrets: { gate_token: GATE_TOKEN } };
  const unknown = { "X-PagerDuty-Signature": signatureOf(COMMAND, "a-secret-that-is-on-its-way") };

  it.each([
    ["missing", {}],
    ["wrong", { "X-Gate-Token": `${GATE_TOKEN}x` }],
    ["empty", { "X-Gate-Token": "" }],
  ])("that is %s is answered 401 before a byte of the body is read", async (_, headers) => {
    const { send, calls } = setUp(gated);
    let pulls = 0;
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
      pulls += 1;
      controller.enqueue(new Uint8Array(1));
    };
    const body = new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 });
    const answer = await send(WEBHOOK, { method: "POST", body, headers });
    expect(answer.status).toBe(401);
    expect([calls, pulls]).toEqual([[], 0]);
  });

  it("that is right does not replace the signature", async () => {
    const { send, calls } = setUp(gated);
    const answer = await send(WEBHOOK, { method: "POST", body: COMMAND, headers: { "X-Gate-Token": GATE_TOKEN } });
    expect([answer.status, calls]).toEqual([401, []]);
  });

  it("that is right turns a signature by an unknown secret into 503, for the secret may be on its way", async () => {
    const { send, calls } = setUp(gated);
    const answer = await send(WEBHOOK, delivery(COMMAND, { "X-Gate-Token": GATE_TOKEN, ...unknown }));
    expect([answer.status, calls]).toEqual([503, []]);
  });

  it("alone lets a delivery pass when only the relay can verify", async () => {
    const { send, calls } = setUp({ secrets: { gate_token: GATE_TOKEN, webhook_secrets: undefined } });
    const answer = await send(WEBHOOK, delivery(COMMAND, { "X-Gate-Token": GATE_TOKEN, ...unknown }));
    expect([answer.status, calls.length]).toEqual([202, 1]);
  });
});

describe("POST /v1/:cluster/actions/…", () => {
  const pressed = JSON.stringify({
    messages: [
      { event: "incident.custom", incident: { id: "PINC1" }, log_entries: [{ id: "RLOG1", type: "custom_log_entry" }] },
    ],
  });
  const press = (action: string, token: string | null, body = pressed): [string, RequestInit] => [
    `/v1/${CLUSTER}/actions/${action}`,
    { method: "POST", body, headers: token === null ? {} : { "X-Action-Token": token } },
  ];
  const withActions = { secrets: { action_tokens: ACTION_TOKENS } };

  it.each(["approve", "deny"] as const)("hands %s with its token to the object", async (action) => {
    const { send, calls } = setUp(withActions);
    expect((await send(...press(action, ACTION_TOKENS[action]))).status).toBe(202);
    const argument = { action, raw: bytesOf(pressed), token: ACTION_TOKENS[action] };
    expect(calls).toEqual([{ cluster: CLUSTER, method: "act", argument }]);
  });

  it.each([
    ["no token", "approve", null],
    ["an empty token", "approve", ""],
    ["the other action's token", "approve", ACTION_TOKENS.deny],
    ["the other action's token", "deny", ACTION_TOKENS.approve],
  ])("answers 401 to %s for %s", async (_, action, token) => {
    const { send, calls } = setUp(withActions);
    expect((await send(...press(action, token))).status).toBe(401);
    expect(calls).toEqual([]);
  });

  it("answers 401 to every token where the channel is off", async () => {
    const { send } = setUp();
    for (const token of ["", "undefined", "null", "nobody has this secret", ACTION_TOKENS.approve]) {
      expect((await send(...press("approve", token))).status).toBe(401);
    }
  });

  it.each(["", "{}", '{"messages":[]}', '{"messages":[{"event":"incident.acknowledge"}]}'])(
    "answers 202 to %j, which points nowhere, and leaves the object alone",
    async (body) => {
      const { send, calls } = setUp(withActions);
      expect((await send(...press("approve", ACTION_TOKENS.approve, body))).status).toBe(202);
      expect(calls).toEqual([]);
    },
  );

  it("answers 413 to a body over 256 KiB", async () => {
    const { send } = setUp(withActions);
    const body = "x".repeat(256 * KIBIBYTE + 1);
    expect((await send(...press("approve", ACTION_TOKENS.approve, body))).status).toBe(413);
  });
});

describe("GET /v1/:cluster/status", () => {
  const ask = (token: string): RequestInit => ({ headers: { Authorization: `Bearer ${token}` } });

  it("tells the holder of the cluster's admin token", async () => {
    const { send, calls } = setUp();
    const answer = await send(`/v1/${CLUSTER}/status`, ask(ADMIN_TOKEN));
    expect([answer.status, await answer.json()]).toEqual([200, quietStatus()]);
    expect(calls).toEqual([{ cluster: CLUSTER, method: "status" }]);
  });

  it.each([
    ["another cluster's admin token", CLUSTER, "the-other-admin-token"],
    ["this admin token at another cluster", OTHER_CLUSTER, ADMIN_TOKEN],
    ["an empty token", CLUSTER, ""],
  ])("answers 401 to %s", async (_, cluster, token) => {
    const { send, calls } = setUp();
    expect((await send(`/v1/${cluster}/status`, ask(token))).status).toBe(401);
    expect(calls).toEqual([]);
  });
});

describe("GET /v1/:cluster/metrics", () => {
  const ask = (token: string): RequestInit => ({ headers: { Authorization: `Bearer ${token}` } });

  it("tells the holder of the cluster's admin token, as Prometheus reads it", async () => {
    const { send, calls } = setUp();
    const answer = await send(`/v1/${CLUSTER}/metrics`, ask(ADMIN_TOKEN));
    expect([answer.status, await answer.text()]).toEqual([200, `metrics_of{cluster="${CLUSTER}"} 1\n`]);
    expect(answer.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(calls).toEqual([{ cluster: CLUSTER, method: "metrics" }]);
  });

  it.each([
    ["another cluster's admin token", CLUSTER, "the-other-admin-token"],
    ["this admin token at another cluster", OTHER_CLUSTER, ADMIN_TOKEN],
    ["an empty token", CLUSTER, ""],
  ])("answers 401 to %s", async (_, cluster, token) => {
    const { send, calls } = setUp();
    expect((await send(`/v1/${cluster}/metrics`, ask(token))).status).toBe(401);
    expect(calls).toEqual([]);
  });
});

describe("POST /v1/:cluster/check", () => {
  const ask = (token: string): RequestInit => ({ method: "POST", headers: { Authorization: `Bearer ${token}` } });

  it.each([
    ["where it is asked", {}, ORIGIN],
    ["its public origin", { PUBLIC_URL: "https://public.example.com" }, "https://public.example.com"],
  ])("has the object check PagerDuty against %s", async (_, vars, origin) => {
    const { send, calls } = setUp({ vars });
    const answer = await send(`/v1/${CLUSTER}/check`, ask(ADMIN_TOKEN));
    expect([answer.status, await answer.json()]).toEqual([200, { checks: [] }]);
    const argument = { webhookUrl: `${origin}${WEBHOOK}` };
    expect(calls).toEqual([{ cluster: CLUSTER, method: "check", argument }]);
  });

  it.each([
    ["another cluster's admin token", CLUSTER, "the-other-admin-token"],
    ["this admin token at another cluster", OTHER_CLUSTER, ADMIN_TOKEN],
    ["an empty token", CLUSTER, ""],
  ])("answers 401 to %s", async (_, cluster, token) => {
    const { send, calls } = setUp();
    expect((await send(`/v1/${cluster}/check`, ask(token))).status).toBe(401);
    expect(calls).toEqual([]);
  });
});

describe("the order of answers", () => {
  const gated = { secrets: { gate_token: GATE_TOKEN } };
  const large = "x".repeat(256 * KIBIBYTE + 1);

  it.each([
    ["an unknown path, whatever the method and cluster", "/v1/nobody.example.com/nothing", "PUT", 404],
    ["a path with a slash too many", `${WEBHOOK}/`, "POST", 404],
    ["a path with a slash too many within", `/v1/${CLUSTER}//webhook`, "POST", 404],
    ["a path without a cluster", "/v1//webhook", "POST", 404],
    ["a path that only means the same", `/v1/${CLUSTER}/%77ebhook`, "POST", 404],
    ["a cluster whose name is encoded", WEBHOOK.replace(".", "%2E"), "GET", 405],
    ["a cluster whose name is encoded twice", WEBHOOK.replace(".", "%252E"), "GET", 401],
    ["a cluster whose name cannot be decoded", "/v1/%ff/webhook", "POST", 401],
    ["an unknown cluster before the method", "/v1/nobody.example.com/webhook", "GET", 401],
    ["a page that is not built", "/clusters", "GET", 404],
    ["the name of a property that every object has", "/v1/__proto__/webhook", "POST", 401],
    ["the method before the gate", WEBHOOK, "PUT", 405],
    ["the gate before the size", WEBHOOK, "POST", 401],
  ])("%s", async (_, path, method, status) => {
    const { send } = setUp(gated);
    const body = method === "GET" ? null : large;
    expect((await send(path, { method, body })).status).toBe(status);
  });

  it("puts a faulty configuration before the method", async () => {
    const { send } = setUp({ secrets: { webhook_secrets: ["short"] } });
    expect((await send(WEBHOOK, { method: "GET" })).status).toBe(503);
  });

  it("puts the size before the signature", async () => {
    const { send } = setUp(gated);
    const headers = { "X-Gate-Token": GATE_TOKEN, "X-PagerDuty-Signature": "v1=00" };
    expect((await send(WEBHOOK, { method: "POST", body: large, headers })).status).toBe(413);
  });

  it("tells an unknown cluster from a wrong token by nothing", async () => {
    const { send } = setUp();
    const [unknown, wrong] = await Promise.all(
      ["nobody.example.com", CLUSTER].map(async (cluster) => {
        const answer = await send(`/v1/${cluster}/webhook`, { method: "POST", body: COMMAND });
        const headers = [...answer.headers].filter(([name]) => name !== "date");
        return [answer.status, headers, await answer.text()];
      }),
    );
    expect(unknown).toEqual(wrong);
  });

  it.each([
    ["/healthz", "GET"],
    [WEBHOOK, "POST"],
    [`/v1/${CLUSTER}/actions/approve`, "POST"],
    [`/v1/${CLUSTER}/actions/deny`, "POST"],
    [`/v1/${CLUSTER}/relay`, "GET"],
    [`/v1/${CLUSTER}/status`, "GET"],
    [`/v1/${CLUSTER}/metrics`, "GET"],
    [`/v1/${CLUSTER}/check`, "POST"],
  ])("%s names %s for every other method", async (path, allowed) => {
    const { send } = setUp();
    for (const method of ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]) {
      if (method === allowed) continue;
      const answer = await send(path, { method });
      expect([method, answer.status, answer.headers.get("Allow")]).toEqual([method, 405, allowed]);
    }
  });
});

describe("every answer", () => {
  it.each(["/healthz", "/nothing", WEBHOOK, "/v1/nobody.example.com/webhook", `/v1/${CLUSTER}/relay`])(
    "carries the security headers and a date: %s",
    async (path) => {
      const { headers } = await setUp().send(path);
      expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
      expect(headers.get("Cache-Control")).toBe("no-store");
      expect(headers.get("Content-Security-Policy")).toContain("default-src 'none'");
      expect(Date.parse(headers.get("Date") ?? "")).not.toBeNaN();
    },
  );

  it("carries them too when a delivery is accepted", async () => {
    const { status, headers } = await setUp().send(WEBHOOK, delivery(COMMAND));
    expect([status, headers.get("X-Content-Type-Options"), headers.get("Cache-Control")]).toEqual([
      202,
      "nosniff",
      "no-store",
    ]);
    expect(headers.get("Content-Security-Policy")).toContain("default-src 'none'");
    expect(Date.parse(headers.get("Date") ?? "")).not.toBeNaN();
  });

  it("to a refused request is an error with a code and a message", async () => {
    const answer = await setUp().send("/nothing");
    expect(await answer.json()).toEqual({ error: { code: "not_found", message: expect.any(String) } });
  });
});

describe("a faulty configuration", () => {
  it("answers 503 on every route of its cluster, and leaves other clusters alone", async () => {
    const { send } = setUp({ secrets: { webhook_secrets: [""] } });
    for (const path of [WEBHOOK, `/v1/${CLUSTER}/relay`, `/v1/${CLUSTER}/status`]) {
      expect((await send(path)).status).toBe(503);
    }
    expect((await send(`/v1/${OTHER_CLUSTER}/webhook`)).status).toBe(405);
  });

  it("is named in the log once, not with every request", async () => {
    const lines = vi.spyOn(console, "log").mockReturnValue();
    const { send } = setUp({ secrets: { webhook_secrets: ["short"] } });
    await send(WEBHOOK, { method: "POST" });
    await send(WEBHOOK, { method: "POST" });
    const faults = lines.mock.calls.map(String).filter((line) => line.includes("webhook_secrets[0]"));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain("must have 16 characters or more");
  });

  it("of all of CLUSTERS answers 503 for every name", async () => {
    const { send } = setUp({ vars: { CLUSTERS: "{" } });
    expect((await send("/v1/nobody.example.com/webhook", { method: "POST" })).status).toBe(503);
  });
});

describe("strangers", () => {
  it("are answered 429 beyond the limit, where one is bound", async () => {
    const { send, calls } = setUp({ vars: { STRANGERS: { limit: async () => ({ success: false }) } } });
    expect((await send(WEBHOOK, { method: "POST", body: COMMAND })).status).toBe(429);
    expect((await send(WEBHOOK, delivery(COMMAND))).status).toBe(202);
    expect(calls).toHaveLength(1);
  });
});

describe("the log", () => {
  it("never holds a secret, whatever is refused", async () => {
    const lines = vi.spyOn(console, "log").mockReturnValue();
    const { send } = setUp({
      secrets: { gate_token: GATE_TOKEN, action_tokens: ACTION_TOKENS },
      fault: new Error("storage is gone"),
    });
    const headers = {
      "X-Gate-Token": GATE_TOKEN,
      "X-Action-Token": ACTION_TOKENS.approve,
      Authorization: `Bearer ${ADMIN_TOKEN}`,
    };
    for (const path of [WEBHOOK, `/v1/${CLUSTER}/actions/approve`, `/v1/${CLUSTER}/actions/deny`]) {
      await send(path, { method: "POST", body: COMMAND, headers });
      await send(path, delivery(COMMAND, headers));
    }
    await send(`/v1/${CLUSTER}/relay`, { headers });
    await send(`/v1/${CLUSTER}/status`, { headers });
    expect(lines).toHaveBeenCalled();
    const text = lines.mock.calls.flat().join("\n");
    expect(text).not.toContain("canary");
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain(signatureOf(COMMAND));
  });
});
