/** One seed, from the first request to the checker's judgement. Synchronous: it takes no more than its own computing. */
import { check, type Violation } from "../checker/check.ts";
import type { History } from "../checker/history.ts";
import { click } from "./people/approvers.ts";
import { incidentsOf } from "./people/incidents.ts";
import { ANN, BOB, BOT, CLOSED_WITHIN_MS, CLUSTER, SETTLED_WITHIN_MS } from "./plan.ts";
import type { Storage } from "./storage.ts";
import { brew, calm } from "./storm.ts";
import { createWorld, type World } from "./world.ts";

export interface Run {
  readonly violations: readonly Violation[];
  readonly counts: Readonly<Record<string, number>>;
}

/** How long after the storm somebody answers once more, in ms. */
const LAST_CLICK_MS = 75_000;

/** Runs one seed. Call it from a task of its own; `write` takes the story line by line. */
export function runSeed(seed: number, storage: Storage, write: ((line: string) => void) | null = null): Run {
  const world = createWorld(seed, storage, write);
  const { scheduler, plan, relays, journal } = world;
  if (journal.isRead) journal.tell("plan", JSON.stringify(plan));
  for (const relay of relays) relay.start();
  brew(world);
  scheduler.runUntil(scheduler.nowMs + plan.stormMs);
  calm(world);
  const calmFromMs = scheduler.nowMs;
  scheduler.runUntil(calmFromMs + LAST_CLICK_MS);
  clickInCalm(world);
  scheduler.runUntil(calmFromMs + SETTLED_WITHIN_MS);
  const quietFromMs = scheduler.nowMs;
  endAll(world);
  scheduler.runUntil(quietFromMs + CLOSED_WITHIN_MS);
  const history = historyOf(world, calmFromMs, quietFromMs);
  for (const relay of relays) relay.crash();
  world.edge.crash();
  return { violations: check(history), counts: journal.counts };
}

// In good weather whoever may decide is heard.
function clickInCalm(world: World): void {
  const { dice, teleport, plan } = world;
  const pending = [...teleport.entries.keys()].filter((id) => teleport.isPending(id));
  const [id] = pending;
  const incident =
    id === undefined ? undefined : incidentsOf(world, id).findLast(({ mergedInto }) => mergedInto === null);
  if (incident === undefined || plan.decisions.channels.length === 0) return;
  click(world, incident, dice.pick([ANN, BOB]), dice.pick(["approve", "deny"] as const));
}

function endAll({ dice, teleport }: World): void {
  for (const id of teleport.entries.keys()) {
    if (!teleport.isPending(id)) continue;
    if (dice.chance(0.3)) teleport.drop(id, "deleted");
    else teleport.resolve(id, dice.pick(["APPROVED", "DENIED"] as const), "olga");
  }
}

function historyOf(world: World, calmFromMs: number, quietFromMs: number): History {
  const { plan, teleport, pagerDuty, clicks, mistypes, refused, losses, relays, scheduler } = world;
  const { approvers, approvableRoles, approveWithinMs } = plan.policy;
  const { east, west, edge } = plan.offsetsMs;
  return {
    setting: {
      cluster: CLUSTER,
      approvers,
      approvableRoles: approvableRoles.includes("*") ? null : approvableRoles,
      allowsSelfApproval: plan.policy.allowSelfApproval,
      autoApproves: plan.policy.autoApproveOnCall,
      decidesByReview: plan.decideBy === "review",
      approveWithinMs,
      clockOffsetMs: Math.max(...[east, west, edge].map(Math.abs)),
      botUserId: BOT.id,
      settledWithinMs: SETTLED_WITHIN_MS,
      edgeIsHonest: !plan.edgeLies,
      relays: relays.length,
      relayStarts: relays.reduce((starts, relay) => starts + relay.starts, 0),
    },
    requests: teleport.history,
    verdicts: teleport.verdicts,
    incidents: pagerDuty.history,
    clicks,
    mistypes,
    refused,
    intents: relays.flatMap(({ intents }) => intents),
    calls: [...teleport.calls, ...pagerDuty.calls],
    losses,
    calmFromMs,
    quietFromMs,
    endedMs: scheduler.nowMs,
  };
}
