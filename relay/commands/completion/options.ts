/** The options of a command as shells are told of them. Pure. */
import { type Command, type CommandOption, HELP } from "../command.ts";

/** What stands behind an option: a file, a folder, anything else, or nothing. */
export type Behind = "file" | "directory" | "anything" | "nothing";

export interface ShellOption {
  readonly long: string;
  readonly short: string | undefined;
  readonly meaning: string;
  readonly behind: Behind;
}

/** Every option of a command, `--help` last. */
export function shellOptions({ options }: Pick<Command, "options">): ShellOption[] {
  return Object.entries({ ...options, help: HELP }).map(([long, option]: [string, CommandOption]) => ({
    long,
    short: option.short,
    meaning: option.meaning,
    behind: behind(option),
  }));
}

function behind({ type, value }: CommandOption): Behind {
  if (type === "boolean") return "nothing";
  return value === "FILE" ? "file" : value === "DIR" ? "directory" : "anything";
}

/** The words that a command's operand may be. */
export function operandWords({ operands = [] }: Pick<Command, "operands">): readonly string[] {
  return operands === "FILE" ? [] : operands;
}

/** Whether a file is an operand: the only one, or behind a word. */
export function takesFile({ operands, usage }: Pick<Command, "operands" | "usage">): boolean {
  return operands === "FILE" || usage.some((form) => form.endsWith(" FILE") && operands !== undefined);
}

/** Text as one word of a shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
