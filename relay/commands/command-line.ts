/** The command line: which command runs with which arguments, what help is printed, and the exit code. */
import { audit } from "./audit.ts";
import { check } from "./check.ts";
import { type Command, type ExitCode, type Terminal, UsageError } from "./command.ts";
import { completion } from "./completion.ts";
import { configure } from "./configure.ts";
import { helpFor, programHelp } from "./help.ts";
import { keygen } from "./keygen.ts";
import { migrate } from "./migrate.ts";
import { setup } from "./setup.ts";
import { start } from "./start.ts";
import { status } from "./status.ts";
import { version } from "./version.ts";

/** Every command, in the order of the help; help, manual page and completions are made from it. */
export const commands: ReadonlyMap<string, Command> = new Map(
  Object.entries({ configure, start, check, status, keygen, setup, migrate, audit, completion, version }),
);

/** Runs one command line (without the program's name) to its end. Never throws what a user could have caused. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [first, ...rest] = args;
  if (first === "--help" || first === "-h") {
    terminal.stdout(programHelp(commands));
    return 0;
  }
  const name = first === "--version" ? "version" : first;
  const command = commands.get(name ?? "");
  if (name === undefined || command === undefined) {
    const what = name === undefined ? "Say what to do" : `There is no command ${JSON.stringify(name)}`;
    terminal.stderr(`${what}.\n\n${programHelp(commands)}`);
    return 2;
  }
  if (rest.some((argument) => argument === "--help" || argument === "-h")) {
    terminal.stdout(helpFor(name, command));
    return 0;
  }
  try {
    return await command.run(rest, terminal);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    terminal.stderr(`${error.message}.\n\n${helpFor(name, command)}`);
    return 2;
  }
}
