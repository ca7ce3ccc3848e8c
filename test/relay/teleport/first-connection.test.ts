import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { IdentitySource } from "../../../relay/identity/source.ts";
import type { Identity } from "../../../relay/identity.ts";
import { TeleportError } from "../../../relay/teleport/error.ts";
import { connectFirst } from "../../../relay/teleport/first-connection.ts";
import { systemClock } from "../../../relay/time/clock.ts";
import { createLogger } from "../../../shared/log.ts";
import { Authority } from "../../fakes/teleport/authority.ts";
import { writeIdentity } from "../../fakes/teleport/identity-files.ts";
import { ScriptedTeleport } from "./renewing-teleport/scripted-teleport.ts";

const SERVER = { version: "18.0.0", cluster: "main", proxyAddress: null };
const AWAY = new TeleportError({ code: "unavailable", problem: "Teleport is away.", mend: "Wait." });
const REFUSED = new TeleportError({
  code: "unauthenticated_certificate",
  problem: "It is refused.",
  mend: "Renew it.",
});

let directory: string;
let authority: Authority;
let lines: string[];
let identifications: number;
let stopping: AbortController;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "first-connection-"));
  authority = await Authority.create("main", "ec");
  await issue();
  lines = [];
  identifications = 0;
  stopping = new AbortController();
});
afterEach(() => rm(directory, { recursive: true }));

async function issue(ttlSeconds = 3600): Promise<string> {
  const issued = await authority.issueIdentity({ user: "plugin", roles: [], ttlSeconds });
  await writeIdentity(directory, issued);
  return issued.certificate;
}

/** Connects by what is given for each attempt: a connection, or why there is none. */
function connect(...attempts: ((identity: Identity) => Promise<ScriptedTeleport>)[]) {
  const identified = (): void => {
    identifications++;
  };
  const source: IdentitySource = { kind: "identity_file", file: join(directory, "identity") };
  const log = createLogger({ severity: "info", format: "text", now: () => 0, write: (line) => lines.push(line) });
  const open = async (identity: Identity): Promise<ScriptedTeleport> => {
    const attempt = attempts.shift();
    if (attempt === undefined) throw new Error("one attempt too many");
    return attempt(identity);
  };
  return connectFirst({ source, open, clock: systemClock, random: () => 0, log, identified }, stopping.signal);
}

function answering(answer: (ping: ScriptedTeleport["pings"][number]) => void): ScriptedTeleport {
  const teleport = new ScriptedTeleport("scripted");
  teleport.ping = () => new Promise((resolve, reject) => answer({ answer: resolve, fail: reject }));
  return teleport;
}

describe("connectFirst", () => {
  it("gives a connection that has answered, as whom, and what Teleport said", async () => {
    const teleport = answering(({ answer }) => answer(SERVER));
    expect(await connect(async () => teleport)).toMatchObject({
      teleport,
      identity: { user: "plugin" },
      server: SERVER,
    });
  });

  it("tries for as long as Teleport is away, closes what did not answer, and reads renewed files", async () => {
    const silent = answering(({ fail }) => fail(AWAY));
    let renewed = "";
    const first = await connect(
      () => Promise.reject(AWAY),
      async () => {
        renewed = await issue();
        return silent;
      },
      async () => answering(({ answer }) => answer(SERVER)),
    );
    expect(first?.identity.certificate).toBe(renewed);
    expect(silent.isClosed).toBe(true);
    expect(lines).toHaveLength(2);
    expect(identifications).toBe(3);
  });

  it("gives up on what only a person can mend", async () => {
    const refusing = answering(({ fail }) => fail(REFUSED));
    await expect(connect(async () => refusing)).rejects.toBe(REFUSED);
    expect(refusing.isClosed).toBe(true);
  });

  it("gives up where a right is missing, and passes over whatever else keeps it from trying them", async () => {
    const denied = new TeleportError({ code: "permission_denied", problem: "It may not.", mend: "Let it." });
    const powerless = answering(({ answer }) => answer(SERVER));
    powerless.updatePluginData = () => Promise.reject(denied);
    await expect(connect(async () => powerless)).rejects.toThrow(
      "It may not. Let it. `teleport-pagerduty check` prints the whole role.",
    );
    expect(powerless.isClosed).toBe(true);
    const busy = answering(({ answer }) => answer(SERVER));
    busy.pluginData = () => Promise.reject(AWAY);
    expect(await connect(async () => busy)).toMatchObject({ teleport: busy });
  });

  it("gives up on credentials that have expired, before it dials", async () => {
    await issue(-60);
    await expect(connect()).rejects.toMatchObject({ name: "IdentityError", fault: "expired" });
  });

  it("ends at once when it is asked to, though Teleport does not answer, and closes what comes later", async () => {
    const opening = Promise.withResolvers<ScriptedTeleport>();
    const connecting = connect(() => {
      queueMicrotask(() => stopping.abort());
      return opening.promise;
    });
    expect(await connecting).toBeUndefined();
    const late = answering(({ answer }) => answer(SERVER));
    opening.resolve(late);
    await new Promise((resolve) => setImmediate(resolve));
    expect(late.isClosed).toBe(true);
  });

  it("ends when it is asked to between two attempts", async () => {
    expect(
      await connect(() => {
        stopping.abort();
        return Promise.reject(AWAY);
      }),
    ).toBeUndefined();
  });
});
