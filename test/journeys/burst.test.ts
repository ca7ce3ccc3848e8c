import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ADMIN_TOKEN, CLUSTER, type Stage } from "../stage/stage.ts";
import { ask, setStage, WITHIN_MS } from "./journey.ts";

/** Requests in a burst, and how many of them come in one turn: more than Teleport's queue for a watch holds. */
const BURST = 2_000;
const IN_ONE_TURN = 100;

async function askFor(stage: Stage, requests: number): Promise<void> {
  for (let asked = 0; asked < requests; asked += IN_ONE_TURN) {
    for (let one = 0; one < IN_ONE_TURN; one++) ask(stage);
    await setImmediate();
  }
}

/** How many requests are pending at the edge. */
async function pendingAtEdge({ edgeUrl }: Stage): Promise<unknown> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const answer = await fetch(`${edgeUrl}/v1/${CLUSTER}/status`, { headers });
  const status: unknown = await answer.json();
  return typeof status === "object" && status !== null && "pendingCount" in status ? status.pendingCount : status;
}

describe("a burst of 2,000 requests", () => {
  it.each(["4.2.8", "7.0", "18"] as const)(
    "reaches the edge complete though the watch runs over, and again while it is listed: Teleport %s",
    async (version) => {
      const stage = await setStage({ teleport: { version } });
      const since = stage.teleport.sequence;
      await askFor(stage, BURST / 2);
      await stage.relay.line(/Watcher lost/);
      await stage.teleport.waitForCall("watchEvents", undefined, { since, timeoutMs: WITHIN_MS });
      await askFor(stage, BURST / 2);

      await expect.poll(() => pendingAtEdge(stage), { timeout: WITHIN_MS, interval: 250 }).toBe(BURST);
      const keys = stage.pagerDuty.incidents.map(({ incidentKey }) => incidentKey);
      expect(new Set(keys).size).toBe(keys.length);
    },
    2 * WITHIN_MS,
  );
});
