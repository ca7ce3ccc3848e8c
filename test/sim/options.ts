/** The simulator's command line. */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

export const HELP = `Usage: npm run sim -- [--seeds N] [--seed K] [--trace] [--mutants] [--workers N] [--help]

Runs both halves as they ship under one seeded scheduler with virtual time: one relay or two, the edge, and around
them a Teleport, a PagerDuty and people that delay, drop, repeat, refuse, crash and change their minds. After the
storm comes calm, and then a checker that knows only what Teleport and PagerDuty saw judges whether every promise
was kept. A seed is a whole world: the same seed is the same story.

  --seeds N     how many seeds to run, from 1 or from K on (1000)
  --seed K      the first seed; alone, the only one
  --trace       tell the story of each seed line by line
  --mutants     plant bugs in the shipped code, one at a time, and show that each is caught within 2,000 seeds
  --mutant NAME only the planted bugs whose names contain this
  --workers N   how many threads to use (one for each core)
  --help        this text

The last line is \`N passed, N failed\`; the exit code is 1 when a seed broke a promise or a planted bug was not caught.
`;

export interface Options {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly tells: boolean;
  /** Null: no bugs are planted; else those whose names contain it. */
  readonly mutants: string | null;
  readonly workers: number;
  readonly wantsHelp: boolean;
}

/** Reads the command line. Throws an error with one sentence when it cannot be understood. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: "string" },
      seed: { type: "string" },
      trace: { type: "boolean", default: false },
      mutants: { type: "boolean", default: false },
      mutant: { type: "string" },
      workers: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  return {
    firstSeed: numberIn("seed", values.seed ?? "1"),
    seeds: numberIn("seeds", values.seeds ?? (values.seed === undefined ? "1000" : "1")),
    tells: values.trace,
    mutants: values.mutant ?? (values.mutants ? "" : null),
    workers: numberIn("workers", values.workers ?? String(availableParallelism())),
    wantsHelp: values.help,
  };
}

function numberIn(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Error(`--${name} must be a whole number from 1 to 999999999.`);
}
