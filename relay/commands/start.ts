/** `teleport-pagerduty start`: reads the configuration, opens the log and runs the relay until it is asked to end. */
import { createLogger, type Logger } from "../../shared/log.ts";
import { DEFAULT_CONFIG_FILE, type RelayConfig, readConfig } from "../config.ts";
import { RELEASE_VERSION } from "../release.ts";
import { systemClock } from "../time/clock.ts";
import { type Command, type ExitCode, parseOptions, type Terminal } from "./command.ts";
import { type LogOutput, openLogOutput } from "./log-output.ts";

export const start: Command = {
  summary: "Run the relay",
  help: `Usage: teleport-pagerduty start [-c FILE] [-d]

Runs the relay until SIGTERM or SIGINT; a second signal ends it at once.

  -c, --config FILE   the configuration (default: ${DEFAULT_CONFIG_FILE})
  -d, --debug         log everything from debug up, to stderr
`,
  async run(args, terminal) {
    const options = parseOptions(args, {
      config: { type: "string", short: "c", default: DEFAULT_CONFIG_FILE },
      debug: { type: "boolean", short: "d", default: false },
    });
    const reading = readConfig(options.config);
    if (reading.kind === "faults") {
      terminal.stderr(`${options.config} cannot be used:\n${reading.faults.map((fault) => `  ${fault}\n`).join("")}`);
      return 2;
    }
    const config = options.debug ? debugging(reading.config) : reading.config;
    return runLogged(config, reading.warnings, terminal);
  },
};

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
  // Only here, so that the other commands need not load what it takes to talk to Teleport.
  const { runRelay } = await import("../relay.ts");
  try {
    await runRelay(config, { log, clock: systemClock, release: RELEASE_VERSION, env, signal });
    log.info("The relay has ended as asked");
  } catch (error) {
    // On stderr it is said as a plain sentence anyway.
    if (config.log.output !== "stderr") log.error(error instanceof Error ? error.message : String(error));
    log.debug("The relay ended with a fault", { stack: error instanceof Error ? error.stack : undefined });
    throw error;
  }
}
