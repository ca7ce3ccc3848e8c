/** Journey 2 as somebody who clicks waits for it: the webhook is sent → SetAccessRequestState arrives in Teleport. */
import type { Case, Effort } from "../case.ts";
import { median, p99 } from "../figures.ts";
import { pause } from "../monotonic.ts";
import type { Goal, Row } from "../row.ts";
import type { Paged } from "../setting/ledger.ts";
import { Setting } from "../setting/setting.ts";

interface Rate {
  /** Clicks a second. */
  readonly rate: number;
  readonly seconds: number;
  readonly goal?: Goal;
  readonly tailGoal?: Goal;
}

const RATES: readonly Rate[] = [
  { rate: 10, seconds: 3 },
  { rate: 100, seconds: 4, goal: { atMost: 6, ratioAtMost: 3 }, tailGoal: { atMost: 15 } },
  { rate: 300, seconds: 3 },
];

/** Decisions in sequence by the bare client, each round, and before the first figure counts. */
const IN_SEQUENCE = 50;
const WARM_UP = 150;

const BARE = "the same calls in sequence, bare, and one synced line";

export const click: Case = {
  name: "click",
  title: "click → SetAccessRequestState arrives, open loop",
  measure,
};

async function measure({ rounds, isQuick }: Effort): Promise<Row[]> {
  const clicksOf = (rate: number, seconds: number): number => Math.ceil((rate * seconds) / (isQuick ? 3 : 1));
  const perRound = RATES.reduce((sum, { rate, seconds }) => sum + clicksOf(rate, seconds), IN_SEQUENCE);
  const { setting, open } = await Setting.withOpen(2 * WARM_UP + rounds * perRound);
  const figures = RATES.map(() => ({ medians: [] as number[], tails: [] as number[] }));
  const bare = { medians: [] as number[], tails: [] as number[] };
  try {
    await clickMs(setting, open.splice(0, WARM_UP), 100);
    await bareMs(setting, open.splice(0, WARM_UP));
    for (let round = 0; round < rounds; round++) {
      const inSequence = await bareMs(setting, open.splice(0, IN_SEQUENCE));
      bare.medians.push(median(inSequence));
      bare.tails.push(p99(inSequence));
      for (const [index, { rate, seconds }] of RATES.entries()) {
        const took = await clickMs(setting, open.splice(0, clicksOf(rate, seconds)), rate);
        figures[index]?.medians.push(median(took));
        figures[index]?.tails.push(p99(took));
      }
    }
  } finally {
    await setting.strike();
  }
  return RATES.flatMap(({ rate, goal, tailGoal }, index): Row[] => [
    rowOf(`${rate}/s, median`, figures[index]?.medians ?? [], bare.medians, goal),
    rowOf(`${rate}/s, p99`, figures[index]?.tails ?? [], bare.tails, tailGoal),
  ]);
}

function rowOf(what: string, rounds: readonly number[], limit: readonly number[], goal: Goal | undefined): Row {
  return { what, unit: "ms", isCount: false, rounds, limit: { of: BARE, rounds: limit }, ...(goal && { goal }) };
}

/** Clicks on each of these, so many a second; how long each took to arrive in Teleport, in ms. */
export async function clickMs(
  { load, teleport, webhookUrl: url }: Setting,
  paged: readonly Paged[],
  rate: number,
): Promise<number[]> {
  const told = paged.map(({ incidentId }) => ({ what: "approve", incidentId }) as const);
  await teleport.ask("decided");
  const { sentMs } = await load.ask("openLoop", { url, told }, rate);
  const decidedMs = await allDecided({ teleport }, paged.length);
  return paged.map(({ request }, index) => (decidedMs.get(request.id) ?? Number.NaN) - (sentMs[index] ?? 0));
}

/** Waits until so many requests were asked to be resolved; when each was. */
export async function allDecided(
  { teleport }: Pick<Setting, "teleport">,
  count: number,
): Promise<ReadonlyMap<string, number>> {
  while ((await teleport.ask("decidedCount")) < count) await pause(50);
  return teleport.ask("decided");
}

/** The same by the bare client, one after another. */
export async function bareMs({ bare, teleport }: Setting, paged: readonly Paged[]): Promise<number[]> {
  await teleport.ask("decided");
  const begunMs = await bare.ask(
    "decide",
    paged.map(({ request }) => request.id),
  );
  const decidedMs = await teleport.ask("decided");
  return [...begunMs].map(([requestId, atMs]) => (decidedMs.get(requestId) ?? Number.NaN) - atMs);
}
