import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RequestedResource } from "../../shared/access-request.ts";
import {
  listingFor,
  MAX_LISTING_CHARACTERS,
  MAX_USER_TEXT_CHARACTERS,
  resourcePath,
  userText,
  visibleText,
} from "../../shared/listing.ts";
import { REQUEST } from "./fixtures.ts";

const NODE: RequestedResource = { cluster: "c", kind: "node", name: "db-1", subResource: "", constraints: "" };

/** Every character that must not reach a reader. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/u;

const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom("a", " ", "\n", "\r", "\t", "\u0000", "\u0085", "\u2028", "\u00a0", "\u3000", "\u1680", "\u2800"),
    fc.constantFrom(
      "\u200b",
      "\u202e",
      "\u2066",
      "\ufeff",
      "\u3164",
      "\ufe0f",
      "\u034f",
      "\u{e0041}",
      "\ud800",
      "\udc00",
    ),
    fc.constantFrom("://", ":", "//", "www.", "WWW.", "http", "é", "😀"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  ),
  maxLength: 60,
});

describe("visibleText", () => {
  it.each([
    ["a\r\nb\u2028c\u0085d\te", "a b c d e"],
    ["admin\u202enimda", "adminnimda"],
    ["ad\u200bmin\u00ad", "admin"],
    ["\u2067a\u2069", "a"],
    ["  a \u3000 b\u00a0 ", "a b"],
    ["a \u200b b", "a b"],
    ["a\u0000\u001b[31mb", "a[31mb"],
    ["\ufeffa\u3164\u2800", "a"],
    ["a\ud800b\udc00", "ab"],
    ["\ud83d\u200b\ude00", ""],
    ["日本語 العربية ✅", "日本語 العربية ✅"],
  ])("shows %j as %j", (text, shown) => {
    expect(visibleText(text)).toBe(shown);
  });

  it("leaves nothing that hides, reorders or breaks lines, and nothing to do a second time", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = visibleText(text);
        expect(shown).not.toMatch(HIDDEN);
        expect(shown).not.toMatch(/\s\s|^\s|\s$|[^\S ]/);
        expect(visibleText(shown)).toBe(shown);
      }),
    );
  });
});

describe("userText", () => {
  it.each([
    ["see https://evil.example/x?y", "see https[:]//evil.example/x?y"],
    ["HTTPS://evil.example ftp://x", "HTTPS[:]//evil.example ftp[:]//x"],
    ["https:\u200b//evil.example", "https[:]//evil.example"],
    ["www.evil.example or WWW.evil.example", "www[.]evil.example or WWW[.]evil.example"],
    ["[here](https://evil.example)", "[here](https[:]//evil.example)"],
    ["dana@example.com", "dana@example.com"],
    ["<b>bold</b> & /approve", "<b>bold</b> & /approve"],
    ["a: b // c", "a: b // c"],
  ])("shows %j as %j", (text, shown) => {
    expect(userText(text)).toBe(shown);
  });

  it("shows what fits whole, and cuts the rest between characters", () => {
    const fits = "😀".repeat(MAX_USER_TEXT_CHARACTERS);
    expect(userText(fits)).toBe(fits);
    expect(userText(`${fits}a`)).toBe(`${"😀".repeat(MAX_USER_TEXT_CHARACTERS - 1)}…`);
  });

  it("has one line, no link and nothing hidden, whatever it is made of", () => {
    const text = fc.oneof(
      hostile,
      fc.tuple(hostile, fc.nat(3000)).map(([part, times]) => part.repeat(times % 200)),
    );
    fc.assert(
      fc.property(text, (text) => {
        const shown = userText(text);
        expect(shown).not.toMatch(HIDDEN);
        expect(shown).not.toMatch(/:\/\/|(?<![\w])www\./i);
        expect(Array.from(shown).length).toBeLessThanOrEqual(MAX_USER_TEXT_CHARACTERS);
      }),
    );
  });
});

describe("resourcePath", () => {
  it.each([
    ["/c/node/db-1", {}],
    ["/c/node/db-1/schema", { subResource: "schema" }],
    ["/c/node/db-1 (orders)", { friendlyName: "orders" }],
    ["/c/node/db-1 (or ders)", { friendlyName: "or\u202e\nders" }],
    ["/c/node/db-1 (orders) (constrained)", { friendlyName: "orders", constraints: "AQI=" }],
    ["/c//db-1", { kind: "" }],
  ])("writes %s", (path, change) => {
    expect(resourcePath({ ...NODE, ...change })).toBe(path);
  });
});

describe("listingFor", () => {
  it("lists roles, then resources, as they are", () => {
    expect(listingFor(REQUEST)).toEqual({
      roles: ["prod-db-admin", "editor"],
      resources: ["/c/node/db-1", "/c/db/db-2 (orders) (constrained)"],
      complete: true,
    });
  });

  it.each(["ad\u200bmin", "admin\n", " admin", "ad  min", "\u202enimda", "admin\u2800"])(
    "is not complete with a role that cannot be shown as it is: %j",
    (role) => {
      expect(listingFor({ ...REQUEST, roles: ["editor", role] }).complete).toBe(false);
    },
  );

  it("is not complete with a resource that cannot be shown as it is", () => {
    const resources = [{ ...NODE, name: "db\u00ad-1" }];
    expect(listingFor({ ...REQUEST, resources })).toMatchObject({ resources: ["/c/node/db-1"], complete: false });
  });

  it("says so when a name does not fit, and lists the others", () => {
    const long = "x".repeat(MAX_LISTING_CHARACTERS);
    expect(listingFor({ ...REQUEST, roles: ["a", long, "b"], resources: [] })).toEqual({
      roles: ["a", "b"],
      resources: [],
      complete: false,
    });
  });

  it("has room for a bounded number of lines, however short they are", () => {
    const { roles, complete } = listingFor({ ...REQUEST, roles: Array(100_000).fill(""), resources: [] });
    expect(roles.length).toBeLessThan(MAX_LISTING_CHARACTERS);
    expect(complete).toBe(false);
  });

  it("never cuts within a name, keeps to its room, and is complete only when every name stands there", () => {
    const name = fc.oneof(
      hostile,
      fc.integer({ min: 1, max: 3000 }).map((length) => "r".repeat(length)),
    );
    fc.assert(
      fc.property(fc.array(name, { maxLength: 8 }), fc.array(name, { maxLength: 4 }), (roles, names) => {
        const resources = names.map((name) => ({ ...NODE, name }));
        const listing = listingFor({ ...REQUEST, roles, resources });
        const wanted = [...roles, ...resources.map(resourcePath)];
        const listed = [...listing.roles, ...listing.resources];
        for (const line of listed) expect(wanted.map(visibleText)).toContain(line);
        expect(listed.join("").length).toBeLessThanOrEqual(MAX_LISTING_CHARACTERS);
        if (listing.complete) expect(listed).toEqual(wanted);
      }),
    );
  });
});
