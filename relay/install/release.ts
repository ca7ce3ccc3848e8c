/** What is being built: the version in package.json and the commit, and where the project lies. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as z from "zod";

/** The project's folder, with a slash at its end. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Where everything built goes, with a slash at its end. */
export const DIST = `${ROOT}dist/`;

export interface BuiltRelease {
  readonly version: string;
  /** Twelve characters; `unknown` outside a repository. */
  readonly commit: string;
  /** Of the commit, ms since the epoch, so that the same commit makes the same files; 0 when unknown. */
  readonly committedMs: number;
}

/** Reads what the working copy is. */
export function releaseBuilt(): BuiltRelease {
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")));
  const commit = git("rev-parse", "--short=12", "HEAD") ?? "unknown";
  return { version, commit, committedMs: Number(git("log", "-1", "--format=%ct") ?? 0) * 1000 };
}

function git(...args: string[]): string | undefined {
  try {
    return execFileSync("git", args, { cwd: ROOT, encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return undefined;
  }
}
