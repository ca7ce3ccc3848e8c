import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { channelFor } from "../../../relay/channel.ts";
import { RequestState } from "../../../relay/gen/teleport_pb.ts";
import { Connection } from "../../../relay/teleport/connection.ts";
import { Listing } from "../../../relay/teleport/listing.ts";
import { FakeTeleport } from "../../fakes/teleport.ts";

const PENDING = { state: RequestState.PENDING };

let fake: FakeTeleport;
let connection: Connection;
let listing: Listing;

beforeEach(async () => {
  fake = await FakeTeleport.start({ version: "18" });
  const { key, certificate, cas } = await fake.issueIdentity();
  const times = { notBeforeMs: 0, expiresMs: Number.MAX_SAFE_INTEGER };
  const identity = { key, certificate, authorities: [cas], user: "plugin", roles: [], cluster: null, ...times };
  const { address } = fake;
  const channel = channelFor({ kind: "direct", address }, identity);
  connection = new Connection({ channel, address, certificateExpiresMs: identity.expiresMs, now: Date.now });
  listing = new Listing(connection);
});

afterEach(async () => {
  connection.close();
  await fake.close();
});

const rpcs = (): string[] => fake.calls.map(({ rpc }) => rpc);

describe("Listing", () => {
  it("asks a server of another version anew, and one of the same version not", async () => {
    listing.serverIs("14.0.0");
    fake.failNext("listAccessRequests", status.UNIMPLEMENTED);
    await listing.read(PENDING);
    listing.serverIs("14.0.0");
    await listing.read(PENDING);
    listing.serverIs("18.0.0");
    await listing.read(PENDING);
    expect(rpcs()).toEqual(["listAccessRequests", "getAccessRequestsV2", "getAccessRequestsV2", "listAccessRequests"]);
  });

  it("steps past what a server lacks once, however many reads find out together", async () => {
    fake.failNext("listAccessRequests", status.UNIMPLEMENTED, "unknown method", 2);
    await Promise.all([listing.read(PENDING), listing.read(PENDING)]);
    expect(rpcs().filter((rpc) => rpc === "getAccessRequestsV2")).toHaveLength(2);
  });

  it("does not take another fault for a missing way", async () => {
    fake.failNext("listAccessRequests", status.UNAVAILABLE, "Connection dropped");
    await expect(listing.read(PENDING)).rejects.toThrow("Connection dropped");
    await listing.read(PENDING);
    expect(rpcs()).toEqual(["listAccessRequests", "listAccessRequests"]);
  });

  it("does not show the part of a stream that came before its fault", async () => {
    listing.serverIs("14.0.0");
    fake.failNext("listAccessRequests", status.UNIMPLEMENTED);
    fake.createRequest();
    fake.failNext("getAccessRequestsV2", status.UNKNOWN, "half", 1, "after");
    await expect(listing.read(PENDING)).rejects.toThrow("half");
    expect(await listing.read(PENDING)).toHaveLength(1);
  });
});
