/** Journey 1 as the requester waits for it: the request is made → PagerDuty is asked for an incident. */
import type { Case, Effort } from "../case.ts";
import { median, p99 } from "../figures.ts";
import { pause } from "../monotonic.ts";
import type { Row } from "../row.ts";
import { Setting } from "../setting/setting.ts";

/** Requests a second: each is paged before the next is made. */
const RATE = 20;
const WARM_UP = 60;

const BARE = "a bare watch, one durable row, the same POST";

export const paging: Case = {
  name: "paging",
  title: "request made → POST /incidents arrives, no watch lag",
  measure,
};

async function measure({ rounds, isQuick }: Effort): Promise<Row[]> {
  const count = isQuick ? 40 : 120;
  const { setting } = await Setting.withOpen(0);
  const ours: number[][] = [];
  const bare: number[][] = [];
  try {
    await pagedMs(setting, WARM_UP);
    await setting.stopRelay();
    for (let round = 0; round < rounds; round++) {
      bare.push(await barePagedMs(setting, count));
      await setting.startRelay();
      await settled(setting);
      ours.push(await pagedMs(setting, count));
      await setting.stopRelay();
    }
  } finally {
    await setting.strike();
  }
  const row = (what: string, of: (took: readonly number[]) => number, goal?: Row["goal"]): Row => ({
    what,
    unit: "ms",
    isCount: false,
    rounds: ours.map(of),
    limit: { of: BARE, rounds: bare.map(of) },
    ...(goal && { goal }),
  });
  return [row(`${RATE}/s, median`, median, { atMost: 8 }), row(`${RATE}/s, p99`, p99)];
}

/** Makes so many requests; how long each took to be asked for at PagerDuty, in ms. */
export async function pagedMs({ teleport, pagerDuty }: Setting, count: number): Promise<number[]> {
  await pagerDuty.ask("posted");
  const made = await teleport.ask("ask", count, RATE);
  while ((await pagerDuty.ask("postedCount")) < count) await pause(20);
  const postedMs = await pagerDuty.ask("posted");
  return made.map(({ requestId, atMs }) => (postedMs.get(requestId) ?? Number.NaN) - atMs);
}

async function barePagedMs(setting: Setting, count: number): Promise<number[]> {
  const { bare, pagerDutyUrl } = setting;
  const insertUrl = `${await setting.bareUrl()}/insert`;
  const watches = bare.ask("watches");
  const paged = bare.ask("page", count, insertUrl, `${pagerDutyUrl}/incidents`);
  await watches;
  const took = await pagedMs(setting, count);
  await paged;
  return took;
}

/** What was made while the relay was away has been paged. */
async function settled({ pagerDuty }: Setting): Promise<void> {
  let before = -1;
  for (let now = 0; now !== before; now = await pagerDuty.ask("postedCount")) {
    before = now;
    await pause(500);
  }
}
