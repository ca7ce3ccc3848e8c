/** The program `teleport-pagerduty`: hands the command line over, turns signals into an end in good order. */
import { runCommandLine } from "./commands/command-line.ts";

const ending = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    // Whoever asks twice means at once.
    if (ending.signal.aborted) process.exit(1);
    ending.abort();
  });
}

void runCommandLine(process.argv.slice(2), {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  isTerminal: process.stdout.isTTY === true,
  ...(process.stdout.isTTY && { width: process.stdout.columns }),
  env: process.env,
  signal: ending.signal,
}).then((code) => process.exit(code));
