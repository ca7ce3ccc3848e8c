import { afterEach, describe, expect, it } from "vitest";
import { isProvenAbsent } from "../../../relay/inventory/absence.ts";
import { Teleport } from "../../../relay/teleport.ts";
import { systemClock } from "../../../relay/time/clock.ts";
import { ManualClock, settled } from "../../fakes/clock.ts";
import { MemoryTeleport } from "../../fakes/memory-teleport.ts";
import type { TeleportVersion } from "../../fakes/teleport/versions.ts";
import { FakeTeleport } from "../../fakes/teleport.ts";
import { boundData, liveOf, NOW_MS, REQUEST_ID } from "../clicks.ts";

function looking() {
  const teleport = new MemoryTeleport();
  const clock = new ManualClock(NOW_MS);
  return { teleport, clock, proof: () => isProvenAbsent(teleport, REQUEST_ID, clock) };
}

describe("that a request is gone", () => {
  it("is proven when Teleport knows neither it nor anything stored with it", async () => {
    expect(await looking().proof()).toBe(true);
  });

  it("is proven when only its plugin data is left and we may read requests", async () => {
    const { teleport, proof } = looking();
    teleport.data.set(REQUEST_ID, { ...boundData() });
    expect(await proof()).toBe(true);
    expect(teleport.data.get(REQUEST_ID)).toEqual(boundData());
  });

  it.each([
    ["to write plugin data", { takesData: false }],
    ["to read requests", { showsRequests: false }],
  ])("is not proven without the right %s", async (_, lost) => {
    const { teleport, proof } = looking();
    teleport.put(liveOf());
    Object.assign(teleport, lost);
    await expect(proof()).rejects.toMatchObject({ code: "permission_denied" });
  });

  it("is not so when the right came back between the read and the proof", async () => {
    const { teleport, proof } = looking();
    teleport.put(liveOf());
    expect(await proof()).toBe(false);
  });

  it("is not proven by a watch that Teleport does not confirm", async () => {
    const { teleport, clock } = looking();
    teleport.data.set(REQUEST_ID, {});
    const silent = {
      read: () => teleport.read(REQUEST_ID),
      pluginData: () => teleport.pluginData(REQUEST_ID),
      updatePluginData: () => teleport.updatePluginData(REQUEST_ID, {}, {}),
      watch: (_: unknown, signal: AbortSignal) =>
        new Promise<void>((end) => signal.addEventListener("abort", () => end())),
    };
    const proof = isProvenAbsent(silent, REQUEST_ID, clock);
    const refused = expect(proof).rejects.toThrow("did not confirm");
    await settled();
    await clock.pass(15_000);
    await refused;
    expect(clock.timerCount).toBe(0);
  });
});

describe("on a server of each release", () => {
  const cleanups: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function connected(version: TeleportVersion) {
    const fake = await FakeTeleport.start({ version });
    cleanups.push(() => fake.close());
    const { key, certificate, cas } = await fake.issueIdentity();
    const names = { user: "access-plugin", roles: [], cluster: null };
    const identity = { key, certificate, authorities: [cas], ...names, notBeforeMs: 0, expiresMs: Date.now() + 60_000 };
    const teleport = new Teleport({ way: { kind: "direct", address: fake.address }, identity, now: Date.now });
    cleanups.push(() => teleport.close());
    const id = fake.createRequest().metadata?.name ?? "";
    return { fake, id, proof: () => isProvenAbsent(teleport, id, systemClock) };
  }

  it.each(["4.2.8", "6.2", "7.0", "18"] as const)(
    "lost rights prove nothing, and a removal does, on %s",
    async (version) => {
      const { fake, id, proof } = await connected(version);
      fake.storePluginData(id, { incident_id: "Q1" });
      fake.users.setRevoked("access-plugin", true);
      await expect(proof()).rejects.toMatchObject({ code: "permission_denied" });
      fake.users.setRevoked("access-plugin", false);
      expect(await proof()).toBe(false);
      fake.delete(id);
      expect(await proof()).toBe(true);
      expect(fake.pluginData(id)).toEqual({ incident_id: "Q1" });
    },
  );

  it.each(["6.2", "7.0", "18"] as const)(
    "the loss of the right to list alone proves nothing on %s",
    async (version) => {
      const { fake, id, proof } = await connected(version);
      fake.storePluginData(id, { incident_id: "Q1" });
      fake.addUser("access-plugin", { grants: { access_request: ["read", "update"], access_plugin_data: ["update"] } });
      await expect(proof()).rejects.toMatchObject({ code: "permission_denied" });
    },
  );

  it.each(["7.0", "18"] as const)("the right to write plugin data alone proves nothing on %s", async (version) => {
    const { fake, proof } = await connected(version);
    fake.addUser("access-plugin", { grants: { access_plugin_data: ["list", "read", "update"] } });
    await expect(proof()).rejects.toMatchObject({ code: "permission_denied" });
  });
});
