// The stand-in Teleport against the table of what real servers were seen to do, each row through a real mTLS client:
// states, rights, listings, creation.

import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { type AccessRequest, RequestState } from "../../relay/gen/teleport_pb.ts";
import { idOf, on, start, startWithClient } from "./teleport/arrange.ts";
import type { TeleportVersion } from "./teleport/versions.ts";

const { APPROVED, DENIED, NONE, PENDING, PROMOTED } = RequestState;
const UNKNOWN_ID = "3d3f1c6e-0000-4000-8000-000000000000";
const VERSIONS: readonly TeleportVersion[] = ["4.2.8", "6.2", "7.0", "18"];
const FROM_6: readonly TeleportVersion[] = ["6.2", "7.0", "18"];
const BEFORE_8: readonly TeleportVersion[] = ["4.2.8", "6.2", "7.0"];

interface Row {
  readonly name: string;
  readonly versions: readonly TeleportVersion[];
  readonly from?: RequestState;
  readonly id?: string;
  readonly to: RequestState;
  readonly roles?: readonly string[];
  readonly code: status;
  readonly message?: string;
  readonly state?: RequestState;
}

const SET_STATE: readonly Row[] = [
  {
    name: "an unknown id",
    versions: VERSIONS,
    id: UNKNOWN_ID,
    to: APPROVED,
    code: 5,
    message: `cannot set state of access request "${UNKNOWN_ID}" (not found)`,
  },
  { name: "an empty id", versions: FROM_6, id: "", to: APPROVED, code: 3, message: "missing request id" },
  {
    name: "an empty id",
    versions: ["4.2.8"],
    id: "",
    to: APPROVED,
    code: 3,
    message: "special characters are not allowed",
  },
  { name: "NONE", versions: FROM_6, to: NONE, code: 3, message: "missing request state", state: PENDING },
  { name: "NONE", versions: ["4.2.8"], to: NONE, code: 0, state: PENDING },
  { name: "APPROVED", versions: VERSIONS, to: APPROVED, code: 0, state: APPROVED },
  { name: "DENIED", versions: VERSIONS, to: DENIED, code: 0, state: DENIED },
  { name: "APPROVED on APPROVED", versions: VERSIONS, from: APPROVED, to: APPROVED, code: 0, state: APPROVED },
  { name: "DENIED on APPROVED", versions: VERSIONS, from: APPROVED, to: DENIED, code: 0, state: DENIED },
  { name: "PENDING on APPROVED", versions: VERSIONS, from: APPROVED, to: PENDING, code: 0, state: PENDING },
  { name: "DENIED on DENIED", versions: VERSIONS, from: DENIED, to: DENIED, code: 0, state: DENIED },
  {
    name: "APPROVED on DENIED",
    versions: VERSIONS,
    from: DENIED,
    to: APPROVED,
    code: 3,
    message: 'cannot set request-state "APPROVED" (already denied)',
    state: DENIED,
  },
  { name: "PROMOTED", versions: VERSIONS, to: PROMOTED, code: 3, state: PENDING },
  {
    name: "foreign roles",
    versions: FROM_6,
    to: APPROVED,
    roles: ["root"],
    code: 3,
    message: 'role "root" not in original request',
    state: PENDING,
  },
  { name: "foreign roles", versions: ["4.2.8"], to: APPROVED, roles: ["root"], code: 0, state: APPROVED },
  { name: "fewer roles", versions: FROM_6, to: APPROVED, roles: ["dev"], code: 0, state: APPROVED },
  {
    name: "fewer roles with a denial",
    versions: FROM_6,
    to: DENIED,
    roles: ["dev"],
    code: 3,
    state: PENDING,
  },
];

describe.each(VERSIONS)("SetAccessRequestState of %s", (version) => {
  const rows = SET_STATE.filter(({ versions }) => versions.includes(version));
  it.each(rows)("answers $name with code $code", async (row) => {
    const { teleport, client } = await startWithClient({ version });
    const id = idOf(teleport.createRequest({ roles: ["dev", "ops"] }));
    teleport.resolve(id, row.from ?? PENDING, { reason: "before" });
    const { code, message } = await client.call("setAccessRequestState", {
      id: row.id ?? id,
      state: row.to,
      roles: [...(row.roles ?? [])],
      reason: "after",
      delegator: "pagerduty:one@example.com",
    });
    expect(code).toBe(row.code);
    expect(message).toContain(row.message ?? "");
    expect(teleport.request(id)?.spec?.state).toBe(row.state ?? PENDING);
    if (row.code === 0 && version !== "4.2.8") {
      expect(teleport.request(id)?.spec?.resolveReason).toBe("after");
    }
  });
});

