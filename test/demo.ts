/**
 * `npm run demo`: both journeys on this machine alone, told line by line. The Worker runs in real workerd and the relay as
 * a process of its own; Teleport and PagerDuty are stand-ins. Exits with 1 if a decision did not reach Teleport.
 */
import { parseArgs } from "node:util";
import { JOURNEYS, play } from "./demo/journeys.ts";
import { setScene } from "./demo/scene.ts";
import { step, tell } from "./demo/told.ts";
import { stay } from "./demo/tour.ts";
import { CLUSTER, PEOPLE, type Stage } from "./stage/stage.ts";

const USAGE = `Usage: npm run demo [-- --stay]

Shows both journeys on this machine alone: a Teleport access request becomes a PagerDuty incident and is approved there;
another is denied. The edge is the real Worker in workerd, the relay the real relay over mTLS gRPC; Teleport and PagerDuty
are stand-ins that behave as the real ones do.

  --stay   keep everything up afterwards: print both pages' addresses and what is worth trying, and tell what happens
  --help   this text

Exit codes: 0 both decisions reached Teleport; 1 one did not; 2 bad usage; 130 ended before.
`;

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) return 2;
  if (options.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  const asked = askedToEnd();
  const startedMs = performance.now();
  tell("Setting the stage");
  const stage = await setScene();
  try {
    const setMs = performance.now() - startedMs;
    step(`Teleport "${CLUSTER}": a stand-in, gRPC over mTLS at ${stage.teleport.address}`);
    step(`PagerDuty: a stand-in at ${stage.pagerDuty.url}; ${PEOPLE.bob.name} is on call`);
    step(`edge: the Worker in workerd at ${stage.edgeUrl}, its ledger on disk`);
    step("relay: watches Teleport and is linked to the edge; it listens on no port", setMs);
    if ((await Promise.race([playAll(stage), asked])) === "asked to end") return 130;
    if (options.stay === true) await stay(stage, asked);
    return 0;
  } catch (error) {
    console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
    console.error(`\nThe relay said:\n${stage.relay.lines.slice(-20).join("\n")}`);
    return 1;
  } finally {
    await stage.strike();
  }
}

async function playAll(stage: Stage): Promise<void> {
  const latencies: number[] = [];
  for (const journey of JOURNEYS) latencies.push(await play(stage, journey));
  const [approvedMs, deniedMs] = latencies.map((ms) => Math.round(ms));
  tell(`\nBoth decisions reached Teleport: approved ${approvedMs} ms and denied ${deniedMs} ms after the click.`);
}

/** Somebody wants it to end. A terminal and npm may both say so: only the first counts, and the stage is struck in peace. */
function askedToEnd(): Promise<"asked to end"> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve("asked to end"));
  });
}

function readOptions(args: readonly string[]): { help?: boolean; stay?: boolean } | undefined {
  try {
    return parseArgs({ args: [...args], options: { help: { type: "boolean" }, stay: { type: "boolean" } } }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return undefined;
  }
}

// What was still awaited when somebody ended it is of no interest.
process.exit(await main(process.argv.slice(2)));
