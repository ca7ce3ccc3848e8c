/** What the relay has resident: idle, with much that is open, and after very many events. */
import { bareResidentBytes, SETTLES_IN_MS } from "../bare-node.ts";
import type { Case, Effort } from "../case.ts";
import { median } from "../figures.ts";
import { pause } from "../monotonic.ts";
import { residentBytes } from "../processes.ts";
import type { Row } from "../row.ts";
import { Setting } from "../setting/setting.ts";

const MB = 1e6;
const OPEN = 10_000;

/** Events go in so many parts, after each of which memory is looked at. */
const PARTS = 20;

export const memory: Case = { name: "memory", title: "what the relay has resident", measure };

async function measure({ rounds: whole, isQuick, tell }: Effort): Promise<Row[]> {
  const rounds = isQuick ? 1 : whole;
  const bare: number[] = [];
  for (let round = 0; round < rounds; round++) bare.push((await bareResidentBytes()) / MB);
  const idle = await residentWith(0, rounds);
  const crowded = await residentWith(OPEN, rounds);
  const events = isQuick ? 100_000 : 1_000_000;
  tell(`${events} events`);
  const after = await residentDuring(events);
  const limit = { of: "bare Node", rounds: bare };
  const node = median(bare);
  return [
    rowOf("idle", idle, { limit, goal: { atMost: node + 20 } }),
    rowOf(`${OPEN} open`, crowded, { limit, goal: { atMost: node + 40 } }),
    rowOf(`after ${events} events`, after.slice(-PARTS / 4), {
      limit: { of: "after 30 to 50 % of them", rounds: after.slice(PARTS / 4, PARTS / 2) },
      goal: { ratioAtMost: 1.1 },
    }),
  ];
}

function rowOf(what: string, rounds: readonly number[], rest: Pick<Row, "limit" | "goal">): Row {
  return { what, unit: "MB", isCount: false, rounds, ...rest };
}

/** Of a new relay, once it has come to rest; in MB. */
async function residentWith(open: number, rounds: number): Promise<number[]> {
  const { setting } = await Setting.withOpen(open, { relay: false });
  const resident: number[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const relay = await setting.startRelay();
      await pause(SETTLES_IN_MS);
      resident.push(residentBytes(relay.pid) / MB);
      await setting.stopRelay();
    }
  } finally {
    await setting.strike();
  }
  return resident;
}

/** While so many events come, after each part of them; in MB. */
async function residentDuring(events: number): Promise<number[]> {
  const { setting } = await Setting.withOpen(1_000);
  const resident: number[] = [];
  try {
    for (let part = 0; part < PARTS; part++) {
      await setting.teleport.ask("churn", events / PARTS);
      resident.push(residentBytes(setting.relay.pid) / MB);
    }
  } finally {
    await setting.strike();
  }
  return resident;
}
