/**
 * Who takes part, what is configured, and what is to become of a request: its plot, drawn before it is asked for. Pure.
 */
import { SERVICE, PEOPLE as STAGE_PEOPLE } from "../stage/stage.ts";
import type { Dice } from "./dice.ts";

/** Bob is on call everywhere, Erin for databases; Dora may decide whoever is on call; Alice and Carol may not. */
export const PEOPLE = {
  ...STAGE_PEOPLE,
  dora: { id: "PDORA01", name: "Dora Dogwood", email: "dora@example.com" },
  erin: { id: "PERIN01", name: "Erin Elm", email: "erin@example.com" },
} as const;
export type PersonName = keyof typeof PEOPLE;

export const SERVICES = {
  access: { id: SERVICE, name: "Teleport access" },
  database: { id: "PDATAB2", name: "Databases" },
} as const;
export type ServiceName = keyof typeof SERVICES;

/** Who is on call for each, at any level. */
export const ON_CALL: Readonly<Record<string, readonly PersonName[]>> = {
  [SERVICES.access.id]: ["bob"],
  [SERVICES.database.id]: ["bob", "erin"],
};

/** As `policy.approvers`. */
export const APPROVERS: readonly string[] = ["on-call", PEOPLE.dora.id];

/** Nobody approves anything else from PagerDuty. */
export const APPROVABLE_ROLES = ["dba", "auditor"] as const;

/** Short enough that a click may have become too old when the weather lets it through. */
export const APPROVE_WITHIN_SECONDS = 30;

/** Something that a person does on an incident, or that is made to look so; `afterMs` it was paged. */
export interface Act {
  readonly afterMs: number;
  readonly who: PersonName;
  readonly what: "approve" | "deny" | "press approve" | "press deny" | "forged approval" | (typeof IDLE_ACTS)[number];
}

/** What never decides. */
const IDLE_ACTS = ["near miss", "chatter", "acknowledge", "resolve", "merge"] as const;

/** What somebody does in Teleport, `afterMs` the request was made. */
export interface Intervention {
  readonly afterMs: number;
  readonly what: "approve" | "deny" | "delete";
}

export interface Plot {
  readonly requester: PersonName;
  readonly roles: readonly string[];
  /** Null: where requests go by default. */
  readonly services: readonly ServiceName[] | null;
  /** How long it may stay pending, in ms; null: as long as Teleport lets it. */
  readonly pendingMs: number | null;
  readonly acts: readonly Act[];
  readonly intervention: Intervention | null;
}

/** Draws what is to become of a request. Most are decided on PagerDuty by somebody who may. */
export function drawPlot(dice: Dice): Plot {
  return {
    requester: dice.weighted([[6, "alice"] as const, [2, "carol"] as const, [2, "bob"] as const]),
    roles: dice.weighted([[7, ["dba"]] as const, [3, ["auditor", "dba"]] as const, [1, ["dba", "root"]] as const]),
    services: dice.weighted<readonly ServiceName[] | null>([
      [7, null],
      [1, ["database"]],
      [1, ["access", "database"]],
    ]),
    pendingMs: dice.chance(0.1) ? dice.between(4_000, 20_000) : null,
    acts: drawActs(dice),
    intervention: dice.chance(0.1)
      ? { afterMs: dice.between(0, 8_000), what: dice.pick(["approve", "deny", "delete"]) }
      : null,
  };
}

/** Draws what people do once a request is paged again, when most have had their say. */
export function drawLaterActs(dice: Dice): Act[] {
  return dice.chance(0.7) ? [decision(dice)] : [];
}

function drawActs(dice: Dice): Act[] {
  const acts = [
    ...(dice.chance(0.8) ? [decision(dice)] : []),
    ...(dice.chance(0.25) ? [decision(dice)] : []),
    ...(dice.chance(0.25)
      ? [{ ...decision(dice), who: dice.pick<PersonName>(["alice", "carol", "erin", "bob"]) }]
      : []),
    ...(dice.chance(0.05) ? [{ afterMs: at(dice), who: "bob", what: "forged approval" } as const] : []),
    ...(dice.chance(0.3) ? [{ afterMs: at(dice), who: anybody(dice), what: idle(dice) }] : []),
  ];
  return dice.chance(0.08) ? [...acts, ...contradiction(dice)] : acts;
}

function decision(dice: Dice): Act {
  const what = dice.weighted<Act["what"]>([
    [5, "approve"],
    [2, "press approve"],
    [2, "deny"],
    [1, "press deny"],
  ]);
  return { afterMs: at(dice), who: dice.pick<PersonName>(["bob", "bob", "dora"]), what };
}

/** Two who may decide, and do not agree, a millisecond apart. */
function contradiction(dice: Dice): Act[] {
  const afterMs = at(dice);
  const [first, second] = dice.chance(0.5) ? (["approve", "deny"] as const) : (["deny", "approve"] as const);
  return [
    { afterMs, who: "bob", what: first },
    { afterMs: afterMs + 1, who: "dora", what: second },
  ];
}

function idle(dice: Dice): (typeof IDLE_ACTS)[number] {
  return dice.weighted([
    [3, "near miss"] as const,
    [4, "chatter"] as const,
    [3, "acknowledge"] as const,
    [2, "resolve"] as const,
    [1, "merge"] as const,
  ]);
}

function anybody(dice: Dice): PersonName {
  return dice.pick<PersonName>(["alice", "bob", "carol", "dora", "erin"]);
}

// Some are quick, and some go for a coffee first.
function at(dice: Dice): number {
  return dice.chance(0.3) ? dice.between(0, 300) : dice.between(300, 9_000);
}
