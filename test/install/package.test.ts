/**
 * What `npm run build` makes, put on a host and taken off again: into a root of its own, without a service manager, by the
 * install script and as the Debian package. In between it does its work against the stand-ins.
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { buildDeb } from "../../relay/install/deb.ts";
import { releaseBuilt } from "../../relay/install/release.ts";
import { PACKAGE } from "../../relay/install/tree.ts";
import { NotifyReceiver } from "../fakes/notify-receiver.ts";
import { ask, boundIncidentFor, setStage, stateReached } from "../journeys/journey.ts";
import { PEOPLE } from "../stage/stage.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BUILD_WITHIN_MS = 180_000;
const JOURNEY_WITHIN_MS = 120_000;

let receiver: NotifyReceiver | undefined;

beforeAll(() => must(process.execPath, ["relay/build.ts"]), BUILD_WITHIN_MS);

afterEach(() => receiver?.close());

const execute = promisify(execFile);

/** Runs a program that has to succeed; what it printed. The stand-ins answer meanwhile. */
async function must(command: string, args: readonly string[]): Promise<string> {
  return (await execute(command, args, { cwd: ROOT })).stdout;
}

/** An empty host: nobody has an account, and no package is there. */
function emptyHost(): string {
  const root = mkdtempSync(join(tmpdir(), "host-"));
  for (const folder of ["etc/credstore", "usr/lib", "var/lib/dpkg/info", "var/lib/dpkg/updates"]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  for (const file of ["etc/passwd", "etc/group", "var/lib/dpkg/status"]) writeFileSync(join(root, file), "");
  return root;
}

/** Everything below a root but what keeps account of users, packages and units. */
function contentOf(root: string): string[] {
  const isKept = /^(etc\/(\.pwd\.lock|g?shadow-?|passwd-?|group-?|systemd(\/.*)?)|var\/lib\/dpkg\/.*)$/;
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => !isKept.test(path))
    .toSorted();
}

/** The units that a host starts by itself; none where there is no systemctl to enable them. */
function enabledOn(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.startsWith("etc/systemd/system/multi-user.target.wants/"))
    .map((path) => basename(path));
}

interface Installer {
  readonly install: (root: string) => Promise<unknown>;
  readonly remove: (root: string) => Promise<unknown>;
  readonly purge: (root: string) => Promise<unknown>;
}

const script = (root: string, ...args: string[]) => must("sh", [join(PACKAGE, "install"), "--root", root, ...args]);
const byScript: Installer = {
  install: (root) => script(root),
  remove: (root) => script(root, "--remove"),
  purge: (root) => script(root, "--purge"),
};

const dpkg = (root: string, ...args: string[]) =>
  must("dpkg", [`--root=${root}`, "--force-script-chrootless", "--force-depends", `--log=${root}.log`, ...args]);
const byDpkg: Installer = {
  install: async (root) => {
    const into = mkdtempSync(join(tmpdir(), "deb-"));
    await dpkg(root, "--install", buildDeb({ release: releaseBuilt(), compression: "none", into }));
  },
  remove: (root) => dpkg(root, "--remove", "teleport-pagerduty"),
  purge: (root) => dpkg(root, "--purge", "teleport-pagerduty"),
};

const hasAccounts = ["systemd-sysusers", "useradd"].some((tool) => spawnSync(tool, ["--help"]).status === 0);
const hasSystemctl = spawnSync("systemctl", ["--version"]).status === 0;
const isRoot = process.getuid?.() === 0 && hasAccounts;
const hasDpkg = spawnSync("dpkg-deb", ["--version"]).status === 0;

describe.each([
  ["the install script", byScript, isRoot],
  ["the Debian package", byDpkg, isRoot && hasDpkg],
])("%s (skipped for others than root, and without its tools)", (_, installer, canRun) => {
  it.skipIf(!canRun)(
    "puts a relay on a host that works there, survives an upgrade without losing a request, and leaves nothing",
    async () => {
      const root = emptyHost();
      const before = contentOf(root);
      await installer.install(root);
      expect(readFileSync(join(root, "etc/passwd"), "utf8")).toMatch(/^teleport-pagerduty:/);
      const program = join(root, "usr/bin/teleport-pagerduty");
      const { version } = JSON.parse(await must(program, ["version", "--json"]));
      expect(version).toBe(releaseBuilt().version);

      receiver = await NotifyReceiver.open(join(root, "notify"));
      const relayEnv = { NOTIFY_SOCKET: receiver.address, WATCHDOG_USEC: "60000000" };
      const stage = await setStage({ relayProgram: program, relayEnv });
      await receiver.message(/^READY=1$/m);
      await receiver.message(/^WATCHDOG=1$/m);
      await receiver.message(/^STATUS=Watching Teleport; linked to the edge$/m);
      const checks = JSON.parse(await must(program, ["check", "--json", "-c", stage.path("relay.toml")]));
      expect(checks.filter(({ ok }: { ok: boolean }) => !ok)).toEqual([]);

      await installer.install(root);
      expect(await stage.relay.stop()).toBe(0);
      const request = ask(stage);
      await receiver.message(/^STOPPING=1$/m);
      await stage.startRelay();
      stage.pagerDuty.as(PEOPLE.bob.id).note((await boundIncidentFor(stage, request)).id, "/approve");
      await stateReached(stage, request, "APPROVED");
      await stage.relay.stop();
      receiver.close();

      writeFileSync(join(root, "etc/teleport-pagerduty.toml"), "");
      writeFileSync(join(root, "etc/credstore/teleport-pagerduty.relay.key"), "");
      await installer.remove(root);
      const left = contentOf(root).filter((path) => path.includes("teleport-pagerduty"));
      expect(left).toEqual(["etc/credstore/teleport-pagerduty.relay.key", "etc/teleport-pagerduty.toml"]);
      await installer.install(root);
      expect(enabledOn(root)).toEqual(hasSystemctl ? ["teleport-pagerduty.service"] : []);
      await installer.purge(root);
      expect(contentOf(root).filter((path) => !before.includes(path))).toEqual([]);
      expect(enabledOn(root)).toEqual([]);
      const accounts = ["passwd", "group"].map((name) => readFileSync(join(root, "etc", name), "utf8"));
      expect(accounts.join("")).not.toContain("teleport-pagerduty");
    },
    JOURNEY_WITHIN_MS,
  );
});

describe("the install script", () => {
  it.skipIf(!isRoot)("needs no more than an empty folder for its root (skipped for others than root)", async () => {
    const root = mkdtempSync(join(tmpdir(), "host-"));
    await byScript.install(root);
    expect(readFileSync(join(root, "etc/passwd"), "utf8")).toMatch(/^teleport-pagerduty:/);
  });

  it("takes no empty name for its root, which would be this machine", () => {
    const { status, stderr } = spawnSync("sh", [join(PACKAGE, "install"), "--root", ""], { encoding: "utf8" });
    expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining("--root takes a folder.") });
  });
});

describe.each(["relay/build.ts", "relay/install/deb.ts"])("%s", (program) => {
  const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { cwd: ROOT, encoding: "utf8" });

  it("prints its usage and makes nothing when it is asked for help", () => {
    expect(run("--help")).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Usage: /), stderr: "" });
  });

  it("ends with 2 and its usage when it does not know an option", () => {
    const stderr = expect.stringMatching(/^Unknown option '--bogus'\.\n\nUsage: /);
    expect(run("--bogus")).toMatchObject({ status: 2, stdout: "", stderr });
  });
});
