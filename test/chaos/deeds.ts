/** What people do on an incident, one deed each: PagerDuty's website as they see it. The witness is told of every click. */
import { randomUUID } from "node:crypto";
import { signatureFor } from "../fakes/pagerduty/delivery.ts";
import type { Person } from "../fakes/pagerduty/person.ts";
import type { Incident } from "../fakes/pagerduty/records.ts";
import { GATE_TOKEN, type Stage } from "../stage/stage.ts";
import { type Act, PEOPLE, type PersonName } from "./cast.ts";
import type { Dice } from "./dice.ts";
import type { Tally } from "./tally.ts";
import type { Witness } from "./witness.ts";

export interface Surroundings {
  readonly stage: Stage;
  readonly witness: Witness;
  readonly dice: Dice;
  readonly tally: Tally;
}

interface Deed extends Surroundings {
  readonly incident: Incident;
  readonly who: PersonName;
  readonly person: Person;
}

/** Has somebody do something on an incident. Nothing that a resolved incident does not allow is done. */
export function perform({ who, what }: Act, incident: Incident, surroundings: Surroundings): void | Promise<void> {
  const person = surroundings.stage.pagerDuty.as(PEOPLE[who].id);
  const deed = { ...surroundings, incident, who, person };
  const isOpen = incident.status !== "resolved";
  surroundings.tally.add(`click: ${what}`);
  switch (what) {
    case "approve":
    case "deny":
      return command(deed, what);
    case "press approve":
      return press(deed, "approve");
    case "press deny":
      return press(deed, "deny");
    case "forged approval":
      return forge(deed);
    case "near miss":
      return mistype(deed);
    case "chatter":
      return void person.note(incident.id, "I would not approve this: /deny comes to mind");
    case "acknowledge":
      return isOpen ? void person.acknowledge(incident.id) : undefined;
    case "resolve":
      return isOpen ? void person.resolve(incident.id) : undefined;
    case "merge":
      return isOpen ? merge(deed) : undefined;
  }
}

function command({ witness, incident, who, person }: Deed, verdict: "approve" | "deny"): void {
  const { id, createdAtMs: atMs } = person.note(incident.id, `/${verdict} so says ${PEOPLE[who].name}`);
  witness.pagerDuty.clicked({ kind: "note", id, incidentId: incident.id, verdict, who, atMs });
}

function press({ witness, incident, who, person }: Deed, verdict: "approve" | "deny"): void {
  const { id, atMs } = person.pressAction(incident.id, verdict === "approve" ? "Approve Request" : "Deny Request");
  witness.pagerDuty.clicked({ kind: "entry", id, incidentId: incident.id, verdict, who, atMs });
}

function mistype({ witness, incident, who, person }: Deed): void {
  person.note(incident.id, "/aprove");
  witness.pagerDuty.mistyped(incident.id, who);
}

function merge({ stage, dice, incident, person }: Deed): void {
  const others = stage.pagerDuty.incidents.filter((other) => other !== incident && other.status !== "resolved");
  if (others.length > 0) person.merge(incident.id, dice.pick(others).id);
}

/** A delivery as PagerDuty would make it, signed by somebody who does not know the secret. */
async function forge({ stage, witness, incident: { id: incidentId }, who }: Deed): Promise<void> {
  const id = `01FORGED${randomUUID().replaceAll("-", "").slice(0, 18).toUpperCase()}`;
  const atMs = Date.now();
  const body = JSON.stringify(approvalEvent(id, atMs, PEOPLE[who].id, incidentId));
  witness.pagerDuty.clicked({ kind: "forged", id, incidentId, verdict: "approve", who, atMs });
  const headers = { "x-gate-token": GATE_TOKEN, "x-pagerduty-signature": signatureFor(["not the secret"], body) };
  // The edge may be down.
  await stage.post("/webhook", body, headers).catch(() => undefined);
}

function approvalEvent(id: string, atMs: number, personId: string, incidentId: string): object {
  const reference = { html_url: null, self: null, summary: null };
  return {
    event: {
      id,
      event_type: "incident.annotated",
      resource_type: "incident",
      occurred_at: new Date(atMs).toISOString(),
      agent: { ...reference, id: personId, type: "user_reference" },
      client: null,
      data: {
        incident: { ...reference, id: incidentId, type: "incident_reference" },
        id: "PFORGED",
        content: "/approve",
        trimmed: false,
        type: "incident_note",
      },
    },
  };
}
