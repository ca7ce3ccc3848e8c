/** `teleport-pagerduty status`: what the edge knows just now, for people or as JSON. Only reads. */
import { type Command, JSON_OUTPUT, parseOptions } from "./command.ts";
import { CONFIG_FILE } from "./config-option.ts";

const options = { config: CONFIG_FILE, json: { ...JSON_OUTPUT, meaning: "print the edge's answer as it is" } } as const;

export const status: Command = {
  summary: "Show pending requests, last events, the relays and their watch",
  usage: ["[-c FILE] [--json]"],
  about: [
    "Asks the edge, as this relay, and prints the relays that are connected and whether they watch Teleport, how PagerDuty " +
      "does, the pending requests and the last events. Exits with 1 when the edge cannot be asked.",
  ],
  options,
  async run(args, terminal) {
    const { config, json } = parseOptions(args, options);
    const { runStatus } = await import("./status/run.ts");
    return runStatus(config, { asJson: json, terminal });
  },
};
