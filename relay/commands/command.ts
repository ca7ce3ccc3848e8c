/** What a command of the command line is, and how it talks to the one who typed it. */
import { type ParseArgsConfig, parseArgs } from "node:util";

/** 0; 1 a fault; 2 bad usage or bad configuration. */
export type ExitCode = 0 | 1 | 2;

/** What a command may touch of the process that it runs in. */
export interface Terminal {
  /** Text as it is: a command ends its own lines. */
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Whether a person looks at stdout, and not a program. */
  readonly isTerminal?: boolean;
  /** The process's environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the process is asked to end. */
  readonly signal: AbortSignal;
}

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `--help` prints: usage, then each option. */
  readonly help: string;
  /** Runs with the arguments behind the command's name. @throws UsageError when they make no sense. */
  run(args: readonly string[], terminal: Terminal): Promise<ExitCode>;
}

/** The command line makes no sense; the message says why. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Reads a command's options; no command takes positional arguments.
 * @throws UsageError for an unknown option, one without its value, or an argument too many.
 */
export function parseOptions<const Options extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: Options,
): ReturnType<typeof parseArgs<{ options: Options; strict: true; allowPositionals: false }>>["values"] {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? (error.message.split(". ")[0] ?? error.message) : String(error));
  }
}

/**
 * As {@link parseOptions}, for a command whose one positional argument is a file.
 * @throws UsageError also when there is no file, or more than one.
 */
export function parseFile<const Options extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: Options,
): { file: string; options: ReturnType<typeof parseOptions<Options>> } {
  // Whatever is no option, nor an option's value, is the file.
  const { tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true });
  const [file, ...more] = tokens.filter((token) => token.kind === "positional");
  if (file === undefined) throw new UsageError("No file is named");
  if (more.length > 0) throw new UsageError("More than one file is named");
  const rest = args.filter((_, index) => index !== file.index && args[index] !== "--");
  return { file: file.value, options: parseOptions(rest, options) };
}
