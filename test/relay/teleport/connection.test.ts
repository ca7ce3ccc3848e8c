import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { channelFor } from "../../../relay/channel.ts";
import { Connection } from "../../../relay/teleport/connection.ts";
import { FakeTeleport } from "../../fakes/teleport.ts";

const PLENTY_MS = 10_000;

let fake: FakeTeleport;
let connection: Connection;

beforeEach(async () => {
  fake = await FakeTeleport.start();
  const { key, certificate, cas } = await fake.issueIdentity();
  const times = { notBeforeMs: 0, expiresMs: Number.MAX_SAFE_INTEGER };
  const identity = { key, certificate, authorities: [cas], user: "plugin", roles: [], cluster: null, ...times };
  const { address } = fake;
  const channel = channelFor({ kind: "direct", address }, identity);
  connection = new Connection({ channel, address, certificateExpiresMs: identity.expiresMs, now: Date.now });
});

afterEach(async () => {
  connection.close();
  await fake.close();
});

describe("Connection", () => {
  it("gives up on a call that is not answered in time", async () => {
    fake.hang("ping");
    await expect(connection.unary("ping", {}, 50)).rejects.toMatchObject({
      code: "timeout",
      message: expect.stringContaining(`Teleport at ${fake.address} did not answer Ping in time.`),
    });
  });

  it("gives up on a stream that does not end in time", async () => {
    fake.delayInit(PLENTY_MS);
    const watch = { kinds: [{ kind: "access_request" }] };
    const streaming = connection.stream("watchEvents", watch, () => {}, { withinMs: 50 });
    await expect(streaming).rejects.toMatchObject({ code: "timeout" });
  });

  it("makes many calls at once over one connection", async () => {
    await Promise.all(Array.from({ length: 500 }, () => connection.unary("ping", {}, PLENTY_MS)));
    expect(fake.open.connections).toBe(1);
  });

  it("dials again after it was cut", async () => {
    await connection.unary("ping", {}, PLENTY_MS);
    fake.dropConnections();
    await expect.poll(() => connection.unary("ping", {}, PLENTY_MS).catch(() => undefined)).toBeDefined();
  });

  it("calls nobody once it is closed", async () => {
    connection.close();
    await expect(connection.unary("ping", {}, PLENTY_MS)).rejects.toMatchObject({ name: "TeleportError" });
    expect(fake.calls).toEqual([]);
  });
});
