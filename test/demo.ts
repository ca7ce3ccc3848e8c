/**
 * `npm run demo`: both journeys on this machine alone, told line by line. The Worker runs in real workerd and the relay as
 * a process of its own; Teleport and PagerDuty are stand-ins. Exits with 1 if a decision did not reach Teleport.
 */
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { RequestState } from "../relay/gen/teleport_pb.ts";
import { ADMIN_TOKEN, CLUSTER, PEOPLE, Stage } from "./stage/stage.ts";

const USAGE = `Usage: npm run demo [-- --stay]

Shows both journeys on this machine alone: a Teleport access request becomes a PagerDuty incident and is approved there;
another is denied. The edge is the real Worker in workerd, the relay the real relay over mTLS gRPC; Teleport and PagerDuty
are stand-ins that behave as the real ones do.

  --stay   keep everything up afterwards and print the pages' addresses
  --help   this text

Exit codes: 0 both decisions reached Teleport; 1 one did not; 2 bad usage.
`;

interface Journey {
  readonly title: string;
  readonly roles: readonly string[];
  readonly reason: string;
  readonly state: RequestState;
  readonly stateName: string;
  /** What Bob does on the incident, and how it is told. */
  readonly act: (stage: Stage, incidentId: string) => string;
}

const JOURNEYS: readonly Journey[] = [
  {
    title: "A request is approved",
    roles: ["dba"],
    reason: "the nightly migration hangs, ticket OPS-2231",
    state: RequestState.APPROVED,
    stateName: "APPROVED",
    act: (stage, incidentId) => {
      stage.pagerDuty.as(PEOPLE.bob.id).note(incidentId, "/approve go ahead, I am watching");
      return `${PEOPLE.bob.name}, on call, adds the note "/approve go ahead, I am watching"`;
    },
  },
  {
    title: "Another is denied",
    roles: ["dba", "auditor"],
    reason: "just looking around",
    state: RequestState.DENIED,
    stateName: "DENIED",
    act: (stage, incidentId) => {
      stage.pagerDuty.as(PEOPLE.bob.id).pressAction(incidentId, "Deny Request");
      return `${PEOPLE.bob.name} presses the button "Deny Request"`;
    },
  },
];

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) return 2;
  if (options.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  const startedMs = performance.now();
  tell("Setting the stage");
  const stage = await Stage.set();
  try {
    const setMs = performance.now() - startedMs;
    step(`Teleport "${CLUSTER}": a stand-in, gRPC over mTLS at ${stage.teleport.address}`);
    step(`PagerDuty: a stand-in at ${stage.pagerDuty.url}; ${PEOPLE.bob.name} is on call`);
    step(`edge: the Worker in workerd at ${stage.edgeUrl}, its ledger on disk`);
    step("relay: watches Teleport and is linked to the edge; it listens on no port", setMs);
    const latencies: number[] = [];
    for (const journey of JOURNEYS) latencies.push(await play(stage, journey));
    const [approvedMs, deniedMs] = latencies.map((ms) => Math.round(ms));
    tell(`\nBoth decisions reached Teleport: approved ${approvedMs} ms and denied ${deniedMs} ms after the click.`);
    if (options.stay === true) await stay(stage);
    return 0;
  } catch (error) {
    console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
    console.error(`\nThe relay said:\n${stage.relay.lines.slice(-20).join("\n")}`);
    return 1;
  } finally {
    await stage.strike();
  }
}

/** Plays one journey; how long Teleport took to show the decision after the click, in ms. */
async function play(stage: Stage, journey: Journey): Promise<number> {
  const { teleport, pagerDuty } = stage;
  tell(`\n${journey.title}`);
  const askedMs = performance.now();
  const request = teleport.createRequest({
    user: PEOPLE.alice.email,
    roles: [...journey.roles],
    reason: journey.reason,
  });
  const requestId = request.metadata?.name ?? "";
  step(`${PEOPLE.alice.email} asks Teleport for ${journey.roles.join(" and ")}: "${journey.reason}"`);
  const incident = await pagerDuty.waitForIncident(({ incidentKey }) => incidentKey?.endsWith(requestId) === true);
  step(`PagerDuty opens incident ${incident.id}: "${incident.title}"`, performance.now() - askedMs);
  await stage.relay.line(new RegExp(`Incident bound.*${incident.id}`));
  step("Teleport holds which incident stands for the request", performance.now() - askedMs);

  const clickedMs = performance.now();
  step(journey.act(stage, incident.id));
  const decided = await teleport.waitForRequest(requestId, (current) => current?.spec?.state === journey.state);
  const latencyMs = performance.now() - clickedMs;
  step(`Teleport: ${journey.stateName}, reason "${decided?.spec?.resolveReason}"`, latencyMs);
  await pagerDuty.waitForStatus(incident.id, "resolved");
  const note = pagerDuty.incident(incident.id).notes.at(-1);
  step(`PagerDuty: noted "${note?.content.replaceAll("\n", " ")}" and resolved`, performance.now() - clickedMs);
  return latencyMs;
}

async function stay(stage: Stage): Promise<void> {
  tell("\nStaying. Decide for yourself:");
  step(`PagerDuty's page, with notes and buttons: ${stage.pagerDuty.url}/`);
  step(`the edge's status: curl -H 'Authorization: Bearer ${ADMIN_TOKEN}' ${stage.edgeUrl}/v1/${CLUSTER}/status`);
  step("press Enter for another access request, Ctrl-C to end");
  const ended = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  const keyboard = createInterface({ input: process.stdin });
  keyboard.on("line", () => {
    stage.teleport.createRequest({ user: PEOPLE.alice.email, roles: ["dba"], reason: "one more" });
    step(`${PEOPLE.alice.email} asks for dba`);
  });
  await ended;
  keyboard.close();
}

function readOptions(args: readonly string[]): { help?: boolean; stay?: boolean } | undefined {
  try {
    return parseArgs({ args: [...args], options: { help: { type: "boolean" }, stay: { type: "boolean" } } }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return undefined;
  }
}

function tell(line: string): void {
  console.log(line);
}

/** One line of the story; with how many milliseconds after its cause it happened. */
function step(line: string, afterMs?: number): void {
  const time = afterMs === undefined ? "" : `+${Math.round(afterMs)} ms`;
  console.log(`${time.padStart(10)}  ${line}`);
}

process.exitCode = await main(process.argv.slice(2));
