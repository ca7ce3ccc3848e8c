import { describe, expect, it } from "vitest";
import { endedCookie, isSignedIn, SESSION_SECONDS, sessionCookie } from "../../../edge/page/session.ts";
import { CLUSTER, NOW } from "../samples.ts";

const TOKEN = "the-admin-token-of-the-tests";
const config = { cluster: CLUSTER, adminToken: TOKEN };
const END = NOW + SESSION_SECONDS * 1000;

/** What a browser sends back of a `Set-Cookie`. */
const sent = (setCookie: string) => setCookie.split(";")[0] ?? "";
const cookie = sent(sessionCookie(CLUSTER, TOKEN, NOW));

describe("a session", () => {
  it("is a cookie for this cluster's page alone, which no script and no other site gets to see", () => {
    const [value, ...attributes] = sessionCookie(CLUSTER, TOKEN, NOW).split("; ");
    expect(value).toMatch(/^session=\d+\.[0-9a-f]{64}$/);
    expect(value).not.toContain(TOKEN);
    expect(attributes).toEqual([
      `Path=/clusters/${CLUSTER}`,
      `Max-Age=${SESSION_SECONDS}`,
      "HttpOnly",
      "Secure",
      "SameSite=Strict",
    ]);
  });

  it.each([cookie, `other=1; ${cookie}`, `${cookie}; other=1`])("is known by %j", (cookies) => {
    expect(isSignedIn(config, cookies, NOW)).toBe(true);
  });

  it("ends after half a day", () => {
    expect([isSignedIn(config, cookie, END - 1), isSignedIn(config, cookie, END)]).toEqual([true, false]);
  });

  it("ends with another admin token", () => {
    expect(isSignedIn({ ...config, adminToken: `${TOKEN}2` }, cookie, NOW)).toBe(false);
  });

  it.each([
    ["nothing", null],
    ["an empty header", ""],
    ["an empty cookie", sent(endedCookie(CLUSTER))],
    ["another's name", cookie.replace("session", "xsession")],
    ["a later end under the same proof", cookie.replace(/=\d+/, `=${END / 1000 + 1}`)],
    ["an end that is no number", cookie.replace(/=\d+/, "=1e99")],
    ["half a proof", cookie.slice(0, -1)],
    ["the token itself", `session=${TOKEN}`],
    ["a session of another cluster", sent(sessionCookie("other.example.com", TOKEN, NOW))],
  ])("is not made by %s", (_, cookies) => {
    expect(isSignedIn(config, cookies, NOW)).toBe(false);
  });

  it("is nobody's where there is no admin token", () => {
    expect(isSignedIn({ ...config, adminToken: null }, sent(sessionCookie(CLUSTER, "", NOW)), NOW)).toBe(false);
  });
});
