import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fingerprintOf, type IdentitySource, layoutOf, mendFor } from "../../../relay/identity/source.ts";

let directory: string;
const at = (name: string): string => join(directory, name);
const tbot = (): IdentitySource => ({ kind: "identity_file", file: directory });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "source-"));
});
afterEach(() => rm(directory, { recursive: true }));

async function write(...names: string[]): Promise<void> {
  for (const name of names) await writeFile(at(name), name);
}

describe("layoutOf", () => {
  it("takes three files, and a file, as they were configured", async () => {
    const files = { kind: "files", certificateFile: "/a.crt", keyFile: "/a.key", authoritiesFile: "/a.cas" } as const;
    expect(await layoutOf(files)).toEqual({ ...files, directory: null });
    await write("identity");
    const file: IdentitySource = { kind: "identity_file", file: at("identity") };
    expect(await layoutOf(file)).toEqual({ ...file, directory: null });
  });

  it("prefers the identity file in tbot's directory", async () => {
    await write("identity", "tlscert", "key", "teleport-host-ca.crt");
    expect(await layoutOf(tbot())).toEqual({ kind: "identity_file", file: at("identity"), directory });
  });

  it("takes tbot's separate files where there is no identity file, and its host authorities only", async () => {
    await write("tlscert", "key", "teleport-host-ca.crt", "teleport-user-ca.crt");
    expect(await layoutOf(tbot())).toEqual({
      kind: "files",
      certificateFile: at("tlscert"),
      keyFile: at("key"),
      authoritiesFile: at("teleport-host-ca.crt"),
      directory,
    });
  });

  it("asks for the identity file in an empty directory", async () => {
    expect(await layoutOf(tbot())).toMatchObject({ kind: "identity_file", file: at("identity") });
  });
});

describe("fingerprintOf", () => {
  const file = (): IdentitySource => ({ kind: "identity_file", file: at("identity") });

  it("stays the same while nothing is written", async () => {
    await write("identity", "tlscert");
    expect(await fingerprintOf(tbot())).toBe(await fingerprintOf(tbot()));
  });

  it.each<[string, () => Promise<unknown>]>([
    ["written", () => writeFile(at("identity"), "other!!!")],
    ["replaced by another", () => writeFile(at("new"), "identity").then(() => rename(at("new"), at("identity")))],
    ["made readable", () => chmod(at("identity"), 0o640)],
    ["removed", () => rm(at("identity"))],
  ])("changes when a file is %s", async (_, change) => {
    await write("identity");
    await chmod(at("identity"), 0o600);
    const before = [await fingerprintOf(file()), await fingerprintOf(tbot())];
    await change();
    const after = [await fingerprintOf(file()), await fingerprintOf(tbot())];
    expect(after[0]).not.toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
  });

  it("sees through the links by which a directory is swapped at once", async () => {
    for (const generation of ["one", "two"]) {
      await mkdir(at(generation));
      await writeFile(at(`${generation}/identity`), "same size");
    }
    await symlink("one", at("current"));
    const source: IdentitySource = { kind: "identity_file", file: at("current") };
    const before = await fingerprintOf(source);
    await symlink("two", at("next"));
    await rename(at("next"), at("current"));
    expect(await fingerprintOf(source)).not.toBe(before);
  });

  it("does not change with what else lies in tbot's directory", async () => {
    await write("identity");
    const before = await fingerprintOf(tbot());
    await write("ssh_config", "known_hosts");
    expect(await fingerprintOf(tbot())).toBe(before);
  });
});

describe("mendFor", () => {
  it.each<[string, Parameters<typeof mendFor>[0], string]>([
    [
      "three files",
      {
        kind: "files",
        certificateFile: "/c/auth.crt",
        keyFile: "/c/auth.key",
        authoritiesFile: "/c/auth.cas",
        directory: null,
      },
      "Issue it again: `tctl auth sign --format=tls --user=plugin --out=/c/auth`.",
    ],
    [
      "an identity file",
      { kind: "identity_file", file: "/c/identity", directory: null },
      "See that tbot renews it, or issue it again: `tctl auth sign --format=file --user=plugin --out=/c/identity`.",
    ],
    [
      "tbot's directory",
      { kind: "identity_file", file: "/c/identity", directory: "/c" },
      "See that tbot runs and renews /c; its own log says more.",
    ],
  ])("tells what to do about %s", (_, layout, mend) => {
    expect(mendFor(layout, "plugin")).toBe(mend);
  });
});
