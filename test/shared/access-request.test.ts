import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AccessRequest,
  accessRequestSchema,
  digestOf,
  endOfState,
  type RequestedResource,
  SHORT_DIGEST_CHARACTERS,
  shortDigest,
} from "../../shared/access-request.ts";
import { REQUEST } from "./fixtures.ts";

const CLUSTER = "teleport.example.com";
const NODE: RequestedResource = { cluster: "c", kind: "node", name: "db-1", subResource: "", constraints: "" };

type Asked = Pick<AccessRequest, "user" | "reason" | "roles" | "resources">;

function changed(change: Partial<AccessRequest>): string {
  return digestOf(CLUSTER, { ...REQUEST, ...change });
}

function withFirst(change: Partial<RequestedResource>): string {
  return changed({ resources: [{ ...NODE, ...change }, ...REQUEST.resources.slice(1)] });
}

describe("digestOf", () => {
  const digest = digestOf(CLUSTER, REQUEST);

  it("is the SHA-256 that both halves have always written for this request", () => {
    expect(digest).toBe("3abd55d19d27f281329c593191f29ad27ad1fd339c7dd2c289dbdc9f58282076");
    expect(shortDigest(digest)).toBe(digest.slice(0, SHORT_DIGEST_CHARACTERS));
    expect(shortDigest(digest)).toHaveLength(8);
  });

  it.each([
    ["the cluster", digestOf("other.example.com", REQUEST)],
    ["the id", changed({ id: "other" })],
    ["the user", changed({ user: "Dana@example.com" })],
    ["a role more", changed({ roles: [...REQUEST.roles, "admin"] })],
    ["a role twice", changed({ roles: [...REQUEST.roles, "editor"] })],
    ["a role less", changed({ roles: ["editor"] })],
    ["a resource less", changed({ resources: [NODE] })],
    ["a resource's cluster", withFirst({ cluster: "d" })],
    ["a resource's kind", withFirst({ kind: "app" })],
    ["a resource's name", withFirst({ name: "db-3" })],
    ["a part of a resource", withFirst({ subResource: "schema" })],
    ["a resource's constraints", withFirst({ constraints: "AQM=" })],
    ["the reason", changed({ reason: "ticket OPS-2231 " })],
    ["the end of the access", changed({ accessExpiresMs: (REQUEST.accessExpiresMs ?? 0) + 1 })],
    ["no end of the access", changed({ accessExpiresMs: null })],
    ["the longest duration", changed({ maxDurationMs: 0 })],
    ["the session's length", changed({ sessionTtlMs: 0 })],
    ["the kind of request", changed({ requestKind: "LONG_TERM" })],
  ])("changes with %s", (_, other) => {
    expect(other).toMatch(/^[0-9a-f]{64}$/);
    expect(other).not.toBe(digest);
  });

  it.each([
    ["the state", changed({ state: "APPROVED" })],
    ["the resolve reason", changed({ resolveReason: "yes" })],
    ["reviews", changed({ reviews: [{ author: "omar", proposedState: "APPROVED", reason: "", createdMs: 1 }] })],
    ["suggested reviewers", changed({ suggestedReviewers: ["omar"] })],
    ["annotations", changed({ annotations: { pagerduty_services: ["Databases"] } })],
    ["when it was made", changed({ createdMs: null })],
    ["when the request ends", changed({ requestExpiresMs: null })],
    ["a name that we looked up", withFirst({ friendlyName: "accounts" })],
    ["the order of roles", changed({ roles: REQUEST.roles.toReversed() })],
    ["the order of resources", changed({ resources: REQUEST.resources.toReversed() })],
  ])("does not change with %s", (_, same) => {
    expect(same).toBe(digest);
  });

  it("does not depend on the order of roles or resources, whatever they are called", () => {
    const names = fc.uniqueArray(fc.string({ unit: "binary" }), { maxLength: 6 });
    fc.assert(
      fc.property(names, names, fc.nat(), (roles, resourceNames, turn) => {
        const resources = resourceNames.map((name) => ({ ...NODE, name }));
        const turned = <Item>(items: Item[]) => [...items.slice(turn % 6), ...items.slice(0, turn % 6)].toReversed();
        const same = changed({ roles: turned(roles), resources: turned(resources) });
        expect(changed({ roles, resources })).toBe(same);
      }),
    );
  });

  it("tells any two requests apart, whatever separators their texts hold", () => {
    const text = fc.string({ unit: fc.constantFrom("a", '"', ",", "[", "]", "\\", "/", "\n", "\u0000", "\ud800") });
    const resource = fc.record({ cluster: text, kind: text, name: text, subResource: text, constraints: text });
    const parts = fc.record({
      user: text,
      reason: text,
      roles: fc.array(text, { maxLength: 3 }),
      resources: fc.array(resource, { maxLength: 2 }),
    });
    // Compared as arrays of code units, which no separator can join.
    const units = (text: string): string => Array.from({ length: text.length }, (_, at) => text.charCodeAt(at)).join();
    const known = ({ user, reason, roles, resources }: Asked): string =>
      [
        units(user),
        units(reason),
        roles.map(units).toSorted().join(";"),
        resources
          .map(({ cluster, kind, name, subResource, constraints }) =>
            [cluster, kind, name, subResource, constraints].map(units).join("|"),
          )
          .toSorted()
          .join(";"),
        `${roles.length} ${resources.length}`,
      ].join("\n");
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        expect(changed(one) === changed(other)).toBe(known(one) === known(other));
      }),
      { numRuns: 300 },
    );
  });

  it.each<[string, Partial<AccessRequest>, Partial<AccessRequest>]>([
    ["a role with a comma and two roles", { roles: ["a,b"] }, { roles: ["a", "b"] }],
    ["a role with quotes and two roles", { roles: ['a","b'] }, { roles: ["a", "b"] }],
    ["a role and a resource", { roles: ["x"], resources: [] }, { roles: [], resources: [{ ...NODE, name: "x" }] }],
    [
      "a slash in a name and a part of it",
      { resources: [{ ...NODE, name: "a/b" }] },
      { resources: [{ ...NODE, name: "a", subResource: "b" }] },
    ],
    ["the end of a user and the start of a reason", { user: "ab", reason: "c" }, { user: "a", reason: "bc" }],
    ["a duration and a session's length", { maxDurationMs: 5 }, { sessionTtlMs: 5 }],
    ["nothing and the empty role", { roles: [] }, { roles: [""] }],
  ])("tells %s apart", (_, one, other) => {
    expect(changed(one)).not.toBe(changed(other));
  });
});

