/** What a program takes of the machine, as Linux counts it: the program and all that it has started, one process group. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const KIB = 1024;

/** Processor time that a group has used, in ms. */
export function processorMs(group: number): number {
  const ticks = membersOf(group).map(({ fields }) => Number(fields[11]) + Number(fields[12]));
  return (sum(ticks) * 1000) / TICKS_PER_SECOND;
}

/** Memory that a group has resident, in bytes. */
export function residentBytes(group: number): number {
  return sum(
    membersOf(group).map(({ pid }) => Number(/VmRSS:\s+(\d+)/.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0) * KIB),
  );
}

/** The members of a group that run a program of this name. */
export function pidsOf(group: number, name: string): number[] {
  return membersOf(group).flatMap(({ pid }) => (textOf(`/proc/${pid}/comm`).trim() === name ? [pid] : []));
}

const TICKS_PER_SECOND = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

interface Member {
  readonly pid: number;
  /** From the third of `/proc/<pid>/stat` on: the state. */
  readonly fields: readonly string[];
}

function membersOf(group: number): Member[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    // The name in parentheses may hold anything.
    const fields = textOf(`/proc/${name}/stat`).split(") ").at(-1)?.split(" ") ?? [];
    return Number(fields[2]) === group ? [{ pid: Number(name), fields }] : [];
  });
}

// A process may end while it is looked at.
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
