/** One run of `start`: reads the configuration, opens the log and runs the relay until it is asked to end. */
import { createLogger, type Logger } from "../../../shared/log.ts";
import { type RelayConfig, readConfig } from "../../config.ts";
import { runRelay } from "../../relay.ts";
import { RELEASE_VERSION } from "../../release.ts";
import { openSupervision } from "../../systemd/supervision.ts";
import { systemClock } from "../../time/clock.ts";
import type { ExitCode, Terminal } from "../command.ts";
import { refuseConfig } from "../config-option.ts";
import { type LogOutput, openLogOutput } from "../log-output.ts";

export interface StartOptions {
  /** Whether everything from debug up is logged, to stderr. */
  readonly isDebugging: boolean;
  readonly terminal: Terminal;
}

/** Runs the relay that one configuration describes. Never throws. */
export async function runStart(file: string, { isDebugging, terminal }: StartOptions): Promise<ExitCode> {
  const reading = readConfig(file, terminal.env);
  if (reading.kind === "faults") return refuseConfig(file, reading.faults, terminal);
  const config = isDebugging ? debugging(reading.config) : reading.config;
  return runLogged(config, reading.warnings, terminal);
}

function debugging(config: RelayConfig): RelayConfig {
  return { ...config, log: { ...config.log, output: "stderr", severity: "debug" } };
}

async function runLogged(config: RelayConfig, warnings: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let output: LogOutput | undefined;
  try {
    output = openLogOutput(config.log.output);
    const { severity, format } = config.log;
    const log = createLogger({ severity, format, now: () => systemClock.now(), write: output.write });
    log.info(`Starting Teleport PagerDuty relay ${RELEASE_VERSION}`);
    for (const warning of warnings) log.warn(warning);
    await runUntilAsked(config, log, terminal);
    return 0;
  } catch (error) {
    terminal.stderr(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    output?.close();
  }
}

async function runUntilAsked(config: RelayConfig, log: Logger, { env, signal }: Terminal): Promise<void> {
  const clock = systemClock;
  const supervision = await openSupervision({ env, clock, log, signal });
  try {
    await runRelay(config, { log, clock, release: RELEASE_VERSION, env, signal, supervision });
    log.info("The relay has ended as asked");
  } catch (error) {
    supervision.failed(error);
    // On stderr it is said as a plain sentence anyway.
    if (config.log.output !== "stderr") log.error(error instanceof Error ? error.message : String(error));
    log.debug("The relay ended with a fault", { stack: error instanceof Error ? error.stack : undefined });
    throw error;
  } finally {
    supervision.close();
  }
}
