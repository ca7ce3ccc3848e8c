/** Completions for zsh, with what each option means. Pure. */
import type { Command } from "../command.ts";
import { operandWords, quoted, type ShellOption, shellOptions, takesFile } from "./options.ts";

/** A script for a folder of zsh's `fpath`, as `_teleport-pagerduty`. */
export function zshCompletion(commands: ReadonlyMap<string, Command>): string {
  const names = Array.from(commands, ([name, { summary }]) => `    ${quoted(`${name}:${plainFor(summary)}`)}`);
  const cases = Array.from(commands, ([name, command]) => caseFor(name, command));
  return `#compdef teleport-pagerduty

_teleport-pagerduty() {
  local -a commands
  commands=(
${names.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join("\n")}
  esac
}

_teleport-pagerduty "$@"
`;
}

function caseFor(name: string, command: Command): string {
  const operands = operandWords(command).join(" ");
  const words = operands === "" ? [] : [quoted(`1:what:(${operands})`)];
  const files = takesFile(command) ? [quoted(`${words.length + 1}:file:_files`)] : [];
  const specs = [...shellOptions(command).map(specFor), ...words, ...files];
  return `    ${name})\n      _arguments \\\n        ${specs.join(" \\\n        ")}\n      ;;`;
}

function specFor({ long, short, meaning, behind }: ShellOption): string {
  const tail = { file: ":file:_files", directory: ":folder:_files -/", anything: ":value: ", nothing: "" }[behind];
  const told = quoted(`[${plainFor(meaning)}]${tail}`);
  return short === undefined ? `--${long}${told}` : `{-${short},--${long}}${told}`;
}

// Brackets and colons mean something to zsh there.
function plainFor(text: string): string {
  return text.replace(/[[\]:]/g, "\\$&");
}
