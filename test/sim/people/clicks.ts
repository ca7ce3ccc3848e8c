/** What the checker is told of clicks and of those who give them. */
import type { Person, Verdict } from "../../checker/history.ts";
import type { Incident, PagerDutyEvent } from "../pagerduty/records.ts";
import { ALICE, ANN, BOB, CAROL, DAVE, SERVICES, type Somebody } from "../plan.ts";
import type { World } from "../world.ts";

/** Teleport users that somebody is; the checker's own knowledge. */
const TELEPORT_USERS: Readonly<Record<string, readonly string[]>> = {
  [ALICE.id]: ["alice", "alice@example.com"],
  [DAVE.id]: ["Dave@example.com"],
  [ANN.id]: ["ann"],
  [BOB.id]: ["bob"],
  [CAROL.id]: ["carol"],
};

/** An event that PagerDuty delivers is a click. */
export function recordEvent(world: World, event: PagerDutyEvent, verdict: Verdict, person: Person): void {
  const isNote = event.type === "incident.annotated";
  recordClick(world, [...new Set(world.courier.idsOf(event))], event.incident, verdict, person, isNote);
}

/** A click of which there are these ids: under each that PagerDuty gives it, and either may be the one that decides. */
export function recordClick(
  { clicks, scheduler, pagerDuty, plan }: World,
  ids: readonly string[],
  incident: Incident,
  verdict: Verdict,
  person: Person,
  isFound: boolean,
): void {
  const policyId = SERVICES.find(({ id }) => id === incident.serviceId)?.policyId ?? "";
  const level = (pagerDuty.onCall.get(policyId) ?? []).indexOf(person.id ?? "") + 1;
  const { onCallLevels } = plan.policy;
  const onCall = level > 0 && (onCallLevels === 0 || level <= onCallLevels);
  const of = { incidentId: incident.id, verdict, atMs: scheduler.nowMs, person, onCall };
  const foundBy = isFound ? "reconciliation" : "nobody";
  for (const id of ids) clicks.push({ id, ...of, isAuthentic: true, acceptedMs: null, foundBy });
}

/** Somebody as the checker knows them. */
export function personFor({ id, name, email }: Somebody): Person {
  return { id, kind: "user", name, email, teleportUsers: TELEPORT_USERS[id] ?? [] };
}
