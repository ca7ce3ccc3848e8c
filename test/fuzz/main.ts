/** `npm run fuzz`: tries every property of every target, and prints what does not hold with the command that shows it. */
import { helpText, type Options, readOptions } from "./options.ts";
import type { Finding, Property, Result, Target } from "./target.ts";
import { TARGETS } from "./targets.ts";

interface Tally {
  passed: number;
  failed: number;
}

/** What was thrown where nobody waits for it, which no property can see. */
const uncaught: unknown[] = [];
for (const event of ["uncaughtException", "unhandledRejection"])
  process.on(event, (error) => void uncaught.push(error));

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`The fuzzer itself failed: ${error instanceof Error ? error.stack : String(error)}\n`);
  return 1;
});

async function main(): Promise<number> {
  const reading = readOptions(process.argv.slice(2));
  switch (reading.kind) {
    case "help":
      process.stdout.write(helpText(TARGETS));
      return 0;
    case "fault":
      process.stderr.write(`${reading.problem}.\n\n${helpText(TARGETS)}`);
      return 2;
    case "options":
      return fuzz(reading.options);
  }
}

async function fuzz(options: Options): Promise<number> {
  const targets = TARGETS.filter(({ name }) => options.target === undefined || name === options.target);
  if (targets.length === 0) {
    process.stderr.write(`There is no target ${JSON.stringify(options.target)}.\n\n${helpText(TARGETS)}`);
    return 2;
  }
  const tally: Tally = { passed: 0, failed: 0 };
  print(`seed ${options.seed}, ${options.runs} runs`);
  for (const target of targets) await tryTarget(target, options, tally);
  print(`${tally.passed} passed, ${tally.failed} failed`);
  return tally.failed === 0 ? 0 : 1;
}

async function tryTarget(target: Target, { runs, seed, replay }: Options, tally: Tally): Promise<void> {
  print(`\n${target.name}: ${target.about}`);
  const properties = await target.properties();
  for (const [index, property] of properties.entries()) {
    if (replay !== undefined && replay.property !== index + 1) continue;
    const result = await tryProperty(property, { runs, seed, ...(replay && { path: replay.path }) });
    const { finding } = result;
    print(`  ${finding === undefined ? "ok  " : "FAIL"} ${property.says} (${result.runs} runs)`);
    if (finding === undefined) {
      tally.passed++;
      continue;
    }
    tally.failed++;
    const exactly = finding.path === "" ? "" : ` --replay ${index + 1}/${finding.path}`;
    tell(finding, `npm run fuzz -- --target ${target.name} --seed ${seed} --runs ${runs}${exactly}`);
  }
}

async function tryProperty(property: Property, course: Parameters<Property["run"]>[0]): Promise<Result> {
  uncaught.length = 0;
  const result = await property.run(course);
  // What was left behind comes up once the properties' own work is done.
  await new Promise((resolve) => setImmediate(resolve));
  const [first] = uncaught;
  if (first === undefined || result.finding !== undefined) return result;
  const problem = first instanceof Error ? (first.stack ?? first.message) : String(first);
  return { ...result, finding: { example: "one of these runs", problem: `Nobody caught: ${problem}`, path: "" } };
}

function tell({ example, problem }: Finding, command: string): void {
  print(indented(`smallest example: ${example}`));
  print(indented(problem.split("\n").slice(0, 12).join("\n")));
  print(indented(`again: ${command}`));
}

function indented(text: string): string {
  return text.replace(/^/gm, "       ");
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
