/** `teleport-pagerduty completion`: prints what makes a shell complete our command line. Writes no file. */
import { type Command, parseOptions, UsageError } from "./command.ts";

export const completion: Command = {
  summary: "Print what makes bash, zsh or fish complete commands and options",
  usage: ["bash", "zsh", "fish"],
  about: [
    "Prints a script for a shell. The packages install it; otherwise:",
    "  teleport-pagerduty completion bash > /etc/bash_completion.d/teleport-pagerduty",
    "  teleport-pagerduty completion zsh > /usr/local/share/zsh/site-functions/_teleport-pagerduty",
    "  teleport-pagerduty completion fish > ~/.config/fish/completions/teleport-pagerduty.fish",
  ],
  options: {},
  operands: ["bash", "zsh", "fish"],
  async run([shell, ...rest], { stdout }) {
    parseOptions(rest, {});
    // Only here: the table of commands holds this one.
    const [{ completionFor, isShell }, { commands }] = await Promise.all([
      import("./completion/script.ts"),
      import("./command-line.ts"),
    ]);
    if (!isShell(shell)) throw new UsageError("Say for which shell: bash, zsh or fish");
    stdout(completionFor(shell, commands));
    return 0;
  },
};
