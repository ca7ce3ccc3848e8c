import { describe, expect, it, vi } from "vitest";
import { SESSION_SECONDS } from "../../../edge/page/session.ts";
import { toBase64Url } from "../../../shared/bytes.ts";
import { ADMIN_TOKEN, CLUSTER, ORIGIN, OTHER_CLUSTER, type Setting, setUp } from "../setting.ts";

const PAGE = `/clusters/${CLUSTER}`;
const UNKNOWN = "/clusters/unknown.example.com";

const form = (fields: Record<string, string>, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  body: new URLSearchParams(fields),
  headers,
  redirect: "manual",
});

async function signIn({ send }: Setting, path = PAGE): Promise<string> {
  const answer = await send(path, form({ token: ADMIN_TOKEN }));
  return answer.headers.get("Set-Cookie")?.split(";")[0] ?? "";
}

describe("GET /clusters/:cluster", () => {
  it("shows whoever has signed in the status of the cluster", async () => {
    const setting = setUp();
    const cookie = await signIn(setting);
    const answer = await setting.send(PAGE, { headers: { Cookie: cookie } });
    expect([answer.status, answer.headers.get("Content-Type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(await answer.text()).toContain(`<h1>${CLUSTER}`);
    expect(setting.calls).toEqual([{ cluster: CLUSTER, method: "status" }]);
  });

  it("says that nothing has changed to whoever has it already", async () => {
    const setting = setUp();
    const headers = { Cookie: await signIn(setting) };
    const tag = (await setting.send(PAGE, { headers })).headers.get("ETag") ?? "";
    expect(tag).toMatch(/^"[0-9a-f]{16}"$/);
    // A proxy that compresses makes it a weak one.
    for (const known of [tag, `W/${tag}`]) {
      const answer = await setting.send(PAGE, { headers: { ...headers, "If-None-Match": known } });
      expect([answer.status, await answer.text()]).toEqual([304, ""]);
    }
  });

  it("lets a page load nothing but itself, and nobody keep or frame it", async () => {
    const setting = setUp();
    const { headers } = await setting.send(PAGE, { headers: { Cookie: await signIn(setting) } });
    const policy = headers.get("Content-Security-Policy") ?? "";
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]{44}'; script-src 'sha256-[\w+/=]{44}'; /);
    for (const rule of ["form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"])
      expect(policy).toContain(rule);
    expect(policy).not.toContain("unsafe");
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(headers.get("Referrer-Policy")).toBe("no-referrer");
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
  });

  it("shows the sign-in form to everybody else, and leaves the object alone", async () => {
    const { send, calls } = setUp();
    const answer = await send(PAGE);
    const text = await answer.text();
    expect([answer.status, calls]).toEqual([401, []]);
    expect(text).toContain('name="token"');
    expect(text).not.toContain(CLUSTER);
  });

  it("tells nobody which clusters there are", async () => {
    const { send } = setUp();
    const tries: (RequestInit | undefined)[] = [
      undefined,
      form({ token: "not the token" }),
      form({ leave: "" }),
      form({}),
      form({ token: ADMIN_TOKEN }, { Origin: "https://evil.example.com" }),
    ];
    for (const init of tries) {
      const [known, unknown] = [await send(PAGE, init), await send(UNKNOWN, init)];
      expect([known.status, await known.text()]).toEqual([unknown.status, await unknown.text()]);
      const differing = [...known.headers].filter(
        ([name, value]) => name !== "date" && unknown.headers.get(name) !== value,
      );
      expect(differing).toEqual([]);
    }
  });

  it("is 401 for a cluster that is not known, then 503 for a faulty one, then 405", async () => {
    expect((await setUp().send(UNKNOWN, { method: "PUT" })).status).toBe(401);
    expect((await setUp({ entry: { region: "mars" } }).send(PAGE, { method: "PUT" })).status).toBe(503);
    const answer = await setUp().send(PAGE, { method: "PUT" });
    expect([answer.status, answer.headers.get("Allow")]).toEqual([405, "GET, POST"]);
  });

  it.each([`${PAGE}/`, `${PAGE}/more`, "/clusters", "/clusters/"])("is nowhere else: %s", async (path) => {
    expect((await setUp().send(path)).status).toBe(404);
  });
});

describe("signing in", () => {
  it("takes the admin token and leads back to the page", async () => {
    const answer = await setUp().send(PAGE, form({ token: ADMIN_TOKEN }));
    expect([answer.status, answer.headers.get("Location")]).toEqual([303, PAGE]);
    expect(answer.headers.get("Set-Cookie")).toMatch(
      new RegExp(`^session=[\\w.]+; Path=${PAGE}; Max-Age=${SESSION_SECONDS}; HttpOnly; Secure; SameSite=Strict$`),
    );
  });

  it("with a wrong token shows the form again, and says so", async () => {
    const answer = await setUp().send(PAGE, form({ token: `${ADMIN_TOKEN}x` }));
    expect([answer.status, answer.headers.has("Set-Cookie")]).toEqual([401, false]);
    expect(await answer.text()).toContain("not the right token");
  });

  it.each(["", "canary-admin-token-of-another", "the-other-admin-token"])("refuses %j", async (token) => {
    expect((await setUp().send(PAGE, form({ token }))).status).toBe(401);
  });

  it("is nobody's where there is no admin token", async () => {
    const { send } = setUp({ secrets: { admin_token: undefined } });
    for (const token of ["", "undefined", "null"]) expect((await send(PAGE, form({ token }))).status).toBe(401);
  });

  it("does not let one cluster's session open another's page", async () => {
    const setting = setUp();
    const answer = await setting.send(`/clusters/${OTHER_CLUSTER}`, { headers: { Cookie: await signIn(setting) } });
    expect(answer.status).toBe(401);
  });

  it.each<[Record<string, string>, number]>([
    [{ Origin: ORIGIN }, 303],
    [{ Origin: "null", "Sec-Fetch-Site": "same-origin" }, 303],
    [{}, 303],
    [{ Origin: "https://evil.example.com" }, 403],
    [{ Origin: "null" }, 403],
    [{ Origin: ORIGIN, "Sec-Fetch-Site": "cross-site" }, 403],
    [{ "Sec-Fetch-Site": "same-site" }, 403],
  ])("of a form that comes with %j is answered %i", async (headers, status) => {
    expect((await setUp().send(PAGE, form({ token: ADMIN_TOKEN }, headers))).status).toBe(status);
  });

  it("reads no more of a form than a token needs", async () => {
    const answer = await setUp().send(PAGE, form({ token: ADMIN_TOKEN, more: "x".repeat(10_000) }));
    expect(answer.status).toBe(401);
  });

  it("is limited for strangers", async () => {
    const { send } = setUp({ vars: { STRANGERS: { limit: async () => ({ success: false }) } } });
    expect((await send(PAGE, form({ token: "a guess" }))).status).toBe(429);
  });

  it("leaves no token in the log", async () => {
    const logged = vi.spyOn(console, "log").mockReturnValue();
    await setUp().send(PAGE, form({ token: "canary-of-a-guess" }));
    expect(JSON.stringify(logged.mock.calls)).not.toContain("canary");
    logged.mockRestore();
  });
});

describe("signing out", () => {
  it("makes the browser forget the session", async () => {
    const setting = setUp();
    const answer = await setting.send(PAGE, form({ leave: "" }, { Cookie: await signIn(setting) }));
    expect([answer.status, answer.headers.get("Location")]).toEqual([303, PAGE]);
    expect(answer.headers.get("Set-Cookie")).toMatch(/^session=; .*Max-Age=0; /);
  });

  it("is nothing that another site can do", async () => {
    const setting = setUp();
    const headers = { Cookie: await signIn(setting), Origin: "https://evil.example.com" };
    expect((await setting.send(PAGE, form({ leave: "" }, headers))).headers.has("Set-Cookie")).toBe(false);
  });
});

describe("GET /", () => {
  it("asks for a token and names no cluster", async () => {
    const answer = await setUp().send("/");
    const text = await answer.text();
    expect(answer.status).toBe(200);
    expect(text).toContain('name="token"');
    expect(text).not.toContain(CLUSTER);
  });

  it.each([
    [ADMIN_TOKEN, CLUSTER],
    ["the-other-admin-token", OTHER_CLUSTER],
  ])("leads whoever has the token %s to the page of %s", async (token, cluster) => {
    const answer = await setUp().send("/", form({ token }));
    expect([answer.status, answer.headers.get("Location")]).toEqual([303, `/clusters/${cluster}`]);
    expect(answer.headers.get("Set-Cookie")).toContain(`Path=/clusters/${cluster};`);
  });

  it("leads nobody else anywhere", async () => {
    const answer = await setUp().send("/", form({ token: "a guess" }));
    expect([answer.status, answer.headers.has("Location")]).toEqual([401, false]);
    expect((await setUp().send("/", { method: "DELETE" })).status).toBe(405);
  });
});

describe("behind Cloudflare Access", () => {
  const behind = { entry: { access: { team: "harborlight", audience: "a-tag" } } };

  it("no token signs in, and no session counts", async () => {
    const cookie = await signIn(setUp());
    const { send } = setUp(behind);
    expect((await send(PAGE, form({ token: ADMIN_TOKEN }))).status).toBe(401);
    expect((await send("/", form({ token: ADMIN_TOKEN }))).status).toBe(401);
    expect((await send(PAGE, { headers: { Cookie: cookie } })).status).toBe(401);
  });

  it("whoever Cloudflare has let through is shown the page, is led there from the front door, and leaves by Cloudflare", async () => {
    const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    const size = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
    const keys = await crypto.subtle.generateKey({ ...algorithm, ...size }, true, ["sign", "verify"]);
    if (!("privateKey" in keys)) throw new Error("not a pair of keys");
    const encoded = (value: unknown) => toBase64Url(new TextEncoder().encode(JSON.stringify(value)));
    const claims = { iss: "https://seaside.cloudflareaccess.com", aud: ["a-tag"], exp: Date.now() / 1000 + 60 };
    const signed = `${encoded({ alg: "RS256" })}.${encoded(claims)}`;
    const signature = await crypto.subtle.sign(algorithm, keys.privateKey, new TextEncoder().encode(signed));
    const key = await crypto.subtle.exportKey("jwk", keys.publicKey);
    const fetched = vi.spyOn(globalThis, "fetch").mockResolvedValue(Response.json({ keys: [key] }));
    const { send } = setUp({ entry: { access: { team: "seaside", audience: "a-tag" } } });
    const headers = { "Cf-Access-Jwt-Assertion": `${signed}.${toBase64Url(new Uint8Array(signature))}` };
    expect((await send(PAGE, { headers })).status).toBe(200);
    expect((await send("/", { headers })).headers.get("Location")).toBe(PAGE);
    expect((await send(PAGE, form({ leave: "" }, headers))).headers.get("Location")).toBe("/cdn-cgi/access/logout");
    expect((await send(`/clusters/${OTHER_CLUSTER}`, { headers })).status).toBe(401);
    expect(fetched.mock.calls.map(([url]) => String(url))).toEqual([`${claims.iss}/cdn-cgi/access/certs`]);
    fetched.mockRestore();
  });

  it("nobody comes in by an assertion that cannot be verified", async () => {
    const fetched = vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("no network"));
    const { send, calls } = setUp(behind);
    const answer = await send(PAGE, { headers: { "Cf-Access-Jwt-Assertion": "a.b.c" } });
    expect([answer.status, calls]).toEqual([401, []]);
    fetched.mockRestore();
  });
});
