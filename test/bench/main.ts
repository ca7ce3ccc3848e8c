/** `npm run bench`: measures every case, prints each figure beside its limit, and judges what has a goal. */
import { mkdir, writeFile } from "node:fs/promises";
import { bundleRelay } from "../../relay/install/bundle.ts";
import { releaseBuilt } from "../../relay/install/release.ts";
import { CASES } from "./cases.ts";
import { machineText, thisMachine } from "./machine.ts";
import { helpText, type Options, readOptions } from "./options.ts";
import { judged, type Verdict } from "./row.ts";
import { FOLDERS, Setting } from "./setting/setting.ts";
import { tableOf } from "./table.ts";

/** Rounds of every figure. */
const ROUNDS = 5;
const QUICK_ROUNDS = 2;

async function main(args: readonly string[]): Promise<number> {
  const reading = readOptions(
    args,
    CASES.map(({ name }) => name),
  );
  switch (reading.kind) {
    case "help":
      process.stdout.write(helpText(CASES));
      return 0;
    case "fault":
      process.stderr.write(`${reading.problem}\n\n${helpText(CASES)}`);
      return 2;
    case "options":
      return measureAll(reading.options);
  }
}

async function measureAll({ json, isQuick, judgesCounts, only }: Options): Promise<number> {
  await mkdir(FOLDERS, { recursive: true });
  await bundleRelay(releaseBuilt());
  const machine = await thisMachine(FOLDERS);
  const rounds = isQuick ? QUICK_ROUNDS : ROUNDS;
  print(machineText(machine));
  const measured: { name: string; title: string; rows: Verdict[] }[] = [];
  for (const { name, title, measure } of CASES.filter((each) => only.includes(each.name))) {
    const rows = (await measure({ rounds, isQuick, tell })).map(judged);
    measured.push({ name, title, rows });
    print(`\n${title} [${name}]\n${tableOf(rows).join("\n")}`);
  }
  if (json !== undefined) await writeFile(json, `${JSON.stringify({ machine, isQuick, cases: measured }, null, 2)}\n`);
  return judge(measured.flatMap(({ rows }) => rows).filter(({ isCount }) => isCount || !judgesCounts));
}

function judge(verdicts: readonly Verdict[]): number {
  const failed = verdicts.filter(({ isMet }) => isMet === false);
  const passed = verdicts.filter(({ isMet }) => isMet === true);
  print(`\n${passed.length} passed, ${failed.length} failed`);
  return failed.length === 0 ? 0 : 1;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

// A terminal and npm each send one.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void Setting.strikeAll().then(() => process.exit(1)));
}

process.exitCode = await main(process.argv.slice(2));
