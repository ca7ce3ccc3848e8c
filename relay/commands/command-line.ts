/** The command line: which command runs with which arguments, what help is printed, and the exit code. */
import { audit } from "./audit.ts";
import { check } from "./check.ts";
import { type Command, type ExitCode, type Terminal, UsageError } from "./command.ts";
import { configure } from "./configure.ts";
import { keygen } from "./keygen.ts";
import { migrate } from "./migrate.ts";
import { setup } from "./setup.ts";
import { start } from "./start.ts";
import { status } from "./status.ts";
import { version } from "./version.ts";

/** Every command, in the order of the help. */
export const commands: ReadonlyMap<string, Command> = new Map(
  Object.entries({ configure, start, check, status, keygen, setup, migrate, audit, version }),
);

/** Runs one command line (without the program's name) to its end. Never throws what a user could have caused. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [name, ...rest] = args;
  if (name === "--help" || name === "-h") {
    terminal.stdout(help());
    return 0;
  }
  const command = commands.get(name ?? "");
  if (command === undefined) {
    terminal.stderr(name === undefined ? help() : `There is no command ${JSON.stringify(name)}.\n\n${help()}`);
    return 2;
  }
  if (rest.some((argument) => argument === "--help" || argument === "-h")) {
    terminal.stdout(command.help);
    return 0;
  }
  try {
    return await command.run(rest, terminal);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    terminal.stderr(`${error.message}.\n\n${command.help}`);
    return 2;
  }
}

function help(): string {
  const widest = Math.max(...Array.from(commands.keys(), (name) => name.length));
  const lines = Array.from(commands, ([name, { summary }]) => `  ${name.padEnd(widest)}  ${summary}\n`);
  return `Usage: teleport-pagerduty COMMAND [OPTIONS]

Grant and refuse Teleport access requests from PagerDuty.

${lines.join("")}
  teleport-pagerduty COMMAND --help  tells more about one.
`;
}
