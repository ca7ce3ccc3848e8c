import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import type { Teleport } from "../../../relay/teleport.ts";
import type { TeleportVersion } from "../../fakes/teleport/versions.ts";
import type { FakeTeleport } from "../../fakes/teleport.ts";
import { startTeleport } from "./start.ts";

/** Watches; what was told, in words, comes one by one. */
function watch(teleport: Teleport) {
  const told: string[] = [];
  let wake = (): void => {};
  const tell = (what: string): void => {
    told.push(what);
    wake();
  };
  const stop = new AbortController();
  const ended = teleport.watch(
    {
      init: () => tell("init"),
      put: ({ request }) => tell(`request ${request.state}`),
      deleted: () => tell("request deleted"),
      rules: {
        init: () => tell("rules init"),
        put: ({ name, recipients }) => tell(`rule ${name} ${recipients}`),
        deleted: (name) => tell(`rule ${name} deleted`),
      },
    },
    stop.signal,
  );
  return {
    ended,
    stop: () => stop.abort(),
    async next(count: number): Promise<string[]> {
      while (told.length < count)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      return told.splice(0, count);
    },
  };
}

function put(fake: FakeTeleport, name: string): void {
  const notification = { name: "pagerduty", recipients: ["Databases"] };
  fake.putRule({ metadata: { name }, spec: { subjects: ["access_request"], condition: "true", notification } });
}

const watched = (fake: FakeTeleport): string[][] =>
  fake.calls.flatMap(({ request }) => ("kinds" in request ? [request.kinds.map(({ kind }) => kind)] : []));

describe("a watch with Access Monitoring Rules", () => {
  it("tells of rules beside requests", async () => {
    const { fake, teleport } = await startTeleport({ version: "18" });
    const { next, stop, ended } = watch(teleport);
    expect(await next(2)).toEqual(["init", "rules init"]);
    put(fake, "one");
    expect(await next(1)).toEqual(["rule one Databases"]);
    fake.createRequest();
    expect(await next(1)).toEqual(["request PENDING"]);
    fake.deleteRule("one");
    expect(await next(1)).toEqual(["rule one deleted"]);
    expect(watched(fake)).toEqual([["access_request", "access_monitoring_rule"]]);
    stop();
    await ended;
  });

  it("is of requests alone where the server lets what it refuses fall away", async () => {
    const { fake, teleport } = await startTeleport({ version: "18" });
    fake.addUser("access-plugin", { grants: { access_request: ["list", "read", "update"] } });
    const { next, stop, ended } = watch(teleport);
    expect(await next(2)).toEqual(["init", "rules init"]);
    put(fake, "one");
    fake.createRequest();
    expect(await next(1)).toEqual(["request PENDING"]);
    expect(watched(fake)).toHaveLength(1);
    stop();
    await ended;
  });

  it.each<TeleportVersion>(["4.2.8", "6.2", "7.0"])(
    "is of requests alone on %s, from the first on: it knows no other kind, and refuses both for one",
    async (version) => {
      const { fake, teleport } = await startTeleport({ version });
      const first = watch(teleport);
      expect(await first.next(2)).toEqual(["init", "rules init"]);
      fake.createRequest();
      expect(await first.next(1)).toEqual(["request PENDING"]);
      first.stop();
      await first.ended;
      const second = watch(teleport);
      await second.next(2);
      expect(watched(fake)).toEqual([["access_request"], ["access_request"]]);
      second.stop();
      await second.ended;
    },
  );

  it("says what is wrong when requests may not be watched either", async () => {
    const { fake, teleport } = await startTeleport({ version: "7.0" });
    fake.addUser("access-plugin", { grants: {} });
    await expect(watch(teleport).ended).rejects.toMatchObject({
      code: "permission_denied",
      message: expect.stringContaining('"access_request"'),
    });
  });

  it("is not tried again without rules when it is lost after it stood", async () => {
    const { fake, teleport } = await startTeleport({ version: "18" });
    const { next, ended } = watch(teleport);
    await next(2);
    fake.dropWatches(status.PERMISSION_DENIED, "access denied");
    await expect(ended).rejects.toMatchObject({ code: "permission_denied" });
    expect(watched(fake)).toHaveLength(1);
  });
});

describe("a user's traits", () => {
  it("are read, by their names", async () => {
    const { fake, teleport } = await startTeleport();
    fake.addUser("alice", { traits: { email: ["alice@example.com"], level: ["L1", "L2"] } });
    expect(await teleport.userTraits("alice")).toEqual({ email: ["alice@example.com"], level: ["L1", "L2"] });
    fake.addUser("bob");
    expect(await teleport.userTraits("bob")).toEqual({});
  });

  it("are not there without the user", async () => {
    const { teleport } = await startTeleport();
    expect(await teleport.userTraits("nobody")).toBeUndefined();
  });

  it("are refused without the right", async () => {
    const { fake, teleport } = await startTeleport();
    fake.addUser("access-plugin", { grants: {} });
    fake.addUser("alice");
    await expect(teleport.userTraits("alice")).rejects.toMatchObject({ code: "permission_denied" });
  });
});
