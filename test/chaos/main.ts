/**
 * `npm run chaos`: the real programs in foul weather for so long, then calm, then judgement. Exits with 1 if anything was
 * lost, forged or done twice, and keeps the folder with everybody's logs then.
 */
import { parseOptions, USAGE } from "./options.ts";
import { tellFindings } from "./report.ts";
import { runChaos } from "./run.ts";

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === "help") {
    process.stdout.write(USAGE);
    return 0;
  }
  if ("problem" in options) {
    console.error(`${options.problem}\n\n${USAGE}`);
    return 2;
  }
  const interrupted = new AbortController();
  // A terminal and npm each send one.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interrupted.abort());
  // Whoever was reading has gone: what runs must not be left behind.
  process.stdout.on("error", () => interrupted.abort());
  const { seed, seconds } = options;
  console.log(`Seed ${seed}. A storm of ${seconds} s, then calm.\n`);
  const findings = await runChaos({ seed, storm: { seconds }, tell: console.log, signal: interrupted.signal });
  if (findings === "interrupted") {
    console.error("Interrupted: everything has been ended and nothing was judged.");
    return 1;
  }
  return tellFindings(findings, console.log) ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
