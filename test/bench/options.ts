/** The bench's command line. Pure. */
import { parseArgs } from "node:util";

export interface Options {
  /** Where the rows go as JSON; undefined: nowhere. */
  readonly json: string | undefined;
  /** Fewer rounds and smaller crowds. */
  readonly isQuick: boolean;
  /** Whether only counts are judged. */
  readonly judgesCounts: boolean;
  /** Names of the cases to be measured. */
  readonly only: readonly string[];
}

export type OptionsReading =
  | { readonly kind: "options"; readonly options: Options }
  | { readonly kind: "help" }
  | { readonly kind: "fault"; readonly problem: string };

/** Reads the arguments; `cases` are the names that there are. Never throws. */
export function readOptions(args: readonly string[], cases: readonly string[]): OptionsReading {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    if (values.help === true) return { kind: "help" };
    const only = [...(values.only ?? []), ...positionals];
    if (positionals.length > 0 && values.only === undefined) throw new Error(`unexpected ${positionals.join(" ")}`);
    const unknown = only.find((name) => !cases.includes(name));
    if (unknown !== undefined) throw new Error(`there is no case ${JSON.stringify(unknown)}`);
    return {
      kind: "options",
      options: {
        json: values.json,
        isQuick: values.quick === true,
        judgesCounts: values.counts === true,
        only: only.length === 0 ? cases : only,
      },
    };
  } catch (error) {
    return { kind: "fault", problem: error instanceof Error ? error.message : String(error) };
  }
}

const OPTIONS = {
  json: { type: "string" },
  quick: { type: "boolean" },
  counts: { type: "boolean" },
  only: { type: "string", multiple: true },
  help: { type: "boolean", short: "h" },
} as const;

/** What `--help` prints; `cases` by name, with what each is. */
export function helpText(cases: readonly { readonly name: string; readonly title: string }[]): string {
  const widest = Math.max(...cases.map(({ name }) => name.length));
  const lines = cases.map(({ name, title }) => `  ${name.padEnd(widest)}  ${title}\n`);
  return `Usage: npm run bench [-- --quick] [--counts] [--json FILE] [--only NAME…]

Measures the edge in plain workerd and the relay as it is built, over real mTLS and a real WebSocket, with everything that
is durable on a disk; each figure beside its limit in the same rounds. The stand-ins, the load and the bare clients are
processes of their own.

  --quick      fewer rounds and smaller crowds, in less than two minutes
  --counts     judge only what is counted, which is the same on every machine; times are printed
  --only NAME  only this case; several may follow, or it may be said again
  --json FILE  write every row to FILE as well
  --help       this text

Cases:
${lines.join("")}
A ratio is the measured figure over its limit. The last line is "N passed, N failed".
Exit codes: 0 every goal that is judged is met; 1 one is not; 2 bad usage.
`;
}
