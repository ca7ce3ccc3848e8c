/**
 * How long the relay is behind after a connection was lost, with much that is open: from its first word on the new one until
 * PagerDuty is asked about the one request that was made meanwhile. What the edge has is not sent to it again.
 */
import type { Case, Effort } from "../case.ts";
import { median } from "../figures.ts";
import { pause } from "../monotonic.ts";
import type { Row } from "../row.ts";
import { Setting } from "../setting/setting.ts";
import { Tap } from "../setting/tap.ts";

/** So many requests are open. */
const CROWDS = [10, 1_000, 10_000];
const QUICK_CROWDS = [10, 10_000];

/** More than a greeting, one request and the acknowledgements take, in bytes. */
const FEW_BYTES = 16 * 1024;

const LIMIT = "a bare client's list, and one durable row";

export const catchingUp: Case = {
  name: "catching-up",
  title: "connected again → caught up",
  measure,
};

interface Figures {
  readonly limit: number[];
  readonly teleport: number[];
  readonly edge: number[];
  readonly start: number[];
  readonly list: number[];
  readonly bytes: number[];
}

async function measure(effort: Effort): Promise<Row[]> {
  const rows: Row[] = [];
  for (const count of effort.isQuick ? QUICK_CROWDS : CROWDS) rows.push(...(await withOpen(count, effort)));
  return rows;
}

async function withOpen(count: number, { rounds, isQuick }: Effort): Promise<Row[]> {
  const { setting } = await Setting.withOpen(count, { relay: false });
  const figures: Figures = { limit: [], teleport: [], edge: [], start: [], list: [], bytes: [] };
  const tap = await Tap.before(setting.edgeUrl);
  try {
    await setting.startRelay(tap.url);
    await pause(500);
    // The first round warms up.
    for (let round = 0; round <= (isQuick ? 1 : rounds); round++) await measureRound(setting, tap, figures);
  } finally {
    tap.close();
    await setting.strike();
  }
  return rowsOf(count, figures);
}

async function measureRound(setting: Setting, tap: Tap, figures: Figures): Promise<void> {
  const list = await setting.bare.ask("list");
  figures.list.push(list.ms);
  figures.limit.push(list.ms + (await durableRowMs(setting)));
  figures.teleport.push(await afterTeleport(setting));
  const before = tap.traffic.toEdge;
  figures.edge.push(await afterEdge(setting, tap));
  await pause(200);
  figures.bytes.push(tap.traffic.toEdge - before);
  await setting.stopRelay();
  figures.start.push(await startMs(setting, tap.url));
}

async function durableRowMs(setting: Setting): Promise<number> {
  const told = Array.from({ length: 8 }, (_, index) => ({ what: "approve", incidentId: `QROW${index}` }) as const);
  const url = `${await setting.bareUrl()}/insert`;
  const { sentMs, answeredMs } = await setting.load.ask("closedLoop", { url, told }, 1);
  return median(answeredMs.map((atMs, index) => atMs - (sentMs[index] ?? 0)));
}

/** Teleport went away and came back. */
async function afterTeleport({ teleport, pagerDuty }: Setting): Promise<number> {
  await pagerDuty.ask("posted");
  await teleport.ask("stop");
  await teleport.ask("ask", 1);
  await teleport.ask("restart");
  const { atMs } = await onePosted(pagerDuty);
  return atMs - ((await teleport.ask("firstCall")) ?? Number.NaN);
}

/** The line to the edge was cut and mended; how long the relay was behind, in ms. */
export async function afterEdge({ teleport, pagerDuty }: Setting, tap: Tap): Promise<number> {
  await pagerDuty.ask("posted");
  tap.cut();
  await teleport.ask("ask", 1);
  tap.mend();
  const { atMs } = await onePosted(pagerDuty);
  return atMs - tap.enteredMs;
}

/** Waits until an incident is asked for; for which request, and when. */
export async function onePosted(pagerDuty: Setting["pagerDuty"]): Promise<{ requestId: string; atMs: number }> {
  while ((await pagerDuty.ask("postedCount")) < 1) await pause(20);
  const [[requestId, atMs] = ["", Number.NaN]] = await pagerDuty.ask("posted");
  return { requestId, atMs };
}

/** Starts the relay; how long until it watches, in ms. */
async function startMs(setting: Setting, edgeUrl: string): Promise<number> {
  const startedMs = performance.now();
  const relay = await setting.launchRelay(edgeUrl);
  await relay.line(/Watcher connected/);
  const tookMs = performance.now() - startedMs;
  await relay.line(/Edge connected/);
  await pause(300);
  return tookMs;
}

function rowsOf(count: number, figures: Figures): Row[] {
  const warm = (all: readonly number[]): number[] => all.slice(1);
  const limit = { of: LIMIT, rounds: warm(figures.limit) };
  const goal = count === Math.max(...CROWDS) ? { goal: { ratioAtMost: 1.5 } } : {};
  const open = `${count} open`;
  const time = { unit: "ms", isCount: false } as const;
  return [
    { ...time, what: `${open}: Teleport is back → caught up`, rounds: warm(figures.teleport), limit, ...goal },
    { ...time, what: `${open}: the edge is back → caught up`, rounds: warm(figures.edge), limit, ...goal },
    {
      ...time,
      what: `${open}: relay started → watching`,
      rounds: warm(figures.start),
      limit: { of: "a bare client's list", rounds: warm(figures.list) },
    },
    {
      what: `${open}: sent to the edge when it is back, one request being new`,
      unit: "bytes",
      isCount: true,
      rounds: warm(figures.bytes),
      goal: { atMost: FEW_BYTES },
    },
  ];
}