describe("rights", () => {
  it.each(VERSIONS)("are needed to set a state, to watch and to write plugin data in %s", async (version) => {
    const { teleport, client } = await startWithClient({ version });
    const id = idOf(teleport.createRequest());
    teleport.users.setRevoked("access-plugin", true);
    const set = await client.call("setAccessRequestState", { id, state: APPROVED });
    expect(set).toEqual({ code: 7, message: 'access denied to perform action "update" on "access_request"' });
    const watched = await client.watch(on()).ended;
    expect(watched).toEqual({ code: 7, message: 'access denied to perform action "read" on "access_request"' });
    const written = await client.call("updatePluginData", {
      kind: "access_request",
      resource: id,
      plugin: "p",
      set: { a: "1" },
    });
    expect(written.code).toBe(7);
    teleport.users.setRevoked("access-plugin", false);
    expect((await client.call("setAccessRequestState", { id, state: APPROVED })).code).toBe(0);
  });

  it("lost, leave an empty list in 6.2 and 7.0 and a refusal in 4.2.8", async () => {
    for (const version of BEFORE_8) {
      const { teleport, client } = await startWithClient({ version });
      teleport.createRequest();
      teleport.users.setRevoked("access-plugin", true);
      const { code, value } = await client.call("getAccessRequests", {});
      expect([version, code, value?.accessRequests.length]).toEqual([
        version,
        ...(version === "4.2.8" ? [7, undefined] : [0, 0]),
      ]);
    }
  });

  it("end with the user: any call of 7.0, Ping too, is NOT_FOUND", async () => {
    const { teleport, client } = await startWithClient({ version: "7.0" });
    teleport.users.delete("access-plugin");
    expect(await client.call("ping", {})).toEqual({
      code: 5,
      message: '[10] access denied, user "access-plugin" is not found',
    });
  });

  it("in 18 hide a request that the caller cannot read, and protect its own", async () => {
    const { teleport, client } = await startWithClient({ version: "18" });
    const own = idOf(teleport.createRequest({ user: "access-plugin" }));
    expect((await client.call("setAccessRequestState", { id: own, state: APPROVED })).code).toBe(7);
    teleport.addUser("access-plugin", { grants: { access_request: ["update"] } });
    expect(
      (await client.call("setAccessRequestState", { id: idOf(teleport.createRequest()), state: APPROVED })).code,
    ).toBe(5);
  });
});

describe("listing", () => {
  it.each(VERSIONS)("has the RPCs of %s and no other", async (version) => {
    const { teleport, client } = await startWithClient({ version });
    teleport.createRequest();
    const codes = [
      (await client.call("getAccessRequests", {})).code,
      (await client.countRequestsV2()).code,
      (await client.call("listAccessRequests", {})).code,
    ];
    expect(codes).toEqual(version === "18" ? [12, 0, 0] : [0, 12, 12]);
  });

  it("of an unknown id is OK and empty; of all is sorted by id", async () => {
    const { teleport, client } = await startWithClient({ version: "7.0" });
    const ids = Array.from({ length: 5 }, () => idOf(teleport.createRequest()));
    expect((await client.call("getAccessRequests", { id: UNKNOWN_ID })).value?.accessRequests).toEqual([]);
    expect((await client.call("getAccessRequests", {})).value?.accessRequests.map(idOf)).toEqual(ids.sort());
  });

  it("of 18 comes in pages", async () => {
    const { teleport, client } = await startWithClient({ version: "18", listLimit: 2 });
    const ids = Array.from({ length: 5 }, () => idOf(teleport.createRequest())).sort();
    const listed: string[] = [];
    let startKey = "";
    do {
      const { value } = await client.call("listAccessRequests", { startKey, limit: 1000 });
      listed.push(...(value?.accessRequests.map(idOf) ?? []));
      startKey = value?.nextKey ?? "";
    } while (startKey !== "");
    expect(listed).toEqual(ids);
    expect(await client.countRequestsV2()).toMatchObject({ code: 0, value: 5 });
  });
});

describe("creation", () => {
  const requestOf = (id: string, role = "dev") => ({
    metadata: { name: id },
    spec: { user: "access-plugin", roles: [role] },
  });

  it.each(BEFORE_8)("in %s refuses a duplicate, a name that is no UUID and a bad role", async (version) => {
    const { client } = await startWithClient({ version, requestableRoles: ["dev"] });
    expect((await client.call("createAccessRequest", requestOf(UNKNOWN_ID))).code).toBe(0);
    expect((await client.call("createAccessRequest", requestOf(UNKNOWN_ID))).code).toBe(6);
    expect((await client.call("createAccessRequest", requestOf("one"))).code).toBe(3);
    expect((await client.call("createAccessRequest", requestOf(UNKNOWN_ID, "root"))).code).toBe(3);
    expect((await client.call("createAccessRequestV2", requestOf(UNKNOWN_ID))).code).toBe(12);
  });

  it("in 18 has a stub for the old call, and chooses the name itself", async () => {
    const { teleport, client } = await startWithClient({ version: "18" });
    expect((await client.call("createAccessRequest", requestOf(UNKNOWN_ID))).code).toBe(12);
    const { value } = await client.call("createAccessRequestV2", requestOf(UNKNOWN_ID));
    expect(value?.metadata?.name).not.toBe(UNKNOWN_ID);
    expect(value?.metadata?.expires).toBeUndefined();
    expect(value?.spec?.resourceExpiry).toBeDefined();
    expect(value?.spec?.sessionTtl?.seconds).toBe(-62_135_596_800n);
    expect(teleport.requests().length).toBe(1);
  });

  it("keeps a pending record for an hour, an approved one until the access ends", async () => {
    const now = Date.now();
    const teleport = await start({ version: "7.0", now: () => now });
    const request = teleport.createRequest({ accessTtlMs: 30 * 3_600_000 });
    const endOf = (record: AccessRequest | undefined) =>
      record?.metadata?.expires ? timestampMs(record.metadata.expires) - now : 0;
    expect(endOf(request)).toBe(3_600_000);
    teleport.resolve(idOf(request), APPROVED);
    expect(endOf(teleport.request(idOf(request)))).toBe(30 * 3_600_000);
  });
});
