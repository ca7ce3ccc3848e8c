import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { IdentityError } from "../../relay/identity/error.ts";
import type { IdentitySource, TripleSource } from "../../relay/identity/source.ts";
import { readIdentity } from "../../relay/identity.ts";
import { Authority, type IssuedIdentity } from "../fakes/teleport/authority.ts";
import {
  type IdentityPaths,
  identityFileFor,
  writeIdentity,
  writeTbotDirectory,
} from "../fakes/teleport/identity-files.ts";

const HOUR_MS = 3_600_000;
const USER = { user: "access-plugin", roles: ["access-plugin", "auditor"] };

let authority: Authority;
let issued: IssuedIdentity;
let paths: IdentityPaths;
let directory: string;

beforeAll(async () => {
  authority = await Authority.create("teleport.example.com", "ec");
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "identity-"));
  issued = await authority.issueIdentity(USER);
  paths = await writeIdentity(directory, issued);
});

afterEach(() => rm(directory, { recursive: true }));

const triple = (): TripleSource => ({
  kind: "files",
  certificateFile: paths.certificate,
  keyFile: paths.key,
  authoritiesFile: paths.cas,
});
const identityFile = (): IdentitySource => ({ kind: "identity_file", file: paths.identity });

async function faultOf(source: IdentitySource, nowMs = Date.now()): Promise<IdentityError> {
  const error: unknown = await readIdentity(source, nowMs).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof IdentityError) return error;
  throw new Error(`no IdentityError but ${String(error)}`);
}

describe("readIdentity", () => {
  it.each([
    ["the three files of tctl", triple],
    ["an identity file", identityFile],
  ])("reads %s", async (_, source) => {
    const identity = await readIdentity(source(), Date.now());
    expect(identity).toMatchObject({
      user: "access-plugin",
      // A set: DER sorts it by its encoding.
      roles: ["auditor", "access-plugin"],
      cluster: "teleport.example.com",
      key: issued.key,
      certificate: issued.certificate,
      authorities: [issued.cas],
    });
    expect(identity.expiresMs - identity.notBeforeMs).toBe(12 * HOUR_MS + 60_000);
  });

  it.each([
    ["with its identity file", true],
    ["of tlscert, key and teleport-host-ca.crt", false],
  ])("reads the directory of tbot, %s", async (_, identityFile) => {
    const output = join(directory, "machine-id");
    await writeTbotDirectory(output, issued, { identityFile });
    expect(await readIdentity({ kind: "identity_file", file: output }, Date.now())).toMatchObject({
      user: "access-plugin",
      key: issued.key,
      certificate: issued.certificate,
      authorities: [issued.cas],
    });
  });

  it.each([
    ["an old SSH certificate", (text: string) => text.replace(/^ssh-rsa-cert\S+/m, "ssh-rsa")],
    [
      "a newer SSH certificate",
      (text: string) => text.replace(/^ssh-rsa-cert\S+/m, "ecdsa-sha2-nistp256-cert-v01@openssh.com"),
    ],
    ["no SSH certificate", (text: string) => text.replace(/^ssh-.*\n/m, "")],
    ["line ends of Windows", (text: string) => text.replaceAll("\n", "\r\n")],
    ["no line break at its end", (text: string) => text.trimEnd()],
  ])("reads an identity file with %s", async (_, variant) => {
    await writeFile(paths.identity, variant(identityFileFor(issued)));
    expect(await readIdentity(identityFile(), Date.now())).toMatchObject({
      key: issued.key,
      certificate: issued.certificate,
      authorities: [issued.cas],
    });
  });

  it("reads RSA keys in PKCS#1, as old releases write them", async () => {
    const old = await Authority.create("old", "rsa");
    paths = await writeIdentity(directory, await old.issueIdentity({ user: "plugin", roles: ["plugin"] }));
    expect((await readIdentity(identityFile(), Date.now())).key).toContain("BEGIN RSA PRIVATE KEY");
  });

  it("takes one role for a list of one", async () => {
    paths = await writeIdentity(directory, await authority.issueIdentity({ user: "plugin", roles: ["plugin"] }));
    expect((await readIdentity(triple(), Date.now())).roles).toEqual(["plugin"]);
  });

  it("keeps every authority apart", async () => {
    const other = await Authority.create("other", "ec");
    await writeFile(paths.cas, issued.cas + other.hostCa);
    expect((await readIdentity(triple(), Date.now())).authorities).toEqual([issued.cas, other.hostCa]);
  });

  it("says which command writes the files anew, with the user when it is known", async () => {
    const { message } = await faultOf(triple(), Date.now() + 13 * HOUR_MS);
    const out = paths.certificate.replace(/\.crt$/, "");
    expect(message).toContain(`tctl auth sign --format=tls --user=access-plugin --out=${out}`);
    const { message: forFile } = await faultOf(identityFile(), Date.now() + 13 * HOUR_MS);
    expect(forFile).toContain(`tctl auth sign --format=file --user=access-plugin --out=${paths.identity}`);
  });

  it("takes a certificate until just before its end, also by a clock that is behind", async () => {
    const { notBeforeMs, expiresMs } = await readIdentity(triple(), Date.now());
    await readIdentity(triple(), notBeforeMs - HOUR_MS);
    await readIdentity(triple(), expiresMs - 1);
    expect((await faultOf(triple(), expiresMs)).fault).toBe("expired");
  });
});