describe("endOfState", () => {
  it.each([
    ["NONE", undefined],
    ["PENDING", undefined],
    ["APPROVED", "approved"],
    ["DENIED", "denied"],
    ["PROMOTED", "promoted"],
  ] as const)("says of %s: %s", (state, end) => {
    expect(endOfState(state)).toBe(end);
  });
});

describe("accessRequestSchema", () => {
  it("takes a request as it is", () => {
    expect(accessRequestSchema.parse(REQUEST)).toEqual(REQUEST);
  });

  it.each([
    ["no id", { id: "" }],
    ["an id without end", { id: "x".repeat(256) }],
    ["a state that no Teleport has", { state: "MAYBE" }],
    ["a time that is none", { accessExpiresMs: 1.5 }],
    ["a time as text", { accessExpiresMs: "2026-03-11T09:17:48Z" }],
    ["roles as one text", { roles: "editor" }],
    ["a resource without a name", { resources: [{ ...NODE, name: undefined }] }],
  ])("refuses %s", (_, change) => {
    expect(accessRequestSchema.safeParse({ ...REQUEST, ...change }).success).toBe(false);
  });

  it("keeps no annotation under __proto__", () => {
    const read = accessRequestSchema.parse({ ...REQUEST, annotations: JSON.parse('{"__proto__":["x"],"a":["y"]}') });
    expect(read.annotations).toEqual({ a: ["y"] });
    expect(Object.getPrototypeOf(read.annotations)).toBe(Object.prototype);
  });
});
