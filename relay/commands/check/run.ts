/** One run of `check`: reads the configuration, checks everything behind it, and prints each result as it comes. */
import { failed, passed } from "../../../shared/check.ts";
import { createLogger } from "../../../shared/log.ts";
import { type ConfigReading, type RelayConfig, readConfig } from "../../config.ts";
import { systemClock } from "../../time/clock.ts";
import { nameOf } from "../../way-in/ways.ts";
import { openTeleport } from "../../way-in.ts";
import type { ExitCode, Terminal } from "../command.ts";
import { checkAll } from "./check-all.ts";
import { jsonPrinter, linePrinter, type Printer } from "./printer.ts";
import type { CheckResult } from "./result.ts";
import type { OpenTeleport } from "./teleport.ts";

export interface CheckOutput {
  readonly asJson: boolean;
  readonly terminal: Terminal;
}

/** Checks one configuration and all that it leads to. Never throws. */
export async function runCheck(file: string, { asJson, terminal }: CheckOutput): Promise<ExitCode> {
  const reading = readConfig(file, terminal.env);
  const printer = asJson ? jsonPrinter(terminal) : linePrinter(terminal);
  const broken = (error: unknown): false => {
    printer.take(failed("check", `It broke off: ${error instanceof Error ? error.message : String(error)}`));
    return false;
  };
  for (const result of configChecks(file, reading)) printer.take(result);
  const isOk = reading.kind === "config" && (await checkBehind(reading.config, terminal, printer).catch(broken));
  printer.end();
  if (reading.kind === "faults") return 2;
  return isOk ? 0 : 1;
}

function configChecks(file: string, reading: ConfigReading): CheckResult[] {
  if (reading.kind === "faults")
    return reading.faults.map((fault) => failed("config", fault.startsWith(file) ? fault : `${file}: ${fault}`));
  return [passed("config", [`${file} can be used.`, ...reading.warnings].join(" "))];
}

/** Checks everything else; whether all of it is ok. */
async function checkBehind(config: RelayConfig, { env, signal }: Terminal, printer: Printer): Promise<boolean> {
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
