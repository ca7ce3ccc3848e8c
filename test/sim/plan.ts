/** What one seed's world is like: its configuration, its people, its weather. Drawn once, before anything happens. */
import type { Policy } from "../../relay/guard.ts";
import type { Decisions } from "../../shared/decisions.ts";
import type { Dice } from "../chaos/dice.ts";

export const CLUSTER = "teleport.example.com";
export const START_MS = Date.UTC(2026, 10, 20, 12);

/** Services of the account; requests that name none go to the first. */
export const SERVICES = [
  { id: "PACCESS", name: "Access", policyId: "PPOLICY1" },
  { id: "PDATA01", name: "Databases", policyId: "PPOLICY2" },
] as const;

/** Somebody with a user in PagerDuty. */
export interface Somebody {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

export const BOT: Somebody = { id: "PBOT001", name: "Teleport Bot", email: "teleport-bot@example.com" };
export const ANN: Somebody = { id: "PANN001", name: "Ann Alder", email: "ann@example.com" };
export const BOB: Somebody = { id: "PBOB001", name: "Bob Birch", email: "bob@example.com" };
export const CAROL: Somebody = { id: "PCAROL1", name: "Carol Cedar", email: "Carol@Example.com" };
/** Who asks; in Teleport the user `alice`, whose trait is the same address in other letters. */
export const ALICE: Somebody = { id: "PALICE1", name: "Alice Ash", email: "alice@example.com" };
/** Whoever asks under their address. */
export const DAVE: Somebody = { id: "PDAVE01", name: "Dave Douglas", email: "dave@example.com" };

export const PEOPLE: readonly Somebody[] = [BOT, ANN, BOB, CAROL, ALICE, DAVE];

/** Teleport users and their e-mail traits. */
export const TRAITS: Readonly<Record<string, readonly string[]>> = {
  alice: ["Alice@example.com"],
  "Dave@example.com": [],
  erin: ["erin@example.com"],
};

/** Ids of the workflow triggers that decide. */
export const TRIGGERS = { approve: "trigger-approve", deny: "trigger-deny" } as const;

/** Who knows which secret. */
export type Arrangement = "gate and secrets" | "secrets alone" | "gate alone";

/** How often each thing goes wrong, each a probability for one occasion. */
export interface Climate {
  readonly teleportFails: number;
  readonly pagerDutyFails: number;
  readonly slow: number;
  readonly webhooksFail: number;
  readonly webhooksRepeat: number;
  readonly linkDelays: number;
  /** That a relay loses its link just when somebody has clicked. */
  readonly takeovers: number;
}

/** How often, in a storm, what happens to whom. */
export interface Storm {
  readonly relayCrashes: number;
  readonly edgeCrashes: number;
  readonly edgeSleeps: number;
  readonly partitions: number;
  readonly watchCuts: number;
  readonly showdowns: number;
  readonly linkCuts: number;
  readonly rightsLost: number;
  readonly rateLimits: number;
  readonly pagerDutyDown: number;
  readonly keyRefused: number;
  readonly auditFails: number;
  readonly rotates: boolean;
  readonly restores: boolean;
  readonly alarmsLost: boolean;
}

export interface Plan {
  readonly policy: Policy;
  readonly decisions: Decisions;
  readonly decideBy: "state" | "review";
  readonly arrangement: Arrangement;
  /** What each machine's clock is off the world's, in ms. */
  readonly offsetsMs: { readonly east: number; readonly west: number; readonly edge: number };
  readonly reconcileEveryMs: number;
  readonly climate: Climate;
  readonly storm: Storm;
  readonly stormMs: number;
  readonly requestCount: number;
  /** Whether what the edge tells relays is tampered with: an edge that somebody has broken into. */
  readonly edgeLies: boolean;
  /** Whether PagerDuty gives the same event another id for each subscription. */
  readonly eventIdPerSubscription: boolean;
  /** Calls a minute that PagerDuty takes. */
  readonly callsPerMinute: number;
  /** Whether both relays run. */
  readonly twoRelays: boolean;
}

/** Longest that anything may take once the weather is calm, in ms: the sum of the longest waits that follow each other. */
export const SETTLED_WITHIN_MS = 170_000;
/** How long what people have left open takes to be closed, in ms. */
export const CLOSED_WITHIN_MS = 100_000;

/** Most that a clock is off without anything being refused for it, in ms. */
const MAX_OFFSET_MS = 20_000;
/** And by how much some are that nobody has set right. */
const WRONG_OFFSET_MS = 400_000;

/** The world of one seed. */
export function planFor(dice: Dice): Plan {
  const some = (probability: number, most: number): number => (dice.chance(probability) ? dice.roll() * most : 0);
  const most = dice.chance(0.05) ? WRONG_OFFSET_MS : MAX_OFFSET_MS;
  const offset = (): number => (dice.chance(0.3) ? dice.between(-most, most) : 0);
  const times = (probability: number, most: number): number => (dice.chance(probability) ? dice.between(1, most) : 0);
  return {
    policy: policyFor(dice),
    decisions: {
      channels: dice.chance(0.5) ? ["note", "action", "workflow"] : ["note"],
      workflowTriggers: TRIGGERS,
      field: "teleport_decision",
      onResolve: dice.chance(0.25) ? "deny" : "nothing",
      confirm: dice.chance(0.25) ? "all" : "action",
    },
    decideBy: dice.chance(0.15) ? "review" : "state",
    arrangement: dice.pick(["gate and secrets", "gate and secrets", "secrets alone", "gate alone"] as const),
    offsetsMs: { east: offset(), west: offset(), edge: dice.between(-2_000, 2_000) },
    reconcileEveryMs: 60_000,
    climate: {
      teleportFails: some(0.5, 0.2),
      pagerDutyFails: some(0.5, 0.25),
      slow: some(0.5, 0.4),
      webhooksFail: some(0.4, 0.3),
      webhooksRepeat: some(0.5, 0.4),
      linkDelays: some(0.5, 0.3),
      takeovers: some(0.5, 0.6),
    },
    storm: {
      relayCrashes: times(0.45, 3),
      edgeCrashes: times(0.45, 3),
      edgeSleeps: times(0.3, 3),
      partitions: times(0.4, 3),
      watchCuts: times(0.3, 3),
      showdowns: times(0.2, 2),
      linkCuts: times(0.35, 4),
      rightsLost: times(0.15, 1),
      rateLimits: times(0.15, 1),
      pagerDutyDown: times(0.15, 1),
      keyRefused: times(0.05, 1),
      auditFails: times(0.2, 2),
      rotates: dice.chance(0.1),
      restores: dice.chance(0.08),
      alarmsLost: dice.chance(0.05),
    },
    stormMs: dice.between(25, 90) * 1000,
    requestCount: dice.weighted([
      [5, 1],
      [4, 2],
      [1, 3],
    ] as const),
    edgeLies: dice.chance(0.08),
    eventIdPerSubscription: dice.chance(0.5),
    callsPerMinute: dice.chance(0.15) ? 60 : 960,
    twoRelays: dice.chance(0.8),
  };
}

function policyFor(dice: Dice): Policy {
  return {
    approvableRoles: dice.chance(0.8) ? ["*"] : ["dba", "viewer"],
    approvers: dice.pick([["PANN001", "on-call"], ["on-call"], ["ann@example.com", "PBOB001"], ["*"]]),
    onCallLevels: dice.chance(0.7) ? 0 : 1,
    identity: "email",
    allowSelfApproval: dice.chance(0.05),
    autoApproveOnCall: dice.chance(0.15),
    approveWithinMs: dice.pick([45_000, 90_000, 600_000]),
    confirm: "action",
    users: dice.chance(0.2) ? { PALICE1: ["alice"], PANN001: ["ann"] } : {},
  };
}
