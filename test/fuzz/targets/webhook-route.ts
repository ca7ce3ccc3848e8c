/** `POST /v1/:cluster/webhook` from the request to the answer: nobody gets in without a signature, and nothing breaks. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import type { ClusterStub } from "../../../edge/cluster-rpc.ts";
import type { Env } from "../../../edge/config.ts";
import { routes } from "../../../edge/routes.ts";
import { MAX_DELIVERY_BYTES } from "../../../shared/protocol.ts";
import { DELIVERIES, fixture, PREVIOUS_SECRET, SECRET } from "../../shared/fixtures.ts";
import { property, type Target } from "../target.ts";
import { mutatedBytes, mutatedText } from "../values/bytes.ts";

const CLUSTER = "teleport.example.com";
const GATED = "gated.example.com";
const GATE_TOKEN = "canary-gate-token";
const ACTION_TOKENS = { approve: "canary-approve-token", deny: "canary-deny-token" };
const STRANGERS_SECRET = "a-secret-of-somebody-else";

const entry = {
  relay_public_keys: ["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"],
  service_id: "PIJ90N7",
  user_email: "teleport-bot@example.com",
};
const secrets = { api_key: "canary-api-key", webhook_secrets: [SECRET, PREVIOUS_SECRET], action_tokens: ACTION_TOKENS };

/** An environment whose objects only count what reaches them. */
function environment(calls: string[]): Env {
  const reached = (what: string) => async (): Promise<void> => void calls.push(what);
  const cluster: ClusterStub = {
    deliver: reached("deliver"),
    act: reached("act"),
    pinged: reached("pinged"),
    poke: reached("poke"),
    useToken: async () => false,
    status: async () => {
      throw new Error("nobody may ask for the status");
    },
    metrics: async () => "",
    check: async () => [],
    fetch: async () => new Response(null, { status: 401 }),
  };
  return {
    CLUSTER: { getByName: () => cluster },
    CLUSTERS: { [CLUSTER]: entry, [GATED]: entry },
    CLUSTER_SECRETS: JSON.stringify({ [CLUSTER]: secrets, [GATED]: { ...secrets, gate_token: GATE_TOKEN } }),
  };
}

const calls: string[] = [];
const ENV = environment(calls);

/** Sends a request; what is logged is of no concern but for its secrets. */
async function send(request: Request): Promise<Response> {
  calls.length = 0;
  const print = console.log;
  console.log = (line: string) => assert.doesNotMatch(line, /canary|[\r\n]/);
  try {
    return await routes.fetch(request, ENV);
  } finally {
    console.log = print;
  }
}

const DELIVERED = DELIVERIES.map(fixture);

interface Delivered {
  readonly cluster: string;
  readonly raw: Uint8Array;
  readonly secret: string;
  readonly prefix: string;
  readonly gate: string | null;
}

const delivered: fc.Arbitrary<Delivered> = fc.record({
  cluster: fc.constantFrom(CLUSTER, GATED, "other.example.com"),
  raw: fc.oneof(
    { weight: 20, arbitrary: mutatedBytes(DELIVERED) },
    { weight: 1, arbitrary: fc.constant(new Uint8Array(MAX_DELIVERY_BYTES + 1)) },
  ),
  secret: fc.constantFrom(SECRET, PREVIOUS_SECRET, STRANGERS_SECRET),
  prefix: fc.constantFrom("v1=", "v1=", "v1=", "v2=", "v1=00,v1=", ""),
  gate: fc.constantFrom(null, GATE_TOKEN, GATE_TOKEN, "canary-gate-tokem", ""),
});

/** The statuses that there may be, of which the first is for the authentic. */
function expectedStatus({ cluster, raw, secret, prefix, gate }: Delivered): number {
  if (cluster !== CLUSTER && cluster !== GATED) return 401;
  if (cluster === GATED && gate !== GATE_TOKEN) return 401;
  if (raw.length > MAX_DELIVERY_BYTES) return 413;
  if (!prefix.endsWith("v1=")) return 401;
  if (secret !== STRANGERS_SECRET) return 202;
  return cluster === GATED ? 503 : 401;
}

const path = mutatedText(
  [
    `/v1/${CLUSTER}/webhook`,
    `/v1/${CLUSTER}/actions/approve`,
    `/v1/${CLUSTER}/relay`,
    `/v1/${CLUSTER}/status`,
    "/healthz",
    "/",
  ],
  2,
);
const header = fc.constantFrom(
  "X-PagerDuty-Signature",
  "X-Gate-Token",
  "X-Action-Token",
  "Authorization",
  "Upgrade",
  "Content-Length",
  "Content-Type",
);
const headerValue = fc
  .oneof(mutatedText(["v1=00", "Bearer x", "websocket", "999999999"], 2), fc.constant("x".repeat(9000)))
  .map((text) => text.replace(/[^\x20-\x7e]/g, "").trim());

export const webhookRoute: Target = {
  name: "webhook-route",
  about: "the edge's routes, from the request to the answer",
  properties: () => [
    property(
      "a delivery is answered as its gate, size and signature say, and only an authentic one goes further",
      delivered,
      async (each) => {
        const mac = createHmac("sha256", each.secret).update(each.raw).digest("hex");
        const headers = new Headers({ "X-PagerDuty-Signature": `${each.prefix}${mac}` });
        if (each.gate !== null) headers.set("X-Gate-Token", each.gate);
        const url = `https://edge.example.com/v1/${each.cluster}/webhook`;
        const answer = await send(new Request(url, { method: "POST", headers, body: Buffer.from(each.raw) }));
        assert.equal(answer.status, expectedStatus(each));
        if (answer.status !== 202) assert.deepEqual(calls, []);
        assert(calls.length <= 1 && calls.every((call) => call === "deliver" || call === "pinged"));
      },
      { cost: 4 },
    ),
    property(
      "whatever is asked, is refused in the words for strangers, and reaches no object",
      fc.record({
        path,
        method: fc.constantFrom("GET", "POST", "PUT", "HEAD", "DELETE"),
        headers: fc.array(fc.tuple(header, headerValue), { maxLength: 4 }),
      }),
      async ({ path, method, headers }) => {
        const url = URL.parse(path, "https://edge.example.com");
        if (url === null || url.origin !== "https://edge.example.com") return;
        const answer = await send(new Request(url, { method, headers, ...(method === "POST" ? { body: "{}" } : {}) }));
        // What is there for everybody: whether it is well, and the door of the page.
        const isPublic = /^\/(?:healthz|clusters\/[^/]+)?$/.test(url.pathname);
        assert(answer.status < 500, `it answered ${answer.status}`);
        if (answer.ok) assert(isPublic, "a stranger was let in");
        assert.deepEqual(calls, []);
        assert.equal(answer.headers.get("X-Content-Type-Options"), "nosniff");
      },
      { cost: 4 },
    ),
  ],
};
