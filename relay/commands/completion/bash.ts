/** Completions for bash. It names commands, options and files; nothing of it is run but by bash's own completion. Pure. */
import type { Command } from "../command.ts";
import { operandWords, type ShellOption, shellOptions, takesFile } from "./options.ts";

/** A script that bash reads. */
export function bashCompletion(commands: ReadonlyMap<string, Command>): string {
  const names = [...commands.keys(), "--help", "--version"].join(" ");
  const cases = Array.from(commands, ([name, command]) => caseFor(name, command));
  return `# bash completion for teleport-pagerduty

_teleport_pagerduty() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]}
  local words="" files=()
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W "${names}" -- "$word")
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join("\n")}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" "\${files[@]}" -- "$word")
}

complete -F _teleport_pagerduty teleport-pagerduty
`;
}

function caseFor(name: string, command: Command): string {
  const options = shellOptions(command);
  const behind = [
    branchFor(options, "file", 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$word"); return'),
    branchFor(options, "directory", 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$word"); return'),
    branchFor(options, "anything", "return"),
  ].filter((line) => line !== "");
  const words = [...operandWords(command), ...options.map(({ long }) => `--${long}`)];
  return [
    `    ${name})`,
    ...(behind.length === 0 ? [] : ["      case $before in", ...behind, "      esac"]),
    `      words="${words.join(" ")}"`,
    ...(takesFile(command) ? ["      files=(-f); compopt -o filenames"] : []),
    "      ;;",
  ].join("\n");
}

function branchFor(options: readonly ShellOption[], kind: ShellOption["behind"], then: string): string {
  const flags = options
    .filter(({ behind }) => behind === kind)
    .flatMap(({ long, short }) => [`--${long}`, ...(short === undefined ? [] : [`-${short}`])]);
  return flags.length === 0 ? "" : `        ${flags.join(" | ")}) ${then} ;;`;
}