describe("readIdentity of three files refuses", () => {
  const junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  it.each<[string, string, () => string, () => Promise<unknown>]>([
    ["a certificate that is not there", "missing", () => paths.certificate, () => rm(paths.certificate)],
    ["a key that is not there", "missing", () => paths.key, () => rm(paths.key)],
    ["authorities that are not there", "missing", () => paths.cas, () => rm(paths.cas)],
    ["an empty certificate", "no_certificate", () => paths.certificate, () => writeFile(paths.certificate, "")],
    ["an empty key", "no_key", () => paths.key, () => writeFile(paths.key, "")],
    ["a certificate in place of the key", "no_key", () => paths.key, () => writeFile(paths.key, issued.certificate)],
    ["no authority", "no_authority", () => paths.cas, () => writeFile(paths.cas, "\n")],
    ["a certificate that is none", "unreadable", () => paths.certificate, () => writeFile(paths.certificate, junk)],
    ["an authority that is none", "unreadable", () => paths.cas, () => writeFile(paths.cas, issued.cas + junk)],
    [
      "a key that is none",
      "unreadable",
      () => paths.key,
      () => writeFile(paths.key, junk.replaceAll("CERTIFICATE", "PRIVATE KEY")),
    ],
    ["more than a megabyte", "unreadable", () => paths.key, () => writeFile(paths.key, Buffer.alloc(1024 * 1024 + 1))],
    [
      "two certificates",
      "two_certificates",
      () => paths.certificate,
      () => writeFile(paths.certificate, issued.certificate + issued.cas),
    ],
    [
      "half a certificate",
      "unfinished",
      () => paths.certificate,
      () => writeFile(paths.certificate, issued.certificate.slice(0, 300)),
    ],
    ["half a key", "unfinished", () => paths.key, () => writeFile(paths.key, issued.key.slice(0, 60))],
    [
      "half of the last authority",
      "unfinished",
      () => paths.cas,
      () => writeFile(paths.cas, issued.cas + issued.cas.slice(0, 300)),
    ],
    ["another's key", "mismatch", () => paths.key, () => writeFile(paths.key, otherKey())],
  ])("%s", async (_, fault, file, spoil) => {
    const at = file();
    await spoil();
    const error = await faultOf(triple());
    expect(error).toMatchObject({ fault, file: at });
    expect(error.message.startsWith(`${at} `)).toBe(true);
    expect(error.message).not.toContain("BEGIN");
  });

  it("a directory in place of a file", async () => {
    expect(await faultOf({ ...triple(), keyFile: directory })).toMatchObject({ fault: "unreadable" });
  });
});

describe("readIdentity of an identity file refuses", () => {
  it.each<[string, string, (text: string) => string]>([
    ["an empty file", "no_key", () => ""],
    ["a file without its key", "no_key", () => issued.certificate + issued.cas],
    ["a file without authorities", "no_authority", () => issued.key + issued.certificate],
    ["a file of a key alone", "no_certificate", () => issued.key],
    ["a file caught while it is written", "unfinished", (text) => text.slice(0, -100)],
    ["another's key", "mismatch", () => otherKey() + issued.certificate + issued.cas],
    ["binary", "no_key", () => "\u0000\uffff".repeat(1000)],
  ])("%s", async (_, fault, spoil) => {
    await writeFile(paths.identity, spoil(await readFile(paths.identity, "utf8")));
    expect(await faultOf(identityFile())).toMatchObject({ fault, file: paths.identity });
  });
});

function otherKey(): string {
  const { privateKey } = generateKeyPairSync("ed25519");
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}
