/** `teleport-pagerduty check`: one line a check, and the Teleport role that mends what is missing. It changes nothing. */
import { failed, passed } from "../../shared/check.ts";
import { createLogger } from "../../shared/log.ts";
import { type ConfigReading, DEFAULT_CONFIG_FILE, type RelayConfig, readConfig } from "../config.ts";
import { systemClock } from "../time/clock.ts";
import type { CheckResult } from "./check/result.ts";
import type { OpenTeleport } from "./check/teleport.ts";
import { type Command, parseOptions, type Terminal } from "./command.ts";
import { paintFor, plain } from "./print.ts";

export const check: Command = {
  summary: "Check the configuration, Teleport, the edge and PagerDuty",
  help: `Usage: teleport-pagerduty check [-c FILE] [--json]

Prints one line a check, ok or FAIL with what to do: the configuration, the certificate, Teleport and each permission
there, the edge, the clocks, and what the edge finds at PagerDuty. Changes nothing; PagerDuty is asked for a test event.
Exits with 0 when everything is ok, with 1 when something is not, with 2 when the configuration cannot be used.

  -c, --config FILE   the configuration (default: ${DEFAULT_CONFIG_FILE})
  --json              print a JSON array of {name, ok, detail, role?} instead
`,
  async run(args, terminal) {
    const options = parseOptions(args, {
      config: { type: "string", short: "c", default: DEFAULT_CONFIG_FILE },
      json: { type: "boolean", default: false },
    });
    const reading = readConfig(options.config);
    const printer = options.json ? jsonPrinter(terminal) : linePrinter(terminal);
    const broken = (error: unknown): false => {
      printer.take(failed("check", `It broke off: ${error instanceof Error ? error.message : String(error)}`));
      return false;
    };
    for (const result of configChecks(options.config, reading)) printer.take(result);
    const isOk = reading.kind === "config" && (await checkBehind(reading.config, terminal, printer).catch(broken));
    printer.end();
    if (reading.kind === "faults") return 2;
    return isOk ? 0 : 1;
  },
};

function configChecks(file: string, reading: ConfigReading): CheckResult[] {
  if (reading.kind === "faults")
    return reading.faults.map((fault) => failed("config", fault.startsWith(file) ? fault : `${file}: ${fault}`));
  return [passed("config", [`${file} can be used.`, ...reading.warnings].join(" "))];
}

/** Checks everything else; whether all of it is ok. */
async function checkBehind(config: RelayConfig, { env, signal }: Terminal, printer: Printer): Promise<boolean> {
  // Only here, so that the other commands need not load what it takes to talk to Teleport.
  const [{ checkAll }, { openTeleport }, { nameOf }] = await Promise.all([
    import("./check/check-all.ts"),
    import("../way-in.ts"),
    import("../way-in/ways.ts"),
  ]);
  const { now } = systemClock;
  const { addr: address, connect } = config.teleport;
  const log = createLogger({ severity: "error", format: "text", now, write() {} });
  const open: OpenTeleport = async (identity) => {
    const { teleport, way } = await openTeleport({ address, connect, identity, env, log, now });
    return { teleport, way: nameOf(way) };
  };
  const results = checkAll(config, { open, env, now });
  const ending = new Promise<undefined>((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  let isOk = true;
  for (;;) {
    const step = signal.aborted ? undefined : await Promise.race([results.next(), ending]);
    if (step === undefined) return false;
    if (step.done) return isOk;
    isOk &&= step.value.ok;
    printer.take(step.value);
  }
}

interface Printer {
  readonly take: (result: CheckResult) => void;
  readonly end: () => void;
}

/** Width of the column of names, in characters: lines are printed as they come, before the longest name is known. */
const NAME_WIDTH = 27;

function linePrinter(terminal: Terminal): Printer {
  const { good, bad, strong } = paintFor(terminal);
  const roles = new Set<string>();
  return {
    take({ name, ok, detail, role }) {
      const verdict = ok ? good("ok  ") : bad("FAIL");
      terminal.stdout(`${verdict}  ${plain(name).padEnd(NAME_WIDTH)}  ${plain(detail)}\n`);
      if (role !== undefined) roles.add(role);
    },
    end() {
      for (const role of roles) {
        terminal.stdout(`\n${strong("The role that has what is missing, for `tctl create -f`:")}\n\n${role}`);
      }
    },
  };
}

function jsonPrinter({ stdout }: Terminal): Printer {
  const results: CheckResult[] = [];
  return {
    take: (result) => void results.push(result),
    end: () => stdout(`${JSON.stringify(results, null, 2)}\n`),
  };
}
