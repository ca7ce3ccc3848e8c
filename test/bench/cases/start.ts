/** Relay started → watching, with nothing open. */
import { bareStartMs } from "../bare-node.ts";
import type { Case, Effort } from "../case.ts";
import type { Row } from "../row.ts";
import { Setting } from "../setting/setting.ts";

/** Starts for each round that counts: one is over quickly, and none is like another. */
const STARTS = 3;

export const start: Case = { name: "start", title: "relay started → watching", measure };

async function measure({ rounds }: Effort): Promise<Row[]> {
  const { setting } = await Setting.withOpen(0, { relay: false });
  const ours: number[] = [];
  const bare: number[] = [];
  try {
    await startMs(setting);
    for (let round = 0; round < rounds * STARTS; round++) {
      bare.push(await bareStartMs());
      ours.push(await startMs(setting));
    }
  } finally {
    await setting.strike();
  }
  const limit = { of: "until bare Node runs a line", rounds: bare };
  const own = ours.map((ms, round) => ms - (bare[round] ?? 0));
  return [
    { what: "nothing open", unit: "ms", isCount: false, rounds: ours, limit },
    { what: "nothing open, without what Node takes", unit: "ms", isCount: false, rounds: own, goal: { atMost: 250 } },
  ];
}

async function startMs(setting: Setting): Promise<number> {
  const startedMs = performance.now();
  const relay = await setting.launchRelay();
  await relay.line(/Watcher connected/);
  const tookMs = performance.now() - startedMs;
  await setting.stopRelay();
  return tookMs;
}
