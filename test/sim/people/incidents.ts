/** Which incidents people look at. */
import type { Incident } from "../pagerduty/records.ts";
import type { World } from "../world.ts";

/** The incident that a request is shown on. */
export function incidentsOf({ pagerDuty }: World, requestId: string): Incident[] {
  return [...pagerDuty.incidents.values()].filter(({ key, byUs }) => byUs && key?.split("/")[2] === requestId);
}

/** One that somebody looks at; undefined when there is none. */
export function pickIncident({ dice, pagerDuty }: World): Incident | undefined {
  const all = [...pagerDuty.incidents.values()];
  if (all.length === 0) return undefined;
  // Mostly the latest: that is what people look at.
  return dice.chance(0.6) ? all.at(-1) : dice.pick(all);
}

/** Whether people may open it again: what we have closed, or are about to, would be theirs to close. */
export function isOpen(world: World, { id, key, serviceId, seen }: Incident): boolean {
  const { teleport, scheduler } = world;
  const requestId = key?.split("/")[2] ?? "";
  const latest = incidentsOf(world, requestId).findLast((incident) => incident.serviceId === serviceId);
  if (latest?.id !== id || seen.statuses.some(({ status, byUs }) => byUs && status === "resolved")) return false;
  // It says itself that it counts no more.
  if (seen.notes.some(({ byUs, content }) => byUs && content.includes("It is paged again"))) return false;
  const expiresMs = teleport.entries.get(requestId)?.live.request.requestExpiresMs ?? 0;
  return teleport.isPending(requestId) && expiresMs > scheduler.nowMs + 60_000;
}
