/** A stand-in Teleport and a client of it, which end with the test. */
import { afterEach } from "vitest";
import { Teleport } from "../../../relay/teleport.ts";
import type { FakeTeleportOptions } from "../../fakes/teleport/options.ts";
import { FakeTeleport } from "../../fakes/teleport.ts";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server that behaves as `options` say, and a client with the rights of a plugin. */
export async function startTeleport(options: FakeTeleportOptions = {}) {
  const fake = await FakeTeleport.start(options);
  cleanups.push(() => fake.close());
  const { key, certificate, cas } = await fake.issueIdentity();
  const identity = {
    key,
    certificate,
    authorities: [cas],
    user: "access-plugin",
    roles: [],
    cluster: null,
    notBeforeMs: 0,
    expiresMs: Number.MAX_SAFE_INTEGER,
  };
  const teleport = new Teleport({ way: { kind: "direct", address: fake.address }, identity, now: Date.now });
  cleanups.push(() => teleport.close());
  return { fake, teleport };
}
