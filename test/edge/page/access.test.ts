import { beforeAll, describe, expect, it } from "vitest";
import { Access, KEYS_AGAIN_MS, KEYS_GOOD_MS } from "../../../edge/page/access.ts";
import { toBase64Url } from "../../../shared/bytes.ts";
import { NOW } from "../samples.ts";

const APPLICATION = { team: "harborlight", audience: "a-tag-of-the-application" };
const ISSUER = "https://harborlight.cloudflareaccess.com";
const RS256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

type Pair = Awaited<ReturnType<typeof newPair>>;
const newPair = () =>
  crypto.subtle.generateKey({ ...RS256, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }, true, [
    "sign",
    "verify",
  ]);

let ours: Pair;
let another: Pair;
beforeAll(async () => {
  [ours, another] = await Promise.all([newPair(), newPair()]);
});

const encoded = (value: unknown) => toBase64Url(new TextEncoder().encode(JSON.stringify(value)));

async function assertionOf(claims: Record<string, unknown> = {}, header: unknown = { alg: "RS256" }, by = ours) {
  const seconds = NOW / 1000;
  const good = { iss: ISSUER, aud: [APPLICATION.audience], exp: seconds + 60, nbf: seconds, email: "ann@example.com" };
  const signed = `${encoded(header)}.${encoded({ ...good, ...claims })}`;
  const signature = await crypto.subtle.sign(RS256, by.privateKey, new TextEncoder().encode(signed));
  return `${signed}.${toBase64Url(new Uint8Array(signature))}`;
}

interface Setting {
  readonly access: Access;
  readonly asked: string[];
  pairs: Pair[];
  nowMs: number;
  /** What is answered instead of keys. */
  instead: (() => Promise<Response>) | null;
}

function setUp(): Setting {
  const asked: string[] = [];
  const answer = async (url: string): Promise<Response> => {
    asked.push(url);
    if (setting.instead !== null) return setting.instead();
    const keys = setting.pairs.map(({ publicKey }) => crypto.subtle.exportKey("jwk", publicKey));
    return Response.json({ keys: await Promise.all(keys) });
  };
  const access = new Access({ fetch: answer, now: () => setting.nowMs });
  const setting: Setting = { access, asked, pairs: [another, ours], nowMs: NOW, instead: null };
  return setting;
}

describe("an assertion of Cloudflare Access", () => {
  it("lets its bearer in, by the keys of the team, which are fetched once", async () => {
    const { access, asked } = setUp();
    expect(await access.admits(await assertionOf(), APPLICATION)).toBe(true);
    expect(await access.admits(await assertionOf(), APPLICATION)).toBe(true);
    expect(asked).toEqual([`${ISSUER}/cdn-cgi/access/certs`]);
  });

  it.each<[string, Record<string, unknown>]>([
    ["for another application", { aud: ["another-tag"] }],
    ["for no application", { aud: [] }],
    ["of another team", { iss: "https://other.cloudflareaccess.com" }],
    ["that has ended", { exp: NOW / 1000 }],
    ["that never ends", { exp: undefined }],
    ["that is not good yet", { nbf: NOW / 1000 + 31 }],
  ])("lets nobody in %s", async (_, claims) => {
    expect(await setUp().access.admits(await assertionOf(claims), APPLICATION)).toBe(false);
  });

  it.each([
    ["none", { alg: "none" }],
    ["HS256", { alg: "HS256" }],
    ["an extension that nobody understands", { alg: "RS256", crit: ["exp"] }],
  ])("lets nobody in whose header says %s", async (_, header) => {
    expect(await setUp().access.admits(await assertionOf({}, header), APPLICATION)).toBe(false);
  });

  it.each(["", "a.b.c", "..", "x".repeat(10_000)])("lets nobody in that is %j", async (assertion) => {
    expect(await setUp().access.admits(assertion, APPLICATION)).toBe(false);
  });

  it("lets nobody in when there is none", async () => {
    expect(await setUp().access.admits(null, APPLICATION)).toBe(false);
  });

  it("lets nobody in under another's key", async () => {
    const setting = setUp();
    setting.pairs = [another];
    expect(await setting.access.admits(await assertionOf(), APPLICATION)).toBe(false);
  });

  it.each<[string, () => Promise<Response>]>([
    ["do not come", () => Promise.reject(new Error("no network"))],
    ["are no JSON", async () => new Response("<html>")],
    ["are none", async () => Response.json({ keys: "none" })],
    ["are for no signature", async () => Response.json({ keys: [{ kty: "RSA", n: "", e: "" }] })],
  ])("lets nobody in while the keys %s", async (_, instead) => {
    const setting = setUp();
    setting.instead = instead;
    expect(await setting.access.admits(await assertionOf(), APPLICATION)).toBe(false);
  });

  it("is judged by new keys soon after they have changed, however often it is shown", async () => {
    const setting = setUp();
    setting.pairs = [another];
    expect(await setting.access.admits(await assertionOf(), APPLICATION)).toBe(false);
    setting.pairs = [ours];
    expect(await setting.access.admits(await assertionOf(), APPLICATION)).toBe(false);
    expect(setting.asked).toHaveLength(1);
    setting.nowMs += KEYS_AGAIN_MS;
    expect(await setting.access.admits(await assertionOf({ exp: NOW }), APPLICATION)).toBe(true);
  });

  it("outlives an hour without Cloudflare's keys by the ones that were known", async () => {
    const setting = setUp();
    expect(await setting.access.admits(await assertionOf(), APPLICATION)).toBe(true);
    setting.instead = () => Promise.reject(new Error("no network"));
    setting.nowMs += KEYS_GOOD_MS;
    expect(await setting.access.admits(await assertionOf({ exp: NOW }), APPLICATION)).toBe(true);
  });
});
