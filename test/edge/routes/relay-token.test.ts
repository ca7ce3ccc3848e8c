import { SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { RELAY_HEADERS } from "../../../edge/cluster-rpc.ts";
import { verifyRelayToken } from "../../../edge/routes/relay-token.ts";
import { toBase64Url } from "../../../shared/bytes.ts";
import { CLUSTER, entryFor, ORIGIN, OTHER_CLUSTER, PUBLIC_KEY, setUp } from "../setting.ts";

const NOW_MS = 1_800_000_000_000;
const NOW = NOW_MS / 1000;
const AUDIENCE = `${ORIGIN}/v1/${CLUSTER}`;
const RIGHT = { iss: "relay", sub: CLUSTER, aud: AUDIENCE, iat: NOW, exp: NOW + 60, jti: "0123456789abcdef" };

interface Relay {
  readonly publicKey: string;
  readonly privateKey: CryptoKey;
}

async function newRelay(): Promise<Relay> {
  const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new TypeError("Ed25519 keys come in pairs");
  const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
  if (!("x" in jwk) || typeof jwk.x !== "string") throw new TypeError("an Ed25519 public key has an x");
  return { publicKey: jwk.x, privateKey: pair.privateKey };
}

const signed = (claims: object, { privateKey }: Relay, alg = "EdDSA"): Promise<string> =>
  new SignJWT({ ...claims }).setProtectedHeader({ alg }).sign(privateKey);

let relay: Relay;
let stranger: Relay;
beforeAll(async () => {
  [relay, stranger] = await Promise.all([newRelay(), newRelay()]);
});

const verify = (token: string, publicKeys = [relay.publicKey]) =>
  verifyRelayToken(token, { cluster: CLUSTER, audience: AUDIENCE, publicKeys, nowMs: NOW_MS });

describe("verifyRelayToken", () => {
  it("tells the key's thumbprint, the jti and until when it counts", async () => {
    expect(await verify(await signed(RIGHT, relay))).toEqual({
      key: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      jti: RIGHT.jti,
      jtiExpiresMs: (RIGHT.exp + 5) * 1000,
    });
  });

  it("tries every key of the cluster, and tells relays apart", async () => {
    const keys = [stranger.publicKey, relay.publicKey];
    const one = await verify(await signed(RIGHT, relay), keys);
    const other = await verify(await signed(RIGHT, stranger), keys);
    expect(one?.key).not.toBe(other?.key);
  });

  it("computes the thumbprint as RFC 8037, appendix A.3, does", async () => {
    // The RFC's own private key.
    const jwk = { kty: "OKP", crv: "Ed25519", d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", x: PUBLIC_KEY };
    const privateKey = await crypto.subtle.importKey("jwk", jwk, { name: "Ed25519" }, false, ["sign"]);
    const identity = await verify(await signed(RIGHT, { publicKey: PUBLIC_KEY, privateKey }), [PUBLIC_KEY]);
    expect(identity?.key).toBe("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  });

  it.each([
    ["lasts longer than a minute", { exp: NOW + 61 }],
    ["ends before it begins", { iat: NOW + 4, exp: NOW + 4 }],
    ["has ended", { iat: NOW - 60, exp: NOW }],
    ["is dated ahead", { iat: NOW + 6, exp: NOW + 60 }],
    ["has no iat", { iat: undefined }],
    ["has no exp", { exp: undefined }],
    ["has no jti", { jti: undefined }],
    ["has an empty jti", { jti: "" }],
    ["has a jti that is too long", { jti: "x".repeat(129) }],
    ["has a jti that is no text", { jti: 12345678 }],
    ["is for another cluster", { sub: OTHER_CLUSTER }],
    ["is for another origin", { aud: `https://elsewhere.example.com/v1/${CLUSTER}` }],
    ["is for another cluster's address", { aud: `${ORIGIN}/v1/${OTHER_CLUSTER}` }],
    ["is for several addresses", { aud: [AUDIENCE, "https://elsewhere.example.com"] }],
    ["comes from another issuer", { iss: "edge" }],
    ["has fractions of seconds", { iat: NOW + 0.5 }],
  ])("refuses a token that %s", async (_, change) => {
    expect(await verify(await signed({ ...RIGHT, ...change }, relay))).toBeUndefined();
  });

  it("bears a clock that is a few seconds off either way, as long as the token lasts", async () => {
    expect(await verify(await signed({ ...RIGHT, iat: NOW + 4 }, relay))).toBeDefined();
    expect(await verify(await signed({ ...RIGHT, iat: NOW - 59, exp: NOW + 1 }, relay))).toBeDefined();
  });

  it("refuses a token by a key that is not the cluster's", async () => {
    expect(await verify(await signed(RIGHT, stranger))).toBeUndefined();
  });

  it("refuses other algorithms, none among them", async () => {
    const encode = (value: unknown): string =>
      btoa(JSON.stringify(value)).replaceAll("=", "").replaceAll("+", "-").replaceAll("/", "_");
    const key = new TextEncoder().encode(relay.publicKey);
    const symmetric = await new SignJWT(RIGHT).setProtectedHeader({ alg: "HS256" }).sign(key);
    const [, payload, signature] = (await signed(RIGHT, relay)).split(".");
    const tokens = [
      symmetric,
      `${encode({ alg: "none" })}.${payload}.`,
      `${encode({ alg: "none" })}.${payload}.${signature}`,
      `${encode({ alg: "EdDSA", crit: ["x"], x: 1 })}.${payload}.${signature}`,
    ];
    for (const token of tokens) expect(await verify(token)).toBeUndefined();
  });

  it("refuses a token that is not written as JWS says", async () => {
    const good = await signed(RIGHT, relay);
    const [header = "", payload = "", signature = ""] = good.split(".");
    const tokens = [
      `${header}.${payload}.${signature}==`,
      `${header}=.${payload}.${signature}`,
      ` ${good}`,
      `${good}\n`,
      `${header}.${payload}. ${signature}`,
      `${header}.${payload}.${signature}.`,
      `${header}.${payload}.`,
    ];
    for (const token of tokens) expect([token, await verify(token)]).toEqual([token, undefined]);
    expect(await verify(good)).toBeDefined();
  });

  it.each([
    ["a byte order mark in its header", '\ufeff{"alg":"EdDSA"}', JSON.stringify(RIGHT)],
    ["a byte order mark in its claims", '{"alg":"EdDSA"}', `\ufeff${JSON.stringify(RIGHT)}`],
    ["an extension that nobody understands", '{"alg":"EdDSA","crit":["b64"],"b64":true}', JSON.stringify(RIGHT)],
    ["a type that is no token", '{"alg":"EdDSA","typ":"secevent+jwt"}', JSON.stringify(RIGHT)],
    ["a header that is a list", '["EdDSA"]', JSON.stringify(RIGHT)],
    ["claims that are no object", '{"alg":"EdDSA"}', "null"],
  ])("refuses a token that the relay has signed with %s", async (_, header, claims) => {
    const encode = (text: string): string => toBase64Url(new TextEncoder().encode(text));
    const text = `${encode(header)}.${encode(claims)}`;
    const signature = await crypto.subtle.sign("Ed25519", relay.privateKey, new TextEncoder().encode(text));
    expect(await verify(`${text}.${toBase64Url(new Uint8Array(signature))}`)).toBeUndefined();
  });

  it("refuses every token under a key that is none", async () => {
    expect(await verify(await signed(RIGHT, relay), ["A".repeat(43), "not a key"])).toBeUndefined();
  });

  it.each(["", ".", "..", "a.b.c", "....", "{}", "\u0000"])("refuses %j", async (token) => {
    expect(await verify(token)).toBeUndefined();
  });
});

describe("GET /v1/:cluster/relay", () => {
  const path = `/v1/${CLUSTER}/relay`;
  const fresh = () => {
    const iat = Math.floor(Date.now() / 1000);
    return { ...RIGHT, iat, exp: iat + 30 };
  };
  const upgrade = { Upgrade: "websocket", Connection: "Upgrade" };
  const withRelay = (answer?: () => Response) => setUp({ entry: entryFor(relay.publicKey), ...(answer && { answer }) });

  it("answers 426 to an authentic request that does not upgrade", async () => {
    const { send, calls } = withRelay();
    const answer = await send(path, { headers: { Authorization: `Bearer ${await signed(fresh(), relay)}` } });
    expect([answer.status, answer.headers.get("Upgrade"), calls]).toEqual([426, "websocket", []]);
  });

  it.each(["", "Bearer", "Bearer  ", "Basic Ym90Og==", "Bearer not.a.token"])(
    "answers 401 to %j, upgrading or not",
    async (authorization) => {
      const { send, calls } = withRelay();
      for (const headers of [{}, upgrade]) {
        const answer = await send(path, { headers: { ...headers, Authorization: authorization } });
        expect([answer.status, calls]).toEqual([401, []]);
      }
    },
  );

  it("hands the upgrade to the object, under headers that nobody else can set, and without the token", async () => {
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    const { send, calls } = withRelay(() => new Response(null, { status: 101, webSocket: client }));
    const forged = Object.fromEntries(Object.values(RELAY_HEADERS).map((name) => [name, "forged"]));
    const claims = fresh();
    const headers = { ...upgrade, ...forged, Authorization: `Bearer ${await signed(claims, relay)}` };
    const answer = await send(path, { headers });
    expect([answer.status, answer.webSocket]).toEqual([101, client]);
    const [call] = calls;
    const passed = call?.argument instanceof Request ? call.argument.headers : new Headers();
    expect(passed.get(RELAY_HEADERS.jti)).toBe(claims.jti);
    expect(passed.get(RELAY_HEADERS.jtiExpires)).toBe(String((claims.exp + 5) * 1000));
    expect(passed.get(RELAY_HEADERS.key)).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(passed.get("Upgrade")).toBe("websocket");
    expect(passed.has("Authorization")).toBe(false);
  });

  it.each([
    [401, 401],
    [500, 503],
  ])("turns the object's %i into %i", async (given, status) => {
    const { send } = withRelay(() => new Response("canary", { status: given }));
    const headers = { ...upgrade, Authorization: `Bearer ${await signed(fresh(), relay)}` };
    const answer = await send(path, { headers });
    expect(answer.status).toBe(status);
    expect(await answer.text()).not.toContain("canary");
  });

  it("goes by PUBLIC_URL where there is one", async () => {
    const publicUrl = "https://public.example.com";
    const { send } = setUp({ entry: entryFor(relay.publicKey), vars: { PUBLIC_URL: publicUrl } });
    const bearer = async (aud: string) => ({ Authorization: `Bearer ${await signed({ ...fresh(), aud }, relay)}` });
    expect((await send(path, { headers: await bearer(AUDIENCE) })).status).toBe(401);
    expect((await send(path, { headers: await bearer(`${publicUrl}/v1/${CLUSTER}`) })).status).toBe(426);
  });

  it.each([
    ["status", "GET"],
    ["check", "POST"],
  ])("lets a relay ask for %s too, once with each token", async (route, method) => {
    const { send } = withRelay();
    const headers = { Authorization: `Bearer ${await signed(fresh(), relay)}` };
    expect((await send(`/v1/${OTHER_CLUSTER}/${route}`, { method, headers })).status).toBe(401);
    expect((await send(`/v1/${CLUSTER}/${route}`, { method, headers })).status).toBe(200);
    expect((await send(`/v1/${CLUSTER}/${route}`, { method, headers })).status).toBe(401);
  });

  it("tells a relay no metrics, and leaves its token as it was", async () => {
    const { send, calls } = withRelay();
    const headers = { Authorization: `Bearer ${await signed(fresh(), relay)}` };
    expect((await send(`/v1/${CLUSTER}/metrics`, { headers })).status).toBe(401);
    expect(calls).toEqual([]);
  });
});
