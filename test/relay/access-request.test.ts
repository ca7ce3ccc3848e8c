import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { accessRequestFor, liveRequestFor } from "../../relay/access-request.ts";
import {
  AccessRequestSchema,
  type AccessRequestSpecSchema,
  RequestState,
  ResourceAccessIDSchema,
  AccessRequestSpecSchema as SpecSchema,
} from "../../relay/gen/teleport_pb.ts";
import { accessRequestSchema } from "../../shared/access-request.ts";

type SpecInit = MessageInitShape<typeof AccessRequestSpecSchema>;

const ID = "11111111-2222-4333-8444-555555555555";
/** Go's zero time, as Teleport sends a time that is not set and cannot be left out. */
const YEAR_1 = { seconds: -62135596800n };
const AT_MS = 1_795_000_000_123;

function message(spec: SpecInit, expires?: { seconds: bigint }) {
  return create(AccessRequestSchema, { metadata: { name: ID, ...(expires && { expires }) }, spec });
}

function translated(spec: SpecInit, expires?: { seconds: bigint }) {
  const request = accessRequestFor(message(spec, expires));
  return accessRequestSchema.parse(request);
}

describe("accessRequestFor", () => {
  it("translates everything that people approve", () => {
    const request = translated({
      user: "alice",
      roles: ["admin", "db"],
      state: RequestState.PENDING,
      created: timestampFromMs(AT_MS),
      expires: timestampFromMs(AT_MS + 1),
      maxDuration: timestampFromMs(AT_MS + 2),
      sessionTtl: timestampFromMs(AT_MS + 3),
      requestReason: "on fire",
      resolveReason: "fine",
      suggestedReviewers: ["bob"],
      systemAnnotations: { values: { pagerduty_notify_service: { values: ["a", "b"] } } },
      reviews: [{ author: "bob", proposedState: RequestState.APPROVED, reason: "ok", created: timestampFromMs(AT_MS) }],
      requestedResourceIds: [{ clusterName: "c", kind: "node", name: "n", subResourceName: "s" }],
    });
    expect(request).toEqual({
      id: ID,
      user: "alice",
      roles: ["admin", "db"],
      state: "PENDING",
      resources: [{ cluster: "c", kind: "node", name: "n", subResource: "s", constraints: "" }],
      reason: "on fire",
      resolveReason: "fine",
      suggestedReviewers: ["bob"],
      annotations: { pagerduty_notify_service: ["a", "b"] },
      reviews: [{ author: "bob", proposedState: "APPROVED", reason: "ok", createdMs: AT_MS }],
      createdMs: AT_MS,
      requestExpiresMs: AT_MS + 1,
      accessExpiresMs: AT_MS + 1,
      maxDurationMs: AT_MS + 2,
      sessionTtlMs: AT_MS + 3,
      requestKind: "UNDEFINED",
    });
  });

  it.each([
    ["NONE", RequestState.NONE],
    ["PENDING", RequestState.PENDING],
    ["APPROVED", RequestState.APPROVED],
    ["DENIED", RequestState.DENIED],
    ["PROMOTED", RequestState.PROMOTED],
    ["NONE", 77 as RequestState],
  ])("reads as %s the state %d", (state, wire) => {
    expect(translated({ state: wire }).state).toBe(state);
  });

  it("reads an empty record without a fault", () => {
    expect(translated({})).toMatchObject({
      user: "",
      roles: [],
      state: "NONE",
      createdMs: null,
      requestExpiresMs: null,
    });
  });

  it.each([
    ["no metadata", undefined],
    ["no name", ""],
    ["a name too long", "x".repeat(256)],
    ["a name with a slash", "a/2"],
    ["a name with a blank", "a b"],
  ])("takes a record with %s for no request", (_, name) => {
    const init = name === undefined ? {} : { metadata: { name } };
    expect(accessRequestFor(create(AccessRequestSchema, init))).toBeUndefined();
    expect(liveRequestFor(create(AccessRequestSchema, init))).toBeUndefined();
  });

  it.each([
    ["year 1", YEAR_1],
    ["before it", { seconds: -99_999_999_999n }],
    ["the last second of it", { seconds: -62104060801n }],
    ["past the year 9999", { seconds: 253_402_300_800n }],
    ["past what a date holds", { seconds: 8_640_000_000_001n }],
    ["past what a number holds", { seconds: 9_999_999_999_999_999n }],
  ])("takes %s for a time that is not set", (_, seconds) => {
    expect(translated({ created: seconds, maxDuration: seconds, reviews: [{ created: seconds }] })).toMatchObject({
      createdMs: null,
      maxDurationMs: null,
      reviews: [{ createdMs: null }],
    });
  });

  it.each([
    ["ResourceExpiry first", { resourceExpiry: { seconds: 3n }, expires: { seconds: 1n } }, { seconds: 2n }, 3_000],
    ["then Metadata.Expires", { resourceExpiry: YEAR_1, expires: { seconds: 1n } }, { seconds: 2n }, 2_000],
    ["then Spec.Expires", { expires: { seconds: 1n } }, YEAR_1, 1_000],
    ["else nothing", { expires: YEAR_1 }, undefined, null],
  ])("takes the request's end from %s", (_, spec, metadata, expected) => {
    expect(translated(spec, metadata).requestExpiresMs).toBe(expected);
  });

  it("keeps annotations and roles that are named like parts of an object", () => {
    const values = JSON.parse('{"constructor":{"values":["x"]},"toString":{"values":["y"]}}');
    expect(translated({ systemAnnotations: { values }, roles: ["constructor"] }).annotations).toEqual({
      constructor: ["x"],
      toString: ["y"],
    });
  });
});

