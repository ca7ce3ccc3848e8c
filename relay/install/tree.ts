/**
 * dist/package/: what is put on a host, laid out as it will lie there (`root/`), with the scripts that go around it. The
 * install script takes it from here, and so does the Debian package.
 */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { commands } from "../commands/command-line.ts";
import { completionFor } from "../commands/completion/script.ts";
import { configExample } from "../config/example.ts";
import { configKeys } from "../config/keys.ts";
import { configurationManual, programManual } from "./man-page.ts";
import { type BuiltRelease, DIST, ROOT } from "./release.ts";

/** Where the tree is built. */
export const PACKAGE = `${DIST}package`;

const FILES = fileURLToPath(new URL("files", import.meta.url));

export interface PackageContents {
  /** The single executable. */
  readonly executable: string;
  readonly release: BuiltRelease;
  /** Licences of what the executable holds. */
  readonly licenses: string;
}

/** Lays the whole tree out anew; its folder. */
export function layOutPackage(contents: PackageContents): string {
  const draft = mkdtempSync(`${DIST}.package-`);
  chmodSync(draft, 0o755);
  for (const [path, content] of Object.entries(textsOf(contents))) write(join(draft, "root", path), content);
  const program = join(draft, "root/usr/bin/teleport-pagerduty");
  mkdirSync(dirname(program), { recursive: true });
  linkOrCopy(contents.executable, program);
  mkdirSync(join(draft, "root/var/lib/teleport/plugins/pagerduty"), { recursive: true });
  cpSync(join(FILES, "install"), join(draft, "install"));
  cpSync(join(FILES, "scripts"), join(draft, "scripts"), { recursive: true });
  rmSync(PACKAGE, { recursive: true, force: true });
  renameSync(draft, PACKAGE);
  return PACKAGE;
}

/** Everything but the program, by its path on the host. */
function textsOf({ release, licenses }: PackageContents): Record<string, string | Uint8Array> {
  const edition = { version: release.version, date: new Date(release.committedMs).toISOString().slice(0, 10) };
  const documents = "usr/share/doc/teleport-pagerduty";
  return {
    "usr/lib/systemd/system/teleport-pagerduty.service": file("teleport-pagerduty.service"),
    "usr/lib/sysusers.d/teleport-pagerduty.conf": file("teleport-pagerduty.sysusers"),
    "usr/share/man/man1/teleport-pagerduty.1.gz": gzipSync(programManual(commands, edition), { level: 9 }),
    "usr/share/man/man5/teleport-pagerduty.toml.5.gz": gzipSync(configurationManual(configKeys(), edition), {
      level: 9,
    }),
    "usr/share/bash-completion/completions/teleport-pagerduty": completionFor("bash", commands),
    "usr/share/zsh/vendor-completions/_teleport-pagerduty": completionFor("zsh", commands),
    "usr/share/fish/vendor_completions.d/teleport-pagerduty.fish": completionFor("fish", commands),
    [`${documents}/copyright`]: readFileSync(`${ROOT}LICENSE`),
    [`${documents}/third-party-licenses.gz`]: gzipSync(licenses, { level: 9 }),
    [`${documents}/examples/teleport-pagerduty.toml`]: configExample({ isForSystemd: true }),
  };
}

function file(name: string): Uint8Array {
  return readFileSync(join(FILES, name));
}

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

// It is large, and the same.
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
    chmodSync(to, 0o755);
  }
}
