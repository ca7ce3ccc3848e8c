/** What `--help` prints, of the program and of each command, from the one table of commands. Pure. */
import { wrapped } from "../wrap.ts";
import { type Command, type CommandOption, HELP } from "./command.ts";
import { columns } from "./print.ts";

/** Widest line, in characters. */
const WIDTH = 96;

/** Name and meaning of each option of a command, `--help` last: `-c, --config FILE`. */
export function optionRows({ options }: Pick<Command, "options">): [string, string][] {
  return Object.entries({ ...options, help: HELP }).map(([name, option]) => [
    flagsFor(name, option),
    meaningOf(option),
  ]);
}

/** One command's help. */
export function helpFor(name: string, command: Command): string {
  const { usage, about, environment = {} } = command;
  const forms = usage.map((form, index) => {
    const head = index === 0 ? "Usage: " : "       ";
    return `${head}teleport-pagerduty ${name} ${form}`.trimEnd();
  });
  const sections = [
    forms,
    aboutLines(about),
    ["Options:", ...table(optionRows(command))],
    ...(Object.keys(environment).length === 0 ? [] : [["Environment:", ...table(Object.entries(environment))]]),
  ];
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

/** The program's help: every command with its summary. */
export function programHelp(commands: ReadonlyMap<string, Command>): string {
  const rows = Array.from(commands, ([name, { summary }]) => [`  ${name}`, summary]);
  return `Usage: teleport-pagerduty COMMAND [OPTIONS]

Grant and refuse Teleport access requests from PagerDuty.

Commands:
${columns(rows).join("\n")}

  teleport-pagerduty COMMAND --help  tells more about one.

Exit codes: 0 all is well; 1 a fault, or a check that found one; 2 bad usage or a bad configuration.
`;
}

// Examples that follow each other stand together.
function aboutLines(about: readonly string[]): string[] {
  const isExample = (paragraph = ""): boolean => paragraph.startsWith("  ");
  return about.flatMap((paragraph, index) => {
    const lines = isExample(paragraph) ? [paragraph] : wrapped(paragraph, WIDTH);
    const isApart = index > 0 && !(isExample(paragraph) && isExample(about[index - 1]));
    return isApart ? ["", ...lines] : lines;
  });
}

function flagsFor(name: string, { short, value }: CommandOption): string {
  return `${short === undefined ? "    " : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`;
}

function meaningOf({ meaning, default: preset }: CommandOption): string {
  return typeof preset === "string" ? `${meaning} (default: ${preset})` : meaning;
}

// Two columns, the second wrapped below itself.
function table(rows: readonly (readonly [string, string])[]): string[] {
  const widest = Math.max(...rows.map(([left]) => left.length));
  return rows.flatMap(([left, right]) =>
    wrapped(right, WIDTH - widest - 4).map((line, index) => `  ${(index === 0 ? left : "").padEnd(widest)}  ${line}`),
  );
}