describe("resources with constraints", () => {
  const constraints = Uint8Array.of(0x0a, 0x03, 0x61, 0x62, 0x63);

  function withConstraints(...pieces: Uint8Array[]) {
    const id = { clusterName: "c", kind: "aws", name: "n", subResourceName: "" };
    const writer = new BinaryWriter().raw(toBinary(ResourceAccessIDSchema, create(ResourceAccessIDSchema, { id })));
    for (const piece of pieces) writer.tag(2, WireType.LengthDelimited).bytes(piece);
    const resource = fromBinary(ResourceAccessIDSchema, writer.finish());
    const other = { clusterName: "c", kind: "node", name: "other", subResourceName: "" };
    return translated({ requestedResourceAccessIds: [resource], requestedResourceIds: [other] }).resources;
  }

  it("stand for the plain ones, their constraints as the bytes that Teleport sent", () => {
    expect(withConstraints(constraints)).toEqual([
      { cluster: "c", kind: "aws", name: "n", subResource: "", constraints: "CgNhYmM=" },
    ]);
  });

  it("have none when Teleport sends none", () => {
    expect(withConstraints()).toMatchObject([{ name: "n", constraints: "" }]);
  });

  it("keep constraints that come in pieces", () => {
    expect(withConstraints(constraints.subarray(0, 2), constraints.subarray(2))).toMatchObject([
      { constraints: "CgNhYmM=" },
    ]);
  });
});

describe("the kind of a request", () => {
  it.each([
    [0, "UNDEFINED"],
    [1, "SHORT_TERM"],
    [2, "LONG_TERM"],
    [3, "UNDEFINED"],
  ])("%d is %s", (kind, name) => {
    const bytes = new BinaryWriter().tag(24, WireType.Varint).int32(kind).finish();
    expect(translated(fromBinary(SpecSchema, bytes)).requestKind).toBe(name);
  });
});

describe("liveRequestFor", () => {
  const thresholds = [
    { name: "one", approve: 1, deny: 1 },
    { name: "two", approve: 2, deny: 1 },
    { name: "some", approve: 1, deny: 1, filter: 'contains(reviewer.roles, "lead")' },
  ];
  const all = [
    { approve: 1, filter: "" },
    { approve: 2, filter: "" },
    { approve: 1, filter: 'contains(reviewer.roles, "lead")' },
  ];
  const roleThresholdMapping = {
    admin: { sets: [{ indexes: [0] }, { indexes: [2] }] },
    db: { sets: [{ indexes: [2] }] },
    root: { sets: [{ indexes: [1, 9] }] },
  };

  it.each([
    ["those of its roles", ["admin", "db"], roleThresholdMapping, [all[0], all[2]]],
    ["those of its roles that there are", ["root"], roleThresholdMapping, [all[1]]],
    ["all without a mapping", ["admin"], {}, all],
    ["all when the mapping does not know a role", ["admin", "other"], roleThresholdMapping, all],
    ["all for a role that is named like a part of an object", ["constructor"], roleThresholdMapping, all],
  ])("has as thresholds %s", (_, roles, mapping, expected) => {
    const live = liveRequestFor(message({ roles, thresholds, roleThresholdMapping: mapping }));
    expect(live?.thresholds).toEqual(expected);
  });

  it("has the times that only the relay needs", () => {
    const live = liveRequestFor(message({ assumeStartTime: { seconds: 5n } }, { seconds: 6n }));
    expect(live).toMatchObject({ assumeStartMs: 5_000, metadataExpiresMs: 6_000 });
    expect(liveRequestFor(message({ assumeStartTime: YEAR_1 }))).toMatchObject({
      assumeStartMs: null,
      metadataExpiresMs: null,
    });
  });
});
