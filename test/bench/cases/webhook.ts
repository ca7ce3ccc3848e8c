/** The front door: a click is durable before it is answered, and what matters to nobody is answered without being kept. */

import type { Sent } from "../actors/load.ts";
import type { Case, Effort } from "../case.ts";
import type { Told } from "../deliveries.ts";
import { median, perSecond } from "../figures.ts";
import type { Goal, Row } from "../row.ts";
import { Setting } from "../setting/setting.ts";

/** What goes over so many connections in a round. */
interface Crowd {
  readonly connections: number;
  readonly count: number;
}

const CROWDS: readonly Crowd[] = [
  { connections: 1, count: 300 },
  { connections: 8, count: 800 },
  { connections: 32, count: 1600 },
];

/** Many enough that a request is clicked on a few times at most. */
const OPEN_REQUESTS = 2_000;

const WARM_UP = 400;

/** What a click is compared with: the same runtime doing less. */
const BARE = {
  "/bare": "a bare Hono route",
  "/hmac": "with the signature",
  "/insert": "with one durable row",
} as const;
type BareRoute = keyof typeof BARE;

export const webhook: Case = {
  name: "webhook",
  title: "webhook → 202: a click, durable; an event of no use",
  measure,
};

async function measure({ rounds, isQuick }: Effort): Promise<Row[]> {
  // Clicks alone: what comes of them is measured elsewhere.
  const { setting, open } = await Setting.withOpen(OPEN_REQUESTS, { relay: false });
  try {
    const bareUrl = await setting.bareUrl();
    const clicks = turnsOf(open.map(({ incidentId }) => ({ what: "approve", incidentId }) as const));
    const unused = turnsOf(open.map(({ incidentId }) => ({ what: "acknowledged", incidentId }) as const));
    const figures = new Figures();
    const send = (url: string, told: readonly Told[], connections: number): Promise<Sent> =>
      setting.load.ask("closedLoop", { url, told }, connections);
    await send(setting.webhookUrl, clicks(WARM_UP), 8);
    await send(setting.webhookUrl, unused(WARM_UP), 8);
    for (const route of Object.keys(BARE)) await send(`${bareUrl}${route}`, clicks(WARM_UP), 8);
    for (let round = 0; round < rounds; round++) {
      for (const { connections, count: whole } of CROWDS) {
        const count = isQuick ? whole / 2 : whole;
        figures.add("click", connections, await send(setting.webhookUrl, clicks(count), connections));
        for (const route of Object.keys(BARE)) {
          figures.add(route, connections, await send(`${bareUrl}${route}`, clicks(count), connections));
        }
      }
      figures.add("unused", 32, await send(setting.webhookUrl, unused(isQuick ? 5_000 : 20_000), 32));
    }
    return rowsOf(figures);
  } finally {
    await setting.strike();
  }
}

/** Takes so many of some deliveries, the first again after the last. */
function turnsOf(all: readonly Told[]): (count: number) => Told[] {
  let taken = 0;
  return (count) => Array.from({ length: count }, () => all[taken++ % all.length]).filter((each) => each !== undefined);
}

/** Throughput and median answer of each round, by what was sent and over how many connections. */
class Figures {
  readonly #rates = new Map<string, number[]>();
  readonly #answers = new Map<string, number[]>();

  add(what: string, connections: number, { sentMs, answeredMs }: Sent): void {
    const tookMs = Math.max(...answeredMs) - Math.min(...sentMs);
    put(this.#rates, `${what} ${connections}`, perSecond(sentMs.length, tookMs));
    put(this.#answers, `${what} ${connections}`, median(sentMs.map((atMs, index) => (answeredMs[index] ?? 0) - atMs)));
  }

  rates(what: string, connections: number): readonly number[] {
    return this.#rates.get(`${what} ${connections}`) ?? [];
  }

  answers(what: string, connections: number): readonly number[] {
    return this.#answers.get(`${what} ${connections}`) ?? [];
  }
}

function put(into: Map<string, number[]>, name: string, figure: number): void {
  into.set(name, [...(into.get(name) ?? []), figure]);
}

function rowsOf(figures: Figures): Row[] {
  const ofClicks = CROWDS.flatMap(({ connections }) =>
    (Object.keys(BARE) as BareRoute[]).map((route): Row => {
      const goal: Goal | undefined = route === "/insert" ? { ratioAtLeast: 0.6 } : undefined;
      const limit = { of: BARE[route], rounds: figures.rates(route, connections) };
      const what = `clicks over ${connections} ${connections === 1 ? "connection" : "connections"}`;
      return {
        what,
        unit: "/s",
        isCount: false,
        rounds: figures.rates("click", connections),
        limit,
        ...(goal && { goal }),
      };
    }),
  );
  const answer: Row = {
    what: "one click at a time, median until 202",
    unit: "ms",
    isCount: false,
    rounds: figures.answers("click", 1),
    limit: { of: BARE["/insert"], rounds: figures.answers("/insert", 1) },
  };
  const unused: Row = {
    what: "events of no use over 32 connections",
    unit: "/s",
    isCount: false,
    rounds: figures.rates("unused", 32),
    limit: { of: BARE["/hmac"], rounds: figures.rates("/hmac", 32) },
    goal: { atLeast: 5_000 },
  };
  return [...ofClicks, answer, unused];
}
