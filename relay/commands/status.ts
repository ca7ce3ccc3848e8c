/** `teleport-pagerduty status`: what the edge knows just now, for people or as JSON. Only reads. */

import { DEFAULT_CONFIG_FILE, type RelayConfig, readConfig } from "../config.ts";
import { readIdentity } from "../identity.ts";
import { readRelayKey } from "../link/relay-key.ts";
import { systemClock } from "../time/clock.ts";
import { type Command, type ExitCode, parseOptions, type Terminal } from "./command.ts";
import { askEdge } from "./edge-api.ts";
import { paintFor } from "./print.ts";
import { readStatus } from "./status/answer.ts";
import { statusText } from "./status/text.ts";

/** How long the edge may take to answer, in ms. */
const ANSWERS_WITHIN_MS = 10_000;

export const status: Command = {
  summary: "Show pending requests, last events, the relays and their watch",
  help: `Usage: teleport-pagerduty status [-c FILE] [--json]

Asks the edge, as this relay, and prints the relays that are connected and whether they watch Teleport, how PagerDuty
does, the pending requests and the last events. Exits with 1 when the edge cannot be asked.

  -c, --config FILE   the configuration (default: ${DEFAULT_CONFIG_FILE})
  --json              print the edge's answer as it is
`,
  async run(args, terminal) {
    const options = parseOptions(args, {
      config: { type: "string", short: "c", default: DEFAULT_CONFIG_FILE },
      json: { type: "boolean", default: false },
    });
    const reading = readConfig(options.config);
    if (reading.kind === "faults") {
      terminal.stderr(`${options.config} cannot be used:\n${reading.faults.map((fault) => `  ${fault}\n`).join("")}`);
      return 2;
    }
    try {
      return await show(reading.config, options.json, terminal);
    } catch (error) {
      terminal.stderr(`${error instanceof Error ? error.message : String(error)}\n`);
      return 1;
    }
  },
};

async function show({ edge, teleport }: RelayConfig, asJson: boolean, terminal: Terminal): Promise<ExitCode> {
  const { now } = systemClock;
  // Teleport itself need not answer for its cluster's name to be known.
  const cluster = edge.cluster ?? (await readIdentity(teleport.identity, now())).cluster;
  if (cluster === null) throw new Error("The certificate does not name its cluster: set edge.cluster.");
  const api = { url: edge.url, cluster, key: readRelayKey(edge.keyFile), env: terminal.env, now };
  const answer = await askEdge(api, { method: "GET", route: "status", withinMs: ANSWERS_WITHIN_MS });
  if (answer.kind === "problem") throw new Error(answer.problem);
  if (asJson) {
    terminal.stdout(`${JSON.stringify(answer.body, null, 2)}\n`);
    return 0;
  }
  const known = readStatus(answer.body);
  if (known === undefined) throw new Error("The edge's answer cannot be read: --json shows it as it is.");
  terminal.stdout(statusText(known, { cluster, url: edge.url, paint: paintFor(terminal) }));
  return 0;
}
