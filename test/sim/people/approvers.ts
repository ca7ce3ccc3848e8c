/** Who answers in PagerDuty, by which channel; and what only looks like it. */
import type { Person, Verdict } from "../../checker/history.ts";
import type { Agent, Incident, PagerDutyEvent } from "../pagerduty/records.ts";
import { ANN, type Somebody, TRIGGERS } from "../plan.ts";
import { bodyFor, signatureFor } from "../webhooks.ts";
import { ACTION_TOKENS, GATE_TOKEN, SECRETS, type World } from "../world.ts";
import { personFor, recordClick, recordEvent } from "./clicks.ts";
import { pickIncident } from "./incidents.ts";

const LABELS = { approve: "Approve Request", deny: "Deny Request" } as const;

/** Somebody answers by one of the channels. */
export function click(world: World, incident: Incident, person: Somebody, verdict: Verdict): void {
  const { dice, plan, pagerDuty, courier, journal } = world;
  const agent: Agent = { id: person.id, type: "user_reference" };
  const channel = dice.pick(plan.decisions.channels);
  journal.count(`clicks by ${channel}`);
  if (dice.chance(plan.climate.takeovers)) takeOver(world);
  if (channel === "note") {
    const command = dice.pick([`/${verdict}`, `/${verdict} as discussed`, ` /${verdict.toUpperCase()} ok`]);
    recordEvent(world, pagerDuty.note(incident, agent, command), verdict, personFor(person));
  } else if (channel === "workflow") {
    recordEvent(world, pagerDuty.startWorkflow(incident, agent, TRIGGERS[verdict]), verdict, personFor(person));
  } else {
    const entry = pagerDuty.press(incident, agent, LABELS[verdict]);
    recordClick(world, [entry.id], incident, verdict, personFor(person), true);
    courier.press(verdict, incident.id, entry.id, ACTION_TOKENS[verdict]);
  }
}

// The relay that is asked to decide loses its link or its life while it does, and the other is asked as well.
function takeOver({ dice, scheduler, weather, relays, journal }: World): void {
  const relay = dice.pick(relays);
  scheduler.after(dice.between(20, dice.chance(0.5) ? 400 : 3_000), () => {
    if (weather.isCalm) return;
    journal.count("takeovers");
    if (dice.chance(0.7)) return relay.cutLink();
    relay.crash();
    scheduler.after(dice.between(10, 3_000), () => relay.start());
  });
}

/** Several relays are asked to decide the same, while Teleport takes its time over it. */
export function showDown(world: World): void {
  const { scheduler, teleport, journal } = world;
  const incident = pickIncident(world);
  if (incident === undefined) return;
  journal.count("showdowns");
  teleport.slowUntilMs = scheduler.nowMs + 15_000;
  click(world, incident, ANN, "approve");
  for (let time = 0; time < 3; time++) takeOver(world);
}

/** A machine does as if it were somebody. */
export function clickByMachine(world: World, incident: Incident): void {
  const { dice, pagerDuty, journal } = world;
  const agent = dice.pick([
    null,
    { id: "PSVC001", type: "service_reference" },
    { id: "PAPP001", type: "app_reference" },
  ]);
  const verdict = dice.pick(["approve", "deny"] as const);
  journal.count("clicks by machines");
  const nobody: Person = { id: agent?.id ?? null, kind: agent === null ? "nobody" : "service", ...NAMELESS };
  recordEvent(world, pagerDuty.note(incident, agent, `/${verdict}`), verdict, nobody);
}

const NAMELESS = { name: "", email: null, teleportUsers: [] } as const;

/** Somebody who is not PagerDuty posts what looks like a decision. */
export function forge(world: World, incident: Incident): void {
  const { dice, scheduler, edge, journal, pagerDuty, clicks } = world;
  journal.count("forged deliveries");
  const agent: Agent = { id: ANN.id, type: "user_reference" };
  const id = pagerDuty.newId("F");
  // An edge that has no secret believes the gate's token, and helps whoever mistypes.
  const content = world.plan.arrangement === "gate alone" ? "/approve" : dice.pick(["/approve", "approved"]);
  const data = { incident: { id: incident.id }, id: pagerDuty.newId("N"), content, type: "incident_note" };
  const event: PagerDutyEvent = { id, type: "incident.annotated", incident, atMs: scheduler.nowMs, agent, data };
  const body = new TextEncoder().encode(bodyFor(event, id));
  const signature = dice.pick([
    "",
    "v1=00",
    signatureFor(new TextEncoder().encode("something else"), SECRETS[0]),
    signatureFor(body, "a-guess"),
  ]);
  // With the gate's token it gets further; where there is none, the signature is the gate.
  const gate = dice.chance(0.7) ? { "X-Gate-Token": GATE_TOKEN } : undefined;
  const headers = { "X-PagerDuty-Signature": signature, ...gate };
  clicks.push({
    ...{ id, incidentId: incident.id, verdict: "approve", atMs: scheduler.nowMs },
    ...{ person: personFor(ANN), onCall: true, isAuthentic: false, acceptedMs: null, foundBy: "nobody" },
  });
  journal.tell("somebody", `forges an approval on ${incident.id} (${id})`);
  edge.post("/v1/teleport.example.com/webhook", headers, body).catch(() => {});
}
