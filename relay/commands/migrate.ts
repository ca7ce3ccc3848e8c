/** `teleport-pagerduty migrate`: prints our configuration for one of the Go plugin. It writes no file and prints no secret. */
import { readFileSync } from "node:fs";
import { type Command, parseFile } from "./command.ts";
import { readOldConfig } from "./migrate/old-config.ts";
import { migrationFor } from "./migrate/write.ts";

export const migrate: Command = {
  summary: "Turn a configuration of the Go plugin into ours",
  help: `Usage: teleport-pagerduty migrate FILE

Reads a configuration of Teleport's own PagerDuty plugin, of any of its generations, and prints ours on stdout, with what
goes to the edge, and how, as comments. What needs a decision of yours is said on stderr. The API key is never printed.
  teleport-pagerduty migrate /etc/teleport-pagerduty.toml > new.toml
`,
  async run(args, { stdout, stderr }) {
    const { file } = parseFile(args, {});
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (error) {
      stderr(`${file} cannot be read (${error instanceof Error && "code" in error ? error.code : String(error)}).\n`);
      return 1;
    }
    const reading = readOldConfig(text);
    if (reading.kind === "fault") {
      stderr(`${file} ${reading.problem}.\n`);
      return 2;
    }
    const { toml, warnings } = migrationFor(reading.config, file);
    stdout(toml);
    for (const warning of warnings) stderr(`${warning}\n`);
    return 0;
  },
};
