/**
 * The bench's own processes: each plays one part, so that none takes time from the loop that is measured. What is asked of
 * one is a call of a function that it has, by name; it answers in its own time.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What an actor can be asked to do. What goes in and comes out is copied between processes. */
// biome-ignore lint/suspicious/noExplicitAny: any function's arguments will do
export type Deeds = Readonly<Record<string, (...args: any[]) => unknown>>;

interface Wish {
  readonly number: number;
  readonly deed: string;
  readonly args: readonly unknown[];
}

type Answer = { readonly number: number } & ({ readonly result: unknown } | { readonly problem: string });

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** An actor as the one who asks has it. */
export class Actor<D extends Deeds> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  private constructor(name: string, child: ChildProcess) {
    this.#child = child;
    child.on("message", (answer: Answer) => this.#answered(answer));
    child.on("exit", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${name} has ended`));
      this.#waiting.clear();
    });
  }

  /** Starts the actor in `actors/<name>.ts`, whose deeds are of this type. */
  static start<D extends Deeds>(name: string): Actor<D> {
    const script = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
    return new Actor(name, fork(script, { serialization: "advanced" }));
  }

  /** Its process. */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("the process could not be started");
    return this.#child.pid;
  }

  /** Asks for a deed; rejects with what it threw, or when the actor ends before. */
  ask<Name extends keyof D & string>(deed: Name, ...args: Parameters<D[Name]>): Promise<Awaited<ReturnType<D[Name]>>> {
    const number = ++this.#asked;
    return new Promise((resolve, reject) => {
      // Both processes are made of the same source: what the deed returns is what arrives.
      const settle = (result: unknown): void => resolve(result as Awaited<ReturnType<D[Name]>>);
      this.#waiting.set(number, { resolve: settle, reject });
      this.#child.send({ number, deed, args } satisfies Wish);
    });
  }

  /** Ends it. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await ended;
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.number);
    this.#waiting.delete(answer.number);
    if ("problem" in answer) waiting?.reject(new Error(answer.problem));
    else waiting?.resolve(answer.result);
  }
}

/** In the actor's own process: does whatever is asked of it, and ends with the one who asks. */
export function perform(deeds: Deeds): void {
  process.on("message", (wish: Wish) => void answerTo(deeds, wish).then((answer) => process.send?.(answer)));
  process.on("disconnect", () => process.exit(0));
  // A terminal sends it to all; the one who asks decides when we end.
  process.on("SIGINT", () => {});
}

async function answerTo(deeds: Deeds, { number, deed, args }: Wish): Promise<Answer> {
  try {
    return { number, result: await deeds[deed]?.(...args) };
  } catch (error) {
    return { number, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
