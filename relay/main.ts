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

/** Writes what a command prints; one that nobody can read any more ends, as after `| head`. */
function writer(name: "stdout" | "stderr"): (text: string) => void {
  // The write's own answer says it all.
  process[name].on("error", () => {});
  return (text) =>
    void process[name].write(text, (error) => {
      if (!error) return;
      const code = "code" in error ? String(error.code) : error.message;
      if (name === "stdout" && code !== "EPIPE") process.stderr.write(`stdout cannot be written (${code}).\n`);
      process.exit(1);
    });
}

void runCommandLine(process.argv.slice(2), {
  stdout: writer("stdout"),
  stderr: writer("stderr"),
  isTerminal: process.stdout.isTTY === true,
  ...(process.stdout.isTTY && { width: process.stdout.columns }),
  env: process.env,
  signal: ending.signal,
}).then((code) => {
  // Not before the last write has had its answer.
  setImmediate(() => process.exit(code));
});
