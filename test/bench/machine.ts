/** What the figures were measured on. */
import { execFileSync } from "node:child_process";
import { statfs } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import { relative } from "node:path";
import { ROOT } from "../../relay/install/release.ts";

/** `f_type` of file systems that are memory (statfs(2)). */
const IN_MEMORY = new Set([0x01021994, 0x858458f6]);

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  readonly workerd: string;
  /** Processes that wanted to run as the bench began, on average of a minute. */
  readonly load: number;
  /** Where what is durable was written, from the project's folder. */
  readonly folder: string;
  /** Whether that is a disk. */
  readonly isDisk: boolean;
}

/** Looks at this machine; `folder` is where the bench writes. */
export async function thisMachine(folder: string): Promise<Machine> {
  const { type: fileSystem } = await statfs(folder);
  return {
    processor: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    workerd: workerdVersion(),
    load: loadavg()[0] ?? 0,
    folder: relative(ROOT, folder),
    isDisk: !IN_MEMORY.has(fileSystem),
  };
}

/** The same as a few lines for people. */
export function machineText({
  processor,
  cores,
  memoryBytes,
  system,
  node,
  workerd,
  load,
  folder,
  isDisk,
}: Machine): string {
  const disk = isDisk ? "on a disk" : "in memory: NOTHING IS DURABLE HERE, and what waits for the disk looks fast";
  const busy = load > 0.5 ? " The machine has other work: compare figures within this run only." : "";
  return `${cores} cores of ${processor}, ${Math.round(memoryBytes / 1e9)} GB; ${system}; Node ${node}; ${workerd}.
Durable writes go to ${folder}, ${disk}. Load at the start ${load.toFixed(1)}.${busy}`;
}

function workerdVersion(): string {
  return execFileSync(`${ROOT}node_modules/.bin/workerd`, ["--version"], { encoding: "utf8" }).trim();
}
