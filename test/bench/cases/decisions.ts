/** A burst of clicks: how many decisions a second reach Teleport, and what each takes of the processors. */
import type { Case, Effort } from "../case.ts";
import { perSecond } from "../figures.ts";
import { pause } from "../monotonic.ts";
import { processorMs } from "../processes.ts";
import type { Row } from "../row.ts";
import type { Paged } from "../setting/ledger.ts";
import { Setting } from "../setting/setting.ts";
import { allDecided } from "./click.ts";

const CONNECTIONS = 32;
const WARM_UP = 200;

/** What Teleport's own plugin does, which keeps nothing: decisions a second at 32 connections, on two cores. */
const PREDECESSORS_RATE = 614;

export const decisions: Case = {
  name: "decisions",
  title: `click → Teleport over ${CONNECTIONS} connections, as fast as they are answered`,
  measure,
};

interface Burst {
  readonly rate: number;
  readonly edgeMs: number;
  readonly relayMs: number;
}

async function measure({ rounds, isQuick }: Effort): Promise<Row[]> {
  const count = isQuick ? 400 : 1_500;
  const { setting, open } = await Setting.withOpen(WARM_UP + rounds * count);
  const bursts: Burst[] = [];
  const pushes: number[] = [];
  try {
    const bareUrl = await setting.bareUrl();
    await setting.bare.ask("attach", `${bareUrl.replace("http", "ws")}/socket`);
    await burst(setting, open.splice(0, WARM_UP));
    await pushed(setting, bareUrl, WARM_UP);
    for (let round = 0; round < rounds; round++) {
      bursts.push(await burst(setting, open.splice(0, count)));
      pushes.push(await pushed(setting, bareUrl, count));
    }
    await setting.bare.ask("detach");
  } finally {
    await setting.strike();
  }
  const time = (what: string, of: (each: Burst) => number): Row => ({
    what,
    unit: "ms",
    isCount: false,
    rounds: bursts.map(of),
  });
  return [
    {
      what: "decisions in Teleport",
      unit: "/s",
      isCount: false,
      rounds: bursts.map(({ rate }) => rate),
      limit: { of: "pushed to a bare WebSocket client that acknowledges at once", rounds: pushes },
      goal: { atLeast: PREDECESSORS_RATE, ratioAtLeast: 0.6 },
    },
    time("processor time of the edge for a decision, its note and its incident's end included", (each) => each.edgeMs),
    time("processor time of the relay for a decision", (each) => each.relayMs),
  ];
}

/** Clicks on each of these at once; when all that comes of it is over. */
async function burst(setting: Setting, paged: readonly Paged[]): Promise<Burst> {
  const { load, teleport, pagerDuty, webhookUrl: url, edge, relay } = setting;
  const told = paged.map(({ incidentId }) => ({ what: "approve", incidentId }) as const);
  await teleport.ask("decided");
  const resolvedBefore = await pagerDuty.ask("resolvedCount");
  const [edgeBefore, relayBefore] = [processorMs(edge.pid), processorMs(relay.pid)];
  const { sentMs } = await load.ask("closedLoop", { url, told }, CONNECTIONS);
  const decidedMs = await allDecided(setting, paged.length);
  while ((await pagerDuty.ask("resolvedCount")) < resolvedBefore + paged.length) await pause(50);
  return {
    rate: perSecond(paged.length, Math.max(...decidedMs.values()) - Math.min(...sentMs)),
    edgeMs: (processorMs(edge.pid) - edgeBefore) / paged.length,
    relayMs: (processorMs(relay.pid) - relayBefore) / paged.length,
  };
}

/** The same number of deliveries through the bare Worker; how many a second its client acknowledged. */
async function pushed({ load, bare }: Setting, bareUrl: string, count: number): Promise<number> {
  const told = Array.from(
    { length: count },
    (_, index) => ({ what: "approve", incidentId: `QPUSHED${index}` }) as const,
  );
  const { count: before } = await bare.ask("acked");
  const { sentMs } = await load.ask("closedLoop", { url: `${bareUrl}/push`, told }, CONNECTIONS);
  for (;;) {
    const { count: acked, lastMs } = await bare.ask("acked");
    if (acked >= before + count) return perSecond(count, lastMs - Math.min(...sentMs));
    await pause(20);
  }
}
