import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TripleSource } from "../../../relay/identity/source.ts";
import { type Identity, readIdentity } from "../../../relay/identity.ts";
import type { TeleportPort } from "../../../relay/teleport/port.ts";
import { BROKEN_FOR_MS, LOOK_EVERY_MS, Renewal, type RenewalOptions } from "../../../relay/teleport/renewal.ts";
import { RenewingTeleport } from "../../../relay/teleport/renewing-teleport.ts";
import { Teleport } from "../../../relay/teleport.ts";
import type { Clock } from "../../../relay/time/clock.ts";
import { systemClock } from "../../../relay/time/clock.ts";
import { Watch } from "../../../relay/watch.ts";
import { createLogger } from "../../../shared/log.ts";
import { type IdentityPaths, writeIdentity } from "../../fakes/teleport/identity-files.ts";
import { FakeTeleport } from "../../fakes/teleport.ts";
import { Arrivals } from "../link/arrivals.ts";
import { ScriptedTeleport } from "./renewing-teleport/scripted-teleport.ts";

const HOUR_MS = 3_600_000;

let fake: FakeTeleport;
let directory: string;
let paths: IdentityPaths;
let source: TripleSource;
let lines: string[];
let nowMs: number;
const cleanups: (() => Promise<void> | void)[] = [];

beforeEach(async () => {
  fake = await FakeTeleport.start();
  directory = await mkdtemp(join(tmpdir(), "renewal-"));
  paths = await fake.writeIdentityFiles(directory);
  source = { kind: "files", certificateFile: paths.certificate, keyFile: paths.key, authoritiesFile: paths.cas };
  lines = [];
  nowMs = Date.now();
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await fake.close();
  await rm(directory, { recursive: true });
});

const clock: Clock = { ...systemClock, now: () => nowMs };
const log = createLogger({
  severity: "debug",
  format: "text",
  now: () => 0,
  write: (line) => lines.push(line.slice(25)),
});
const said = (severity: string): string[] => lines.filter((line) => line.startsWith(severity));

function open(identity: Identity): TeleportPort {
  return new Teleport({ way: { kind: "direct", address: fake.address }, identity, now: clock.now });
}

/** A relay's connection with its renewal, which looks when a test says so. */
async function begun(change: Partial<RenewalOptions> = {}) {
  const identity = await readIdentity(source, nowMs);
  const teleport = new RenewingTeleport(open(identity), systemClock);
  cleanups.push(() => teleport.close());
  const renewals: Identity[] = [];
  const concerns: (string | null)[] = [];
  const renewal = new Renewal({
    source,
    refresh: true,
    identity,
    cluster: fake.clusterName,
    open: async (next) => open(next),
    replace: (next) => teleport.replace(next),
    renewed: (next) => renewals.push(next),
    concern: (problem) => concerns.push(problem),
    clock,
    log,
    ...change,
  });
  return { identity, teleport, renewal, renewals, concerns };
}

