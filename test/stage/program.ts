/** A program of ours as a real process: its output awaited line by line, its death of any kind. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** How long a line may take to appear before waiting fails with what was seen instead. */
const LINE_WITHIN_MS = 30_000;

export class Program {
  readonly #name: string;
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];
  readonly #waiting = new Set<() => void>();
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  #end: number | string | undefined;

  private constructor(name: string, process: ChildProcess) {
    this.#name = name;
    this.#process = process;
    for (const stream of [process.stdout, process.stderr]) this.#read(stream);
    this.ended = new Promise((resolve) => {
      process.on("close", (code, signal) => {
        this.#end = code ?? signal ?? "unknown";
        resolve(this.#end);
        this.#wake();
      });
    });
  }

  /** Starts `node <script> <args>` in the project's folder, in a process group of its own. */
  static start(
    name: string,
    script: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Program {
    return Program.run(name, process.execPath, [script, ...args], env);
  }

  /** As {@link start}, of any program: `<command> <args>`. */
  static run(
    name: string,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Program {
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    return new Program(name, child);
  }

  /** Its process, which leads a group of its own; throws when it could not be started. */
  get pid(): number {
    if (this.#process.pid === undefined) throw new Error(`${this.#name} could not be started`);
    return this.#process.pid;
  }

  /** Everything it has printed, on either stream. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** The first line at or after `from` that matches; waits for it. Rejects when the program ends or takes too long. */
  async line(pattern: RegExp, from = 0): Promise<string> {
    const deadline = AbortSignal.timeout(LINE_WITHIN_MS);
    for (;;) {
      const found = this.#lines.slice(from).find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (this.#end !== undefined || deadline.aborted) throw new Error(this.#disappointment(pattern));
      await this.#change(deadline);
    }
  }

  /** Sends a signal to it and its children. */
  signal(signal: NodeJS.Signals): void {
    if (this.#end !== undefined || this.#process.pid === undefined) return;
    try {
      process.kill(-this.#process.pid, signal);
    } catch {
      // It has just ended by itself.
    }
  }

  /** Ends it in good order; its exit code. */
  async stop(): Promise<number | string> {
    this.signal("SIGTERM");
    return this.ended;
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.ended;
  }

  #read(stream: NodeJS.ReadableStream | null): void {
    let rest = "";
    stream?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.#lines.push(...lines);
      this.#wake();
    });
  }

  #change(deadline: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const woken = (): void => {
        this.#waiting.delete(woken);
        deadline.removeEventListener("abort", woken);
        resolve();
      };
      this.#waiting.add(woken);
      deadline.addEventListener("abort", woken);
    });
  }

  #wake(): void {
    for (const woken of [...this.#waiting]) woken();
  }

  #disappointment(pattern: RegExp): string {
    const ended = this.#end === undefined ? "still runs" : `has ended with ${this.#end}`;
    return `${this.#name} ${ended} and has not printed ${pattern}; it printed:\n${this.#lines.slice(-40).join("\n")}`;
  }
}
