import { mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { IdentityFiles } from "../../../relay/identity/files.ts";
import type { TripleSource } from "../../../relay/identity/source.ts";
import { readIdentity } from "../../../relay/identity.ts";
import { Authority, type IssuedIdentity } from "../../fakes/teleport/authority.ts";
import { type IdentityPaths, writeIdentity } from "../../fakes/teleport/identity-files.ts";

const HOUR_MS = 3_600_000;
const UNCHANGED = { kind: "unchanged" };

let authority: Authority;
let directory: string;
let paths: IdentityPaths;
let source: TripleSource;
let nowMs: number;

beforeAll(async () => {
  authority = await Authority.create("teleport.example.com", "ec");
});

beforeEach(async () => {
  nowMs = Date.now();
  directory = await mkdtemp(join(tmpdir(), "identity-files-"));
  paths = await writeIdentity(directory, await issue());
  source = { kind: "files", certificateFile: paths.certificate, keyFile: paths.key, authoritiesFile: paths.cas };
});
afterEach(() => rm(directory, { recursive: true }));

const issue = (): Promise<IssuedIdentity> => authority.issueIdentity({ user: "plugin", roles: ["plugin"] });

async function opened(): Promise<IdentityFiles> {
  return new IdentityFiles(source, await readIdentity(source, nowMs));
}

describe("IdentityFiles", () => {
  it("tells nothing while nothing changes, and nothing when the same is written again", async () => {
    const files = await opened();
    expect(await files.look(nowMs)).toEqual(UNCHANGED);
    await utimes(paths.certificate, 1, 1);
    await writeFile(paths.key, await readFile(paths.key));
    expect(await files.look(nowMs)).toEqual(UNCHANGED);
  });

  it("tells a renewal once", async () => {
    const files = await opened();
    const { certificate, key } = await issue();
    await writeIdentity(directory, { certificate, key, cas: authority.hostCa });
    expect(await files.look(nowMs)).toMatchObject({ kind: "renewed", identity: { certificate, key } });
    expect(await files.look(nowMs)).toEqual(UNCHANGED);
  });

  it("tells a renewal that came between the first reading and the first look", async () => {
    const files = await opened();
    await writeIdentity(directory, await issue());
    expect(await files.look(nowMs)).toMatchObject({ kind: "renewed" });
  });

  it("tells authorities that changed while the certificate stayed", async () => {
    const files = await opened();
    const other = await Authority.create("teleport.example.com", "ec");
    await writeFile(paths.cas, authority.hostCa + other.hostCa);
    expect(await files.look(nowMs)).toMatchObject({
      kind: "renewed",
      identity: { authorities: [authority.hostCa, other.hostCa] },
    });
  });

  it("waits through every stage of a triple that is written file by file, and takes it when it is whole", async () => {
    const files = await opened();
    const next = await issue();
    const broken = { kind: "broken", sinceMs: nowMs };
    await writeFile(paths.certificate, "");
    expect(await files.look(nowMs)).toMatchObject(broken);
    await writeFile(paths.certificate, next.certificate.slice(0, 200));
    expect(await files.look(nowMs + 1)).toMatchObject(broken);
    await writeFile(paths.certificate, next.certificate);
    expect(await files.look(nowMs + 2)).toMatchObject({
      ...broken,
      problem: expect.stringContaining("is not the key of"),
    });
    await rm(paths.key);
    expect(await files.look(nowMs + 3)).toMatchObject(broken);
    await writeFile(paths.key, next.key);
    expect(await files.look(nowMs + 4)).toMatchObject({ kind: "renewed", identity: { key: next.key } });
  });

  it("forgets that files were broken when what was there before is put back", async () => {
    const files = await opened();
    const before = await readFile(paths.key, "utf8");
    await writeFile(paths.key, "nonsense");
    expect(await files.look(nowMs)).toMatchObject({ kind: "broken" });
    await writeFile(paths.key, before);
    expect(await files.look(nowMs)).toEqual(UNCHANGED);
    await rm(paths.key);
    expect(await files.look(nowMs + 9)).toMatchObject({ kind: "broken", sinceMs: nowMs + 9 });
  });

  it("takes a certificate that is not valid yet by this machine's clock, which may be behind", async () => {
    const files = await opened();
    const request = { user: "plugin", roles: [], notBefore: new Date(nowMs + HOUR_MS) };
    await writeIdentity(directory, await authority.issueIdentity(request));
    expect(await files.look(nowMs)).toMatchObject({ kind: "renewed" });
  });

  it("does not take a certificate that has expired", async () => {
    const files = await opened();
    await writeIdentity(directory, await authority.issueIdentity({ user: "plugin", roles: [], ttlSeconds: -60 }));
    expect(await files.look(nowMs)).toMatchObject({ kind: "broken", problem: expect.stringContaining("expired") });
  });
});
