/** Where the log's lines go: a stream of this process, or a file that is appended to. */
import { closeSync, openSync, writeSync } from "node:fs";

/** Takes lines without their line break. */
export interface LogOutput {
  write(line: string): void;
  close(): void;
}

/** Others of the group may read the log; it holds no secret. */
const MODE = 0o640;

/**
 * Opens `stdout`, `stderr`, or a file. A line that cannot be written is dropped: the log must not stop the relay.
 * @throws Error with one sentence when the file cannot be opened.
 */
export function openLogOutput(output: string): LogOutput {
  if (output === "stdout" || output === "stderr") {
    const stream = process[output];
    // Whoever read it may have gone away.
    stream.on("error", () => {});
    return { write: (line) => void stream.write(`${line}\n`), close: () => {} };
  }
  const descriptor = openFile(output);
  return {
    write(line) {
      try {
        writeSync(descriptor, `${line}\n`);
      } catch {
        // A full disk.
      }
    },
    close: () => closeSync(descriptor),
  };
}

function openFile(file: string): number {
  try {
    return openSync(file, "a", MODE);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new Error(`log.output: ${file} cannot be opened for appending (${code}).`, { cause: error });
  }
}
