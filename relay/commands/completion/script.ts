/** Which shells there are completions for. */
import type { Command } from "../command.ts";
import { bashCompletion } from "./bash.ts";
import { fishCompletion } from "./fish.ts";
import { zshCompletion } from "./zsh.ts";

export type Shell = "bash" | "zsh" | "fish";

/** Whether there are completions for a shell. */
export function isShell(name: string | undefined): name is Shell {
  return name === "bash" || name === "zsh" || name === "fish";
}

/** The script for a shell, from the table of commands. */
export function completionFor(shell: Shell, commands: ReadonlyMap<string, Command>): string {
  switch (shell) {
    case "bash":
      return bashCompletion(commands);
    case "zsh":
      return zshCompletion(commands);
    case "fish":
      return fishCompletion(commands);
  }
}
