/** Every latency again with years of finished requests in the ledger, beside an empty one in the same rounds. */
import type { Case, Effort } from "../case.ts";
import { median } from "../figures.ts";
import { pause } from "../monotonic.ts";
import { processorMs } from "../processes.ts";
import type { Row } from "../row.ts";
import type { Paged } from "../setting/ledger.ts";
import { Setting } from "../setting/setting.ts";
import { Tap } from "../setting/tap.ts";
import { afterEdge } from "./catching-up.ts";
import { allDecided } from "./click.ts";
import { pagedMs } from "./paging.ts";

/** Clicks a second. */
const RATE = 20;

/** What is done in a round: clicks, requests to be paged, cuts of the link. */
interface Round {
  readonly clicks: number;
  readonly paged: number;
  readonly cuts: number;
}

const WHOLE: Round = { clicks: 60, paged: 40, cuts: 5 };
const QUICK: Round = { clicks: 30, paged: 15, cuts: 3 };

export const ledger: Case = { name: "ledger", title: "finished requests in the ledger, against none", measure };

const KINDS = {
  answered: "webhook → 202, median",
  decided: "click → SetAccessRequestState, median",
  paged: "request made → POST /incidents, median",
  caughtUp: "the edge is back → caught up, median",
  edge: "processor time of the edge for a click and all that comes of it",
} as const;

type Medians = Record<keyof typeof KINDS, number>;

/** An edge with its own ledger, and everything around it. */
interface Half {
  readonly setting: Setting;
  readonly open: Paged[];
  readonly tap: Tap;
}

async function measure({ rounds, isQuick, tell }: Effort): Promise<Row[]> {
  const finished = isQuick ? 5_000 : 100_000;
  const round = isQuick ? QUICK : WHOLE;
  const count = (rounds + 1) * round.clicks;
  tell(`${finished} finished requests are written into a ledger`);
  const halves = [await begin(count, finished), await begin(count, 0)] as const;
  const full: Medians[] = [];
  const empty: Medians[] = [];
  try {
    for (const half of halves) await mediansOf(half, round);
    for (let turn = 0; turn < rounds; turn++) {
      // Whoever comes first finds the machine as the other has left it: by turns.
      const [first, second] = turn % 2 === 0 ? halves : [halves[1], halves[0]];
      for (const half of [first, second]) (half === halves[0] ? full : empty).push(await mediansOf(half, round));
    }
  } finally {
    for (const { tap, setting } of halves) {
      tap.close();
      await setting.strike();
    }
  }
  return (Object.keys(KINDS) as (keyof typeof KINDS)[]).map((kind) => ({
    what: `${finished} finished: ${KINDS[kind]}`,
    unit: "ms",
    isCount: false,
    rounds: full.map((medians) => medians[kind]),
    limit: { of: "with none", rounds: empty.map((medians) => medians[kind]) },
    goal: { ratioAtMost: 1.1 },
  }));
}

async function begin(count: number, finished: number): Promise<Half> {
  const { setting, open } = await Setting.withOpen(count, { finished, relay: false });
  const tap = await Tap.before(setting.edgeUrl);
  await setting.startRelay(tap.url);
  return { setting, open, tap };
}

async function mediansOf({ setting, open, tap }: Half, { clicks, paged, cuts }: Round): Promise<Medians> {
  const { load, webhookUrl: url } = setting;
  const clicked = open.splice(0, clicks);
  const told = clicked.map(({ incidentId }) => ({ what: "approve", incidentId }) as const);
  await setting.teleport.ask("decided");
  const before = processorMs(setting.edge.pid);
  const { sentMs, answeredMs } = await load.ask("openLoop", { url, told }, RATE);
  const decidedMs = await allDecided(setting, clicked.length);
  const since = (index: number, atMs: number | undefined): number => (atMs ?? Number.NaN) - (sentMs[index] ?? 0);
  // What comes of the decisions is over before anything else is measured.
  await pause(500);
  const edgeMs = (processorMs(setting.edge.pid) - before) / clicks;
  const caughtUp: number[] = [];
  for (let cut = 0; cut < cuts; cut++) caughtUp.push(await afterEdge(setting, tap));
  return {
    answered: median(answeredMs.map((atMs, index) => since(index, atMs))),
    decided: median(clicked.map(({ request }, index) => since(index, decidedMs.get(request.id)))),
    paged: median(await pagedMs(setting, paged)),
    caughtUp: median(caughtUp),
    edge: edgeMs,
  };
}
