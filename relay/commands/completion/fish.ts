/** Completions for fish, with what each option means. Pure. */
import type { Command } from "../command.ts";
import { operandWords, type ShellOption, shellOptions, takesFile } from "./options.ts";

/** A script for fish's folder of completions, as `teleport-pagerduty.fish`. */
export function fishCompletion(commands: ReadonlyMap<string, Command>): string {
  const names = [...commands.keys()].join(" ");
  const lines = Array.from(commands, ([name, command]) => [
    `${COMPLETE} -n ${quoted(`not __fish_seen_subcommand_from ${names}`)} -a ${name} -d ${quoted(command.summary)}`,
    ...linesFor(name, command),
  ]);
  return `# fish completion for teleport-pagerduty\n\n${COMPLETE} -f\n${lines.flat().join("\n")}\n`;
}

const COMPLETE = "complete -c teleport-pagerduty";

function linesFor(name: string, command: Command): string[] {
  const here = `${COMPLETE} -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
  const operands = operandWords(command).join(" ");
  const words = operands === "" ? [] : [`${here} -a ${quoted(operands)}`];
  const files = takesFile(command) ? [`${here} -F`] : [];
  return [...words, ...files, ...shellOptions(command).map((option) => `${here} ${optionFor(option)}`)];
}

function optionFor({ long, short, meaning, behind }: ShellOption): string {
  const value = { file: " -r -F", directory: " -x -a '(__fish_complete_directories)'", anything: " -x", nothing: "" }[
    behind
  ];
  return `${short === undefined ? "" : `-s ${short} `}-l ${long}${value} -d ${quoted(meaning)}`;
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
