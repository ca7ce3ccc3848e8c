/** One run of `status`: asks the edge as this relay, and prints what it says. */
import { type RelayConfig, readConfig } from "../../config.ts";
import { readIdentity } from "../../identity.ts";
import { readRelayKey } from "../../link/relay-key.ts";
import { systemClock } from "../../time/clock.ts";
import type { ExitCode, Terminal } from "../command.ts";
import { refuseConfig } from "../config-option.ts";
import { askEdge } from "../edge-api.ts";
import { paintFor } from "../print.ts";
import { readStatus } from "./answer.ts";
import { statusText } from "./text.ts";

/** How long the edge may take to answer, in ms. */
const ANSWERS_WITHIN_MS = 10_000;

export interface StatusOutput {
  readonly asJson: boolean;
  readonly terminal: Terminal;
}

/** Shows the status that one configuration leads to. Never throws. */
export async function runStatus(file: string, { asJson, terminal }: StatusOutput): Promise<ExitCode> {
  const reading = readConfig(file, terminal.env);
  if (reading.kind === "faults") return refuseConfig(file, reading.faults, terminal);
  try {
    return await show(reading.config, asJson, terminal);
  } catch (error) {
    terminal.stderr(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

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
