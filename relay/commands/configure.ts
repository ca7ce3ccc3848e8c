/** `teleport-pagerduty configure`: prints an example of the configuration. */
import { type Command, parseOptions } from "./command.ts";

const options = {
  systemd: {
    type: "boolean",
    default: false,
    meaning: "for the installed service: what systemd gives it is commented out",
  },
} as const;

export const configure: Command = {
  summary: "Print an example configuration with a comment on every key",
  usage: ["[--systemd]"],
  about: [
    "Prints an example configuration (TOML) with a comment on every key:",
    "  teleport-pagerduty configure > /etc/teleport-pagerduty.toml",
  ],
  options,
  async run(args, { stdout }) {
    const { systemd } = parseOptions(args, options);
    const { configExample } = await import("../config/example.ts");
    stdout(configExample({ isForSystemd: systemd }));
    return 0;
  },
};
