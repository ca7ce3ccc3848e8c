/**
 * What does not depend on the machine: rows and calls of the object for one request and for an idle hour, counted on a real
 * object's storage; RPCs, bytes on the link and syncs of real lives, one after another.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import type { Case, Effort } from "../case.ts";
import { HttpConnection, postBytes } from "../http-client.ts";
import { pause } from "../monotonic.ts";
import { pidsOf } from "../processes.ts";
import type { Goal, Row, Unit } from "../row.ts";
import { serveWorker } from "../setting/serve.ts";
import { FOLDERS, Setting } from "../setting/setting.ts";
import { Tap } from "../setting/tap.ts";
import { SyncCount } from "../syncs.ts";
import { onePosted } from "./catching-up.ts";
import { allDecided } from "./click.ts";

/** Lives that are played out, one after another; the figures are of one. */
const LIVES = 10;

/** How long nothing is done, so that whatever wakes an idle object shows, in ms. */
const IDLE_MS = 25_000;

/** The relay's own pings and their answers in that time, in bytes: the runtime answers them. */
const PING_BYTES = 200;

export const counts: Case = { name: "counts", title: "counted: one request's life, and nothing at all", measure };

async function measure(effort: Effort): Promise<Row[]> {
  return [...(await onStorage()), ...(await inReality(effort))];
}

function row(what: string, unit: Unit, figure: number, goal?: Goal): Row {
  return { what, unit, isCount: true, rounds: [figure], ...(goal && { goal }) };
}

const cost = z.object({ rows: z.number(), requests: z.number() });
const countsSchema = z.object({ life: cost, idle: cost });

async function onStorage(): Promise<Row[]> {
  const folder = await mkdtemp(join(FOLDERS, "counts-"));
  const { url, stop } = await serveWorker("counts", folder);
  try {
    const { life, idle } = await countedAt(new URL(url));
    return [
      row("one request's life until it is deleted: rows written", "rows", life.rows, { atMost: 14 }),
      row("one request's life: calls of the object", "calls", life.requests, { atMost: 8 }),
      row("an idle hour: rows written", "rows", idle.rows, { atMost: 0 }),
      row("an idle hour: wake-ups, the cron's two included", "wake-ups", idle.requests, { atMost: 2 }),
    ];
  } finally {
    await stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function countedAt(url: URL): Promise<z.infer<typeof countsSchema>> {
  const connection = await HttpConnection.open(url);
  try {
    const { body } = await connection.send(postBytes(url, {}, ""));
    return countsSchema.parse(JSON.parse(body));
  } finally {
    connection.close();
  }
}

/** What was seen before and after something. */
interface Seen {
  readonly calls: Readonly<Record<string, number>>;
  readonly toEdge: number;
  readonly toRelay: number;
}

async function inReality({ isQuick, tell }: Effort): Promise<Row[]> {
  const { setting } = await Setting.withOpen(0, { relay: false });
  const tap = await Tap.before(setting.edgeUrl);
  try {
    await setting.pagerDuty.ask("subscribe", setting.webhookUrl);
    const relay = await setting.startRelay(tap.url);
    await liveOnce(setting);
    const [workerd = 0] = pidsOf(setting.edge.pid, "workerd");
    const syncs = [await SyncCount.of(workerd), await SyncCount.of(relay.pid)] as const;
    const before = await seen(setting, tap);
    for (let life = 0; life < LIVES; life++) await liveOnce(setting);
    const after = await seen(setting, tap);
    const synced = await Promise.all(syncs.map((count) => count?.end()));
    if (synced.includes(undefined)) tell("syncs are not counted: strace is missing or may not look");
    const idle = isQuick ? [] : await idleRows(setting, tap);
    return [...rowsOf(before, after), ...syncRows(synced), ...idle];
  } finally {
    tap.close();
    await setting.strike();
  }
}

/** From the asking to the incident's end. */
async function liveOnce(setting: Setting): Promise<void> {
  const { teleport, pagerDuty, load, webhookUrl: url } = setting;
  const resolvedBefore = await pagerDuty.ask("resolvedCount");
  await teleport.ask("decided");
  await teleport.ask("ask", 1);
  const { requestId } = await onePosted(pagerDuty);
  const [incidentId = ""] = await pagerDuty.ask("incidentsOf", requestId);
  while (!(await teleport.ask("isBound", requestId))) await pause(10);
  await load.ask("closedLoop", { url, told: [{ what: "approve", incidentId }] }, 1);
  await allDecided(setting, 1);
  while ((await pagerDuty.ask("resolvedCount")) === resolvedBefore) await pause(10);
  // What comes of the end: the record of it in Teleport, the echoes of our own note and resolve.
  await pause(250);
}

async function seen({ teleport }: Setting, tap: Tap): Promise<Seen> {
  return { calls: await teleport.ask("calls"), ...tap.traffic };
}

function rowsOf(before: Seen, after: Seen): Row[] {
  const ofLife = (rpcs: readonly string[]): number =>
    rpcs.reduce((sum, rpc) => sum + (after.calls[rpc] ?? 0) - (before.calls[rpc] ?? 0), 0) / LIVES;
  const reading = ["listAccessRequests", "getPluginData"];
  return [
    row("one life: RPCs that read", "calls", ofLife(reading), { atMost: 6 }),
    row("one life: RPCs that write plugin data", "calls", ofLife(["updatePluginData"]), { atMost: 3 }),
    row("one life: SetAccessRequestState", "calls", ofLife(["setAccessRequestState"]), { atMost: 1 }),
    row("one life: bytes from the relay to the edge", "bytes", (after.toEdge - before.toEdge) / LIVES, {
      atMost: 4_096,
    }),
    row("one life: bytes from the edge to the relay", "bytes", (after.toRelay - before.toRelay) / LIVES, {
      atMost: 4_096,
    }),
  ];
}

function syncRows([edge, relay]: readonly (number | undefined)[]): Row[] {
  const rows = [
    edge === undefined ? [] : [row("one life: syncs of the edge", "syncs", edge / LIVES)],
    relay === undefined ? [] : [row("one life: syncs of the relay", "syncs", relay / LIVES, { atMost: 2 })],
  ];
  return rows.flat();
}

/** Nothing happens for a while, but for the relay's pings. */
async function idleRows(setting: Setting, tap: Tap): Promise<Row[]> {
  const [workerd = 0] = pidsOf(setting.edge.pid, "workerd");
  // Whatever there was to do is over, and the object asleep.
  await pause(12_000);
  const syncs = await SyncCount.of(workerd);
  const before = tap.traffic;
  await pause(IDLE_MS);
  const { toEdge, toRelay } = tap.traffic;
  const synced = await syncs?.end();
  const seconds = IDLE_MS / 1000;
  const bytes = toEdge - before.toEdge + toRelay - before.toRelay;
  return [
    row(`${seconds} idle seconds: bytes on the link, pings and their answers`, "bytes", bytes, { atMost: PING_BYTES }),
    ...(synced === undefined
      ? []
      : [row(`${seconds} idle seconds: syncs of the edge`, "syncs", synced, { atMost: 0 })]),
  ];
}
