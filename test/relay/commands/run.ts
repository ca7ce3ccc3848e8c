/** Runs one command line in this process and keeps what it says. */

import type { Terminal } from "../../../relay/commands/command.ts";
import { runCommandLine } from "../../../relay/commands/command-line.ts";

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `teleport-pagerduty` with arguments, on a terminal that is none unless told otherwise. */
export async function run(args: readonly string[], terminal: Partial<Terminal> = {}): Promise<Ran> {
  let stdout = "";
  let stderr = "";
  const status = await runCommandLine(args, {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    env: {},
    signal: new AbortController().signal,
    ...terminal,
  });
  return { status, stdout, stderr };
}
