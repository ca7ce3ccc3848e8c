/** What `npm run chaos` may be told. */
import { parseArgs } from "node:util";

export const USAGE = `Usage: npm run chaos -- [--seconds N] [--seed K]

Runs the real edge in workerd and two real relays against a stand-in Teleport and a stand-in PagerDuty while people ask for
access, approve, deny, and resolve requests elsewhere. For N seconds processes are killed with SIGKILL and frozen with
SIGSTOP, connections between any two of them are cut, refused, held up, slowed down or left half-open, PagerDuty and
Teleport fail, hang, limit the rate and go away, webhooks come twice, and the disk under an audit log is full. Then the
weather clears, and when everything has settled, four minutes later at most, the checker of the simulator judges what
Teleport and PagerDuty have seen.

  --seconds N   how long the storm lasts (default 60)
  --seed K      a whole number that repeats what is drawn: requests, clicks, faults and their order, though not the
                instant at which real processes meet them (default: a new one)
  --help        this text

The last line is "N passed, N failed": the promises that the checker judges, each over all of the run, the chain of each
audit log, and for each program that it never ended by itself.
Exit codes: 0 all passed; 1 something failed, the logs' folder is named; 2 bad usage.
`;

export interface Options {
  readonly seconds: number;
  readonly seed: number;
}

/** Reads the command line. Never throws. */
export function parseOptions(args: readonly string[]): Options | "help" | { readonly problem: string } {
  const text = { type: "string" } as const;
  try {
    const options = { seconds: text, seed: text, help: { type: "boolean", short: "h" } } as const;
    const { values } = parseArgs({ args: [...args], options });
    if (values.help === true) return "help";
    const { seconds = "60", seed = String(Math.floor(Math.random() * 2 ** 32)) } = values;
    if (!/^[1-9]\d{0,5}$/.test(seconds)) return { problem: "--seconds must be a whole number from 1 to 999999" };
    if (!/^\d{1,10}$/.test(seed)) return { problem: "--seed must be a whole number of at most ten digits" };
    return { seconds: Number(seconds), seed: Number(seed) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
