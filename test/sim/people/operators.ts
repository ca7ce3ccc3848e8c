/** Who acts in Teleport itself, and who opens incidents under keys of ours. */
import { ANN, BOB, SERVICES } from "../plan.ts";
import type { World } from "../world.ts";
import { click } from "./approvers.ts";
import { incidentsOf } from "./incidents.ts";

/** Somebody acts in Teleport itself. */
export function operate(world: World): void {
  const { dice, teleport } = world;
  const pending = [...teleport.entries.keys()].filter((id) => teleport.isPending(id));
  if (pending.length === 0) return;
  const id = dice.pick(pending);
  const how = dice.weighted([
    [3, "APPROVED"],
    [3, "DENIED"],
    [1, "PROMOTED"],
    [2, "delete"],
    [2, "review"],
    [4, "alter"],
  ] as const);
  if (how === "delete") teleport.drop(id, "deleted");
  else if (how === "review") teleport.review(id, "olga");
  else if (how === "alter") alter(world, id);
  else teleport.resolve(id, how, "olga");
}

// Who looks at an incident may not know that its request is another by now.
function alter(world: World, requestId: string): void {
  const { dice, scheduler, teleport } = world;
  const incident = incidentsOf(world, requestId).at(-1);
  teleport.alter(requestId);
  if (incident === undefined || dice.chance(0.3)) return;
  scheduler.after(dice.between(1, 25_000), () => click(world, incident, dice.pick([ANN, BOB]), "approve"));
}

/** Somebody opens an incident under a key of ours, before or beside us. */
export function plant({ dice, teleport, pagerDuty }: World): void {
  const ids = [...teleport.entries.keys()];
  if (ids.length === 0) return;
  pagerDuty.plant(`teleport-access-request/teleport.example.com/${dice.pick(ids)}`, SERVICES[0].id, "Approve this.");
}
