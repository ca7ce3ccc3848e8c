/**
 * `npm run deb`: the Debian package, made of dist/package/ with dpkg-deb. Build first: `npm run build`.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { HELP, parseOptions, UsageError } from "../commands/command.ts";
import { type BuiltRelease, DIST, releaseBuilt } from "./release.ts";
import { PACKAGE } from "./tree.ts";

const USAGE = `Usage: npm run deb [-- --help]

Makes dist/teleport-pagerduty_VERSION_ARCHITECTURE.deb of dist/package/, with dpkg-deb. Build first: npm run build.
`;

/** Debian's names of processors, by the machine number in an ELF file's header. */
const ARCHITECTURES: Readonly<Record<number, string>> = { 62: "amd64", 183: "arm64" };

/** How dpkg-deb packs: xz for a release, which every dpkg reads; none where nobody keeps it. */
export type Compression = "xz" | "none";

export interface DebOptions {
  readonly release: BuiltRelease;
  readonly compression: Compression;
  /** The folder that the package is written to. */
  readonly into: string;
}

/** Makes the package of what dist/package/ holds; its path. */
export function buildDeb({ release, compression, into }: DebOptions): string {
  const root = join(PACKAGE, "root");
  const program = join(root, "usr/bin/teleport-pagerduty");
  if (!existsSync(program)) throw new Error("There is no dist/package/ yet: run `npm run build` first.");
  const architecture = architectureOf(program);
  const deb = join(into, `teleport-pagerduty_${release.version}_${architecture}.deb`);
  const folder = mkdtempSync(`${DIST}.deb-`);
  try {
    cpSync(root, folder, { recursive: true, preserveTimestamps: true });
    const files = filesIn(folder);
    mkdirSync(join(folder, "DEBIAN"));
    cpSync(join(PACKAGE, "scripts"), join(folder, "DEBIAN"), { recursive: true });
    writeFileSync(join(folder, "DEBIAN/md5sums"), files.map((file) => md5Line(folder, file)).join(""));
    const kibibytes = Math.ceil(files.reduce((sum, file) => sum + statSync(file).size, 0) / 1024);
    writeFileSync(join(folder, "DEBIAN/control"), controlFor(release, architecture, kibibytes));
    chmodSync(folder, 0o755);
    execFileSync("dpkg-deb", ["--root-owner-group", `-Z${compression}`, "-z1", "--build", folder, deb], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, SOURCE_DATE_EPOCH: String(release.committedMs / 1000) },
    });
    return deb;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function controlFor({ version, commit }: BuiltRelease, architecture: string, installedKibibytes: number): string {
  return `Package: teleport-pagerduty
Version: ${version}
Architecture: ${architecture}
Maintainer: The teleport-pagerduty project <teleport-pagerduty@example.com>
Installed-Size: ${installedKibibytes}
Depends: libc6 (>= 2.28), libstdc++6 (>= 5.2), libgcc-s1 | libgcc1, libatomic1
Recommends: systemd (>= 252)
Section: admin
Priority: optional
Description: grant and refuse Teleport access requests from PagerDuty
 The relay runs beside Teleport. It tells the edge, a Cloudflare Worker, of access
 requests, and carries out what people decide in PagerDuty once it has judged that
 itself. It only dials out. Built from commit ${commit}.
`;
}

// ELF: the machine is the half word at offset 18.
function architectureOf(program: string): string {
  const machine = readFileSync(program).readUInt16LE(18);
  const name = ARCHITECTURES[machine];
  if (name === undefined) throw new Error("dist/package/ holds a program for a system that has no Debian packages.");
  return name;
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function md5Line(folder: string, file: string): string {
  return `${createHash("md5").update(readFileSync(file)).digest("hex")}  ${relative(folder, file)}\n`;
}

if (import.meta.main) {
  try {
    const { help } = parseOptions(process.argv.slice(2), { help: HELP });
    process.umask(0o022);
    if (help === true) process.stdout.write(USAGE);
    else console.log(buildDeb({ release: releaseBuilt(), compression: "xz", into: DIST }).replace(DIST, "dist/"));
  } catch (error) {
    const isUsage = error instanceof UsageError;
    console.error(isUsage ? `${error.message}.\n\n${USAGE}` : error instanceof Error ? error.message : String(error));
    process.exitCode = isUsage ? 2 : 1;
  }
}
