/** `teleport-pagerduty check`: one line a check, and the Teleport role that mends what is missing. It changes nothing. */
import { type Command, JSON_OUTPUT, parseOptions } from "./command.ts";
import { CONFIG_FILE } from "./config-option.ts";

const options = {
  config: CONFIG_FILE,
  json: { ...JSON_OUTPUT, meaning: "print a JSON array of {name, ok, detail, role?} instead" },
} as const;

export const check: Command = {
  summary: "Check the configuration, Teleport, the edge and PagerDuty",
  usage: ["[-c FILE] [--json]"],
  about: [
    "Prints one line a check, ok or FAIL with what to do: the configuration, the certificate, Teleport and each permission " +
      "there, the edge, the clocks, and what the edge finds at PagerDuty. Changes nothing; PagerDuty is asked for a test " +
      "event.",
    "Exits with 0 when everything is ok, with 1 when something is not, with 2 when the configuration cannot be used.",
  ],
  options,
  async run(args, terminal) {
    const { config, json } = parseOptions(args, options);
    // Only here, so that the other commands need not load what it takes to talk to Teleport.
    const { runCheck } = await import("./check/run.ts");
    return runCheck(config, { asJson: json, terminal });
  },
};