describe("Renewal", () => {
  it("takes renewed files by a new connection, tells of it once, and says so", async () => {
    const { identity, teleport, renewal, renewals, concerns } = await begun();
    await renewal.once();
    expect(renewals).toEqual([]);
    const issued = await fake.issueIdentity({ ttlSeconds: 24 * 3600 });
    await writeIdentity(directory, issued);
    await renewal.once();
    await renewal.once();
    expect(renewals).toMatchObject([{ certificate: issued.certificate, key: issued.key }]);
    expect(said("INFO")).toEqual([expect.stringContaining("The Teleport credentials were renewed user=access-plugin")]);
    fake.endCertificate(identity.certificate);
    expect(await teleport.ping()).toMatchObject({ cluster: fake.clusterName });
    expect(concerns.at(-1)).toBeNull();
  });

  it("reads nothing again when it is told not to, and still warns of the end", async () => {
    const { identity, renewal, renewals } = await begun({ refresh: false });
    await fake.writeIdentityFiles(directory);
    nowMs = identity.expiresMs - HOUR_MS;
    await renewal.once();
    expect(renewals).toEqual([]);
    expect(said("WARN")).toEqual([expect.stringContaining("restart the relay, because refresh_identity is false")]);
  });

  it("says once, at debug, that files are not whole, and warns once when they stay so for a minute", async () => {
    const { renewal, renewals, concerns } = await begun();
    await writeFile(paths.key, "-----BEGIN PRIVATE KEY-----\nAAAA");
    for (let look = 0; look * LOOK_EVERY_MS <= 2 * BROKEN_FOR_MS; look++) {
      await renewal.once();
      nowMs += LOOK_EVERY_MS;
    }
    expect([said("DEBUG").length, said("WARN").length]).toEqual([1, 1]);
    expect(said("WARN")[0]).toContain(`${paths.key} breaks off in the middle of a PEM block`);
    expect(lines.join()).not.toContain("BEGIN");
    expect(concerns.at(-1)).toContain("cannot be used");
    await fake.writeIdentityFiles(directory);
    await renewal.once();
    expect(renewals).toHaveLength(1);
    expect(concerns.at(-1)).toBeNull();
  });

  it("warns of broken files at once when the certificate in use is near its end", async () => {
    const { identity, renewal } = await begun();
    await rm(paths.certificate);
    nowMs = identity.expiresMs - HOUR_MS;
    await renewal.once();
    expect(said("WARN")).toEqual([
      expect.stringContaining("does not exist"),
      expect.stringContaining("in the last quarter of its life"),
    ]);
  });

  it("keeps what works while renewed credentials do not, and takes the next that do", async () => {
    const { teleport, renewal, renewals, concerns } = await begun();
    const foreign = await FakeTeleport.start();
    cleanups.push(() => foreign.close());
    await foreign.writeIdentityFiles(directory);
    await renewal.once();
    await renewal.once();
    expect(said("WARN")).toEqual([expect.stringContaining("do not work yet; those before stay in use")]);
    expect(concerns.at(-1)).toContain("our authorities have not signed");
    expect(await teleport.ping()).toMatchObject({ cluster: fake.clusterName });
    await fake.writeIdentityFiles(directory);
    await renewal.once();
    expect([renewals.length, concerns.at(-1)]).toEqual([1, null]);
  });

  it("tries again with the same files when Teleport was away as they were renewed", async () => {
    const { renewal, renewals } = await begun();
    await fake.writeIdentityFiles(directory);
    await fake.stop();
    await renewal.once();
    await renewal.once();
    expect(said("WARN")).toHaveLength(1);
    await fake.restart();
    await renewal.once();
    expect(renewals).toHaveLength(1);
  });

  it("does not move to another cluster", async () => {
    const { renewal, renewals } = await begun({ cluster: "other.example.com" });
    await fake.writeIdentityFiles(directory);
    await renewal.once();
    expect(renewals).toEqual([]);
    expect(said("WARN")[0]).toContain('They are of the cluster \\"teleport.example.com\\"');
  });

  it("says that the certificate has expired and how to mend it, and takes the next one", async () => {
    const { identity, renewal, concerns } = await begun();
    nowMs = identity.expiresMs;
    await renewal.once();
    await renewal.once();
    expect(said("ERROR")).toEqual([
      expect.stringMatching(/has expired.*tctl auth sign --format=tls --user=access-plugin/),
    ]);
    expect(concerns.at(-1)).toContain("has expired");
    await writeIdentity(directory, await fake.issueIdentity({ ttlSeconds: 48 * 3600 }));
    await renewal.once();
    expect(concerns.at(-1)).toBeNull();
  });

  it("stops at once though a connection is being opened, and closes that one when it comes", async () => {
    const opening = Promise.withResolvers<TeleportPort>();
    const asked = new Arrivals<void>();
    const { teleport, renewal } = await begun({
      open: () => {
        asked.push();
        return opening.promise;
      },
    });
    await fake.writeIdentityFiles(directory);
    const stopping = new AbortController();
    const running = renewal.run(stopping.signal);
    await asked.next();
    stopping.abort();
    await running;
    teleport.close();
    const late = new ScriptedTeleport("late");
    opening.resolve(late);
    await new Promise((resolve) => setImmediate(resolve));
    late.pings[0]?.answer({ version: "18", cluster: fake.clusterName, proxyAddress: null });
    await new Promise((resolve) => setImmediate(resolve));
    expect(late.isClosed).toBe(true);
  });
});

describe("while it watches", () => {
  /** A watch that stands, and what it tells. */
  async function watching() {
    const world = await begun({ renewed: () => watch.retryNow() });
    const told = new Arrivals<string>();
    const watch = new Watch({
      teleport: world.teleport,
      sink: {
        connected: () => {},
        lost: (problem) => told.push(`lost ${problem}`),
        listed: (requests) => told.push(`listed ${requests.map(({ request }) => request.id).join()}`),
        put: ({ request }) => told.push(`put ${request.id}`),
        deleted: () => {},
      },
      clock,
      random: () => 0.1,
      log,
    });
    const stopping = new AbortController();
    const running = watch.run(stopping.signal);
    cleanups.push(async () => {
      stopping.abort();
      await running;
    });
    expect(await told.next()).toBe("listed ");
    return { ...world, told };
  }

  it("is back at once with the renewed certificate when the one before expired in mid-stream", async () => {
    const { identity, renewal, told } = await watching();
    nowMs = identity.expiresMs;
    fake.endCertificate(identity.certificate);
    let problem = await told.next();
    // The stream is cut first; what refuses it shows with the next attempt.
    while (!problem.includes("has expired")) problem = await told.next();
    const id = fake.createRequest().metadata?.name ?? "";
    await writeIdentity(directory, await fake.issueIdentity({ ttlSeconds: 48 * 3600 }));
    await renewal.once();
    // The watch waits a minute by itself for what only a person can mend.
    expect(await told.next()).toBe(`listed ${id}`);
  });

  it("goes through a rotation of Teleport's authorities without a loss", async () => {
    const { renewal, told } = await watching();
    await fake.rotateHostAuthority();
    await fake.writeIdentityFiles(directory);
    await renewal.once();
    expect(await told.next()).toBe("listed ");
    fake.dropConnections();
    expect(await told.next()).toContain("lost");
    expect(await told.next()).toBe("listed ");
    const id = fake.createRequest().metadata?.name ?? "";
    expect(await told.next()).toBe(`put ${id}`);
  });

  it("says whom Teleport trusts no longer when authorities were rotated past it, and is back with the renewed file", async () => {
    const { renewal, told } = await watching();
    await fake.rotateHostAuthority();
    fake.dropConnections();
    let problem = await told.next();
    while (!problem.includes("our authorities have not signed")) problem = await told.next();
    const { cas } = await fake.issueIdentity();
    await writeFile(paths.cas, cas);
    await renewal.once();
    expect(await told.next()).toBe("listed ");
  });
});
