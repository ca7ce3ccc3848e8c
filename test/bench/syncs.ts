/** How often a program has its disk synced, counted by strace where that is there and may be used. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { FOLDERS } from "./setting/setting.ts";

/** How long strace takes to have attached itself, in ms. */
const ATTACHES_WITHIN_MS = 5_000;

export class SyncCount {
  readonly #strace: ChildProcess;
  readonly #folder: string;

  private constructor(strace: ChildProcess, folder: string) {
    this.#strace = strace;
    this.#folder = folder;
  }

  /** Counts the syncs of a process from here on; undefined where they cannot be counted. */
  static async of(pid: number): Promise<SyncCount | undefined> {
    const folder = await mkdtemp(join(FOLDERS, "syncs-"));
    const args = ["-f", "-c", "-e", "trace=fsync,fdatasync", "-o", join(folder, "counts"), "-p", String(pid)];
    const strace = spawn("strace", args, { stdio: ["ignore", "ignore", "pipe"] });
    const isAttached = await Promise.race([
      once(strace.stderr, "data").then(([text]) => /attached/.test(String(text))),
      once(strace, "exit").then(() => false),
      once(strace, "error").then(() => false),
      once(AbortSignal.timeout(ATTACHES_WITHIN_MS), "abort").then(() => false),
    ]);
    if (isAttached) return new SyncCount(strace, folder);
    strace.kill();
    await rm(folder, { recursive: true });
    return undefined;
  }

  /** Ends the count; how many there were. */
  async end(): Promise<number> {
    const ended = once(this.#strace, "exit");
    this.#strace.kill("SIGINT");
    await ended;
    const summary = await readFile(join(this.#folder, "counts"), "utf8");
    await rm(this.#folder, { recursive: true });
    // % time, seconds, µs a call, calls, …, name
    const calls = summary.matchAll(/^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+).*\bf(?:data)?sync$/gm);
    return [...calls].reduce((sum, [, count]) => sum + Number(count), 0);
  }
}
