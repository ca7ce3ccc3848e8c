/** `teleport-pagerduty migrate`: prints our configuration for one of the Go plugin. It writes no file and prints no secret. */
import { type Command, JSON_OUTPUT, parseFile } from "./command.ts";

const options = { json: { ...JSON_OUTPUT, meaning: "print {toml, warnings} as JSON instead" } } as const;

export const migrate: Command = {
  summary: "Turn a configuration of the Go plugin into ours",
  usage: ["[--json] FILE"],
  about: [
    "Reads a configuration of Teleport's own PagerDuty plugin, of any of its generations, and prints ours on stdout, with " +
      "what goes to the edge, and how, as comments. What needs a decision of yours is said on stderr. The API key is never " +
      "printed.",
    "  teleport-pagerduty migrate /etc/teleport-pagerduty.toml > new.toml",
  ],
  options,
  operands: "FILE",
  async run(args, terminal) {
    const { file, options: given } = parseFile(args, options);
    const { runMigrate } = await import("./migrate/run.ts");
    return runMigrate(file, { asJson: given.json, terminal });
  },
};
