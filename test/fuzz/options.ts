/** The fuzzer's command line. Pure. */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";

export interface Options {
  readonly runs: number;
  readonly seed: number;
  /** Undefined: all of them. */
  readonly target: string | undefined;
  /** One finding to be replayed: which property of the target, from 1, and the path in it. */
  readonly replay: { readonly property: number; readonly path: string } | undefined;
}

export type OptionsReading =
  | { readonly kind: "options"; readonly options: Options }
  | { readonly kind: "help" }
  | { readonly kind: "fault"; readonly problem: string };

const DEFAULT_RUNS = 1000;

const MAX_SEED = 2 ** 31;

/** Reads the arguments. Never throws. */
export function readOptions(args: readonly string[]): OptionsReading {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS });
    if (values.help === true) return { kind: "help" };
    const replay = values.replay === undefined ? undefined : readReplay(values.replay);
    if (replay !== undefined && values.target === undefined) throw new Error("--replay needs --target");
    const runs = values.runs === undefined ? DEFAULT_RUNS : readCount("--runs", values.runs, 1);
    const seed = values.seed === undefined ? randomInt(MAX_SEED) : readCount("--seed", values.seed, 0);
    return { kind: "options", options: { runs, seed, target: values.target, replay } };
  } catch (error) {
    return { kind: "fault", problem: error instanceof Error ? error.message : String(error) };
  }
}

const OPTIONS = {
  runs: { type: "string" },
  seed: { type: "string" },
  target: { type: "string" },
  replay: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

function readCount(option: string, text: string, least: number): number {
  const count = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  if (count < least || count >= MAX_SEED) throw new Error(`${option} takes a whole number from ${least}, not ${text}`);
  return count;
}

function readReplay(text: string): NonNullable<Options["replay"]> {
  const [, property, path] = /^(\d{1,3})\/(\d[\d:]*)$/.exec(text) ?? [];
  if (property === undefined || path === undefined) throw new Error("--replay takes what a finding prints: 2/17:0:3");
  return { property: Number(property), path };
}

/** What `--help` prints; `targets` by name, with what each is. */
export function helpText(targets: readonly { readonly name: string; readonly about: string }[]): string {
  const widest = Math.max(...targets.map(({ name }) => name.length));
  const lines = targets.map(({ name, about }) => `  ${name.padEnd(widest)}  ${about}\n`);
  return `Usage: npm run fuzz -- [--runs N] [--seed K] [--target NAME] [--replay P/PATH]

Feeds hostile and mutated input to every place where something from outside is read, and checks what must hold.
The same seed gives the same inputs, but for keys, which are new each time. Exits with 1 when something does not hold.

  --runs N         how often each property is tried (${DEFAULT_RUNS}); costly ones less often, as their lines say
  --seed K         where the inputs come from (random)
  --target NAME    only this target
  --replay P/PATH  one finding again, as printed with it

Targets:
${lines.join("")}`;
}
