/**
 * A disk that is full for one process: a limit on the size of the files that it writes (RLIMIT_FSIZE), by `prlimit` of
 * util-linux. Like a full disk it lets the last write through in part. Needs no rights; Linux alone has it.
 */
import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Why a disk cannot be made to look full on this machine; undefined when it can. */
export async function fullDiskProblem(): Promise<string | undefined> {
  try {
    await run("prlimit", ["--version"]);
    return undefined;
  } catch {
    return "this machine has no prlimit (util-linux)";
  }
}

/** From here on the process can write no more than `roomBytes` more to a file. Quietly nothing when it has just ended. */
export async function fillDisk(pid: number, file: string, roomBytes: number): Promise<void> {
  const size = await stat(file).then(
    (stats) => stats.size,
    () => 0,
  );
  await limit(pid, String(size + roomBytes));
}

/** It can write again. */
export async function emptyDisk(pid: number): Promise<void> {
  await limit(pid, "unlimited");
}

// The soft limit alone: whoever lowered it may raise it again.
async function limit(pid: number, bytes: string): Promise<void> {
  await run("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`]).catch(() => undefined);
}
