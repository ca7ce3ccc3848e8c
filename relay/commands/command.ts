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
  /** How wide stdout is, in characters, when a person looks at it. */
  readonly width?: number;
  /** The process's environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the process is asked to end. */
  readonly signal: AbortSignal;
}

/** One option, as it is read, and as help, manual page and completions tell it. */
export interface CommandOption {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: boolean;
  readonly default?: string | boolean;
  /** What its value is called, such as `FILE`; a shell completes FILE and DIR. */
  readonly value?: string;
  /** What it does: one phrase, without a full stop. */
  readonly meaning: string;
}

export type CommandOptions = Readonly<Record<string, CommandOption>>;

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** What stands behind the command's name, one for each form. */
  readonly usage: readonly [string, ...string[]];
  /** Paragraphs, each a string without line breaks; one that begins with two spaces is an example, kept as it is. */
  readonly about: readonly string[];
  readonly options: CommandOptions;
  /** What its operand may be: one of some words, or a file. */
  readonly operands?: readonly string[] | "FILE";
  /** Variables of the environment that it reads, and what each means. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Runs with the arguments behind the command's name. @throws UsageError when they make no sense. */
  run(args: readonly string[], terminal: Terminal): Promise<ExitCode>;
}

/** Options that several commands have. */
export const HELP = { type: "boolean", short: "h", meaning: "print this text" } as const satisfies CommandOption;
export const JSON_OUTPUT = { type: "boolean", default: false, meaning: "print JSON" } as const satisfies CommandOption;

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
