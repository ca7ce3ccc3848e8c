/** `npm run sim`: runs seeds or planted bugs, and tells people what came of it. */
import type { Violation } from "../checker/check.ts";
import { bundleSimulation } from "./bundle.ts";
import type { Mutant } from "./mutants/mutant.ts";
import { MUTANTS } from "./mutants.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { runSeeds } from "./pool.ts";

/** Seeds within which a planted bug must be caught. */
const CAUGHT_WITHIN = 2_000;

/** Most violations of one promise that are shown. */
const SHOWN = 5;

/** How often progress is told, in ms. */
const PROGRESS_MS = 10_000;

const write = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options.wantsHelp) {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.mutants !== null) return runMutants(options, options.mutants);
  return options.tells ? tellSeeds(options) : checkSeeds(options);
}

async function checkSeeds({ firstSeed, seeds, workers }: Options): Promise<number> {
  const bundle = await bundleSimulation();
  const startedMs = performance.now();
  const found: { readonly seed: number; readonly violation: Violation }[] = [];
  const counts: Record<string, number> = {};
  let done = 0;
  let failed = 0;
  const perSecond = (): string => ((done * 1000) / (performance.now() - startedMs)).toFixed(0);
  const progress = setInterval(
    () => write(`${done} of ${seeds} seeds, ${perSecond()} a second, ${failed} failed`),
    PROGRESS_MS,
  );
  try {
    await runSeeds({
      ...{ bundle, workers, firstSeed, seeds },
      report: ({ seed, violations, counts: counted }) => {
        done += 1;
        if (violations.length > 0) failed += 1;
        for (const violation of violations) found.push({ seed, violation });
        for (const [what, count] of Object.entries(counted)) counts[what] = (counts[what] ?? 0) + count;
        return true;
      },
    });
  } finally {
    clearInterval(progress);
    await bundle.remove();
  }
  tellCounts(counts);
  tellViolations(found);
  write(`${seeds} schedules from seed ${firstSeed} on, ${perSecond()} a second on ${workers} threads`);
  write(`${done - failed} passed, ${failed} failed`);
  return failed === 0 && done === seeds ? 0 : 1;
}

function tellCounts(counts: Readonly<Record<string, number>>): void {
  write("What happened:");
  const width = Math.max(...Object.values(counts).map((count) => String(count).length));
  for (const [what, count] of Object.entries(counts).sort(([a], [b]) => a.localeCompare(b))) {
    write(`  ${String(count).padStart(width)}  ${what}`);
  }
}

function tellViolations(found: readonly { readonly seed: number; readonly violation: Violation }[]): void {
  for (const [property, broken] of Map.groupBy(found, ({ violation }) => violation.property)) {
    write(`BROKEN: ${property}, in ${new Set(broken.map(({ seed }) => seed)).size} seeds`);
    for (const { seed, violation } of broken.slice(0, SHOWN)) write(`  seed ${seed}: ${violation.what}`);
    write(`  npm run sim -- --seed ${broken[0]?.seed} --trace   tells how`);
  }
}

async function tellSeeds({ firstSeed, seeds }: Options): Promise<number> {
  const bundle = await bundleSimulation();
  const { run } = await import(bundle.path);
  let failed = 0;
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    write(`Seed ${seed}`);
    const violations: readonly Violation[] = (await run(seed, write)).violations;
    for (const { property, what } of violations) write(`BROKEN: ${property}: ${what}`);
    if (violations.length > 0) failed += 1;
  }
  await bundle.remove();
  write(`${seeds - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

async function runMutants({ firstSeed, workers }: Options, named: string): Promise<number> {
  const mutants = MUTANTS.filter(({ name }) => name.includes(named));
  if (mutants.length === 0) throw new Error(`No planted bug has "${named}" in its name.`);
  const width = Math.max(...mutants.map(({ name }) => name.length));
  let survivors = 0;
  if ((await catchMutant(NOTHING, workers, firstSeed, 100)) !== undefined) {
    write("BROKEN without any bug planted: run it without --mutants first");
    write("0 passed, 1 failed");
    return 1;
  }
  write(`${"planted bug".padEnd(width)}  seed  caught by`);
  for (const mutant of mutants) {
    const caught = await catchMutant(mutant, workers, firstSeed);
    if (caught === undefined) survivors += 1;
    const seed = String(caught?.seed ?? "-").padStart(4);
    write(`${mutant.name.padEnd(width)}  ${seed}  ${caught?.violation.property ?? "SURVIVED"}`);
  }
  write(`${mutants.length - survivors} passed, ${survivors} failed`);
  return survivors === 0 ? 0 : 1;
}

/** The code as it ships. */
const NOTHING: Mutant = { name: "nothing", patches: [] };

/** The first seed that a worker came upon which shows a planted bug, and what it broke; undefined when none does. */
async function catchMutant(mutant: Mutant, workers: number, firstSeed: number, seeds = CAUGHT_WITHIN) {
  const bundle = await bundleSimulation(mutant);
  let caught: { readonly seed: number; readonly violation: Violation } | undefined;
  await runSeeds({
    ...{ bundle, workers, firstSeed, seeds },
    report: ({ seed, violations: [violation] }) => {
      if (violation !== undefined) caught ??= { seed, violation };
      return caught === undefined;
    },
  });
  await bundle.remove();
  return caught;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
