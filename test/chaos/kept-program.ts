/**
 * A program that is started again whenever it ends, as a service manager does: killed, frozen and thawed while it runs,
 * what each of its lives has said appended to a file. That it ended unasked is remembered; nothing else is judged here.
 */
import { appendFileSync } from "node:fs";
import type { Clock } from "../../relay/time/clock.ts";
import type { Program } from "../stage/program.ts";

export interface KeptProgramOptions {
  readonly name: string;
  /** Starts it once; may reject when it ends before it is ready. */
  readonly launch: () => Promise<Program>;
  /** Where its output goes. */
  readonly logFile: string;
  /** Each line that it prints, once its life is over. */
  readonly said: (line: string) => void;
  readonly clock: Clock;
}

/** The wait before a program that ended by itself is started again, in ms. */
const RESTART_MS = 500;

export class KeptProgram {
  readonly name: string;
  /** A sentence for each time that it ended unasked. */
  readonly failures: string[] = [];
  readonly #options: KeptProgramOptions;
  readonly #over = new AbortController();
  #program: Program | undefined;
  #downMs: number | undefined;
  #lives = 0;
  #living: Promise<void> = Promise.resolve();

  constructor(options: KeptProgramOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Keeps it running from here on; its first life. */
  async start(): Promise<Program> {
    const first = await this.#options.launch();
    this.#living = this.#live(first);
    return first;
  }

  /** How often it has been started. */
  get lives(): number {
    return this.#lives;
  }

  /** Its process while it runs, else undefined. */
  get pid(): number | undefined {
    return this.#program?.pid;
  }

  /** Kills it as a crash would; it comes back after so long. False when it is not running. */
  kill(downMs: number): boolean {
    if (this.#program === undefined) return false;
    this.#downMs = downMs;
    this.#program.signal("SIGKILL");
    return true;
  }

  /** Stops it in its tracks; what is returned lets it go on. Undefined when it is not running. */
  freeze(): (() => void) | undefined {
    const frozen = this.#program;
    frozen?.signal("SIGSTOP");
    return frozen && (() => frozen.signal("SIGCONT"));
  }

  /** Ends it for good. */
  async end(): Promise<void> {
    this.#over.abort();
    this.#program?.signal("SIGKILL");
    await this.#living;
  }

  async #live(first: Program): Promise<void> {
    for (let next: Program | undefined = first; !this.#over.signal.aborted; next = await this.#launch()) {
      if (next === undefined) continue;
      this.#lives += 1;
      this.#program = next;
      if (this.#over.signal.aborted) next.signal("SIGKILL");
      const end = await next.ended;
      this.#program = undefined;
      this.#record(next, end);
      const downMs = this.#downMs ?? RESTART_MS;
      this.#downMs = undefined;
      await this.#options.clock.sleep(downMs, this.#over.signal);
    }
  }

  async #launch(): Promise<Program | undefined> {
    if (this.#over.signal.aborted) return undefined;
    try {
      return await this.#options.launch();
    } catch (error) {
      this.failures.push(error instanceof Error ? error.message : String(error));
      await this.#options.clock.sleep(RESTART_MS, this.#over.signal);
      return undefined;
    }
  }

  #record(program: Program, end: number | string): void {
    const { logFile, said } = this.#options;
    appendFileSync(logFile, `${program.lines.join("\n")}\n--- ended with ${end}\n`);
    for (const line of program.lines) said(line);
    if (this.#downMs !== undefined || this.#over.signal.aborted) return;
    this.failures.push(
      `${this.name} ended by itself with ${end}; at last it said: ${program.lines.slice(-3).join(" | ")}`,
    );
  }
}
