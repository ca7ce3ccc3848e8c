/** `teleport-pagerduty configure`: prints an example of the configuration. */
import { configExample } from "../config/example.ts";
import { type Command, parseOptions } from "./command.ts";

export const configure: Command = {
  summary: "Print an example configuration with a comment on every key",
  help: `Usage: teleport-pagerduty configure

Prints an example configuration (TOML) with a comment on every key:
  teleport-pagerduty configure > /etc/teleport-pagerduty.toml
`,
  async run(args, { stdout }) {
    parseOptions(args, {});
    stdout(configExample());
    return 0;
  },
};
