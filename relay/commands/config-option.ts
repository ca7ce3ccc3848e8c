/** The option `-c FILE` that several commands have, and what they do when the file cannot be used. */
import { DEFAULT_CONFIG_FILE } from "../paths.ts";
import type { CommandOption, Terminal } from "./command.ts";

/** Names the configuration. */
export const CONFIG_FILE = {
  type: "string",
  short: "c",
  default: DEFAULT_CONFIG_FILE,
  value: "FILE",
  meaning: "the configuration",
} as const satisfies CommandOption;

/** Says on stderr every fault of a configuration, one a line; the exit code for it. */
export function refuseConfig(file: string, faults: readonly string[], { stderr }: Pick<Terminal, "stderr">): 2 {
  stderr(`${file} cannot be used:\n${faults.map((fault) => `  ${fault}\n`).join("")}`);
  return 2;
}
