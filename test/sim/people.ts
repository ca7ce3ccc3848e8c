/** What people do about incidents, sensible or not, and who is on call for them. */
import type { Agent } from "./pagerduty/records.ts";
import { click, clickByMachine, forge } from "./people/approvers.ts";
import { personFor, recordEvent } from "./people/clicks.ts";
import { isOpen, pickIncident } from "./people/incidents.ts";
import { ALICE, ANN, BOB, CAROL, DAVE, SERVICES } from "./plan.ts";
import type { World } from "./world.ts";

/** The notes that people write instead of a command. */
const NEAR_MISSES = ["approve", "/aprove", "/approved", "Resolution Note: /approve", "denied"];
const OTHER_NOTES = ["looking at it", "who is this?", "I would never /approve this", "approval is due"];

/** Whoever is on call changes. */
export function changeShift({ dice, pagerDuty }: World): void {
  for (const { policyId } of SERVICES) {
    const first = dice.pick([ANN, BOB, BOB, ALICE, DAVE]);
    const second = dice.pick([ANN, BOB, CAROL].filter((person) => person !== first));
    pagerDuty.setOnCall(policyId, [first.id, second.id]);
  }
}

/** Somebody does something about an incident, sensible or not. */
export function act(world: World): void {
  const { dice, pagerDuty, journal, plan } = world;
  const incident = pickIncident(world);
  if (incident === undefined) return;
  const person = dice.pick([ANN, ANN, BOB, BOB, CAROL, ALICE, DAVE]);
  const agent: Agent = { id: person.id, type: "user_reference" };
  const kind = dice.weighted([
    [10, "approve"],
    [5, "deny"],
    [2, "both"],
    [2, "near miss"],
    [2, "note"],
    [2, "resolve"],
    [1, "reopen"],
    [1, "acknowledge"],
    [2, "merge"],
    [1, "machine"],
    [2, "forge"],
  ] as const);
  switch (kind) {
    case "approve":
    case "deny":
      return click(world, incident, person, kind);
    case "both":
      click(world, incident, person, dice.pick(["approve", "deny"] as const));
      return void world.scheduler.after(1, () => click(world, incident, dice.pick([ANN, BOB]), "deny"));
    case "near miss":
      journal.count("near misses");
      world.mistypes.push({ incidentId: incident.id, personId: person.id });
      return void pagerDuty.note(incident, agent, dice.pick(NEAR_MISSES));
    case "note":
      return void pagerDuty.note(incident, agent, dice.pick(OTHER_NOTES));
    case "resolve": {
      const event = pagerDuty.setStatus(incident, "resolved", agent);
      if (event === undefined) return;
      journal.count("resolved by people");
      if (plan.decisions.onResolve === "deny") recordEvent(world, event, "deny", personFor(person));
      return;
    }
    case "reopen":
      if (!isOpen(world, incident)) return;
      return void pagerDuty.setStatus(incident, "triggered", agent);
    case "acknowledge":
      if (incident.status !== "triggered") return;
      return void pagerDuty.setStatus(incident, "acknowledged", agent);
    case "merge":
      return void pagerDuty.merge(incident, pickIncident(world) ?? incident, agent);
    case "machine":
      return clickByMachine(world, incident);
    case "forge":
      return forge(world, incident);
  }
}
