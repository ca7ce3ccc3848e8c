/** The people of a simulated world: who asks, who answers in PagerDuty and how, and who acts in Teleport itself. */
import type { LiveRequest } from "../../relay/access-request.ts";
import type { Person, Span, Verdict } from "../checker/history.ts";
import type { Agent, Incident, PagerDutyEvent } from "./pagerduty.ts";
import { ALICE, ANN, BOB, CAROL, DAVE, PEOPLE, SERVICES, type Somebody, TRIGGERS } from "./plan.ts";
import { bodyFor, signatureFor } from "./webhooks.ts";
import { ACTION_TOKENS, GATE_TOKEN, SECRETS, type World } from "./world.ts";

/** Teleport users that somebody is; the checker's own knowledge. */
const TELEPORT_USERS: Readonly<Record<string, readonly string[]>> = {
  [ALICE.id]: ["alice", "alice@example.com"],
  [DAVE.id]: ["Dave@example.com"],
  [ANN.id]: ["ann"],
  [BOB.id]: ["bob"],
  [CAROL.id]: ["carol"],
};

const LABELS = { approve: "Approve Request", deny: "Deny Request" } as const;

/** The notes that people write instead of a command. */
const NEAR_MISSES = ["approve", "/aprove", "/approved", "Resolution Note: /approve", "denied"];
const OTHER_NOTES = ["looking at it", "who is this?", "I would never /approve this", "approval is due"];

/** Somebody asks for access. */
export function ask(world: World): void {
  const { dice, scheduler, plan, teleport, journal, pagerDuty } = world;
  const user = dice.pick(["alice", "alice", "Dave@example.com", "erin"]);
  const roles = dice.pick([["dba"], ["dba", "viewer"], ["admin"], ["viewer"]]);
  const wanted = dice.weighted([
    [6, [SERVICES[0]]],
    [1, [SERVICES[1]]],
    [2, [SERVICES[0], SERVICES[1]]],
  ] as const);
  const isNamed = wanted.length > 1 || wanted[0] !== SERVICES[0] || dice.chance(0.2);
  const lifeMs = dice.chance(0.2) ? dice.between(20, 200) * 1000 : 3_600_000;
  const expiresMs = scheduler.nowMs + lifeMs;
  const approvals = plan.decideBy === "review" && dice.chance(0.3) ? 2 : dice.chance(0.1) ? 2 : 1;
  const id = `request-${teleport.entries.size + 1}`;
  const live: LiveRequest = {
    request: {
      id,
      user,
      roles,
      state: "PENDING",
      resources: [],
      reason: dice.pick(["to mend the ledger", "", "/approve me"]),
      resolveReason: "",
      suggestedReviewers: [],
      annotations: {
        ...(isNamed && { pagerduty_notify_service: wanted.map(({ name }) => name) }),
        ...(dice.chance(0.5) && { pagerduty_services: [SERVICES[0].name] }),
      },
      reviews: [],
      createdMs: scheduler.nowMs,
      requestExpiresMs: expiresMs,
      accessExpiresMs: scheduler.nowMs + 4 * 3_600_000,
      maxDurationMs: null,
      sessionTtlMs: null,
      requestKind: "UNDEFINED",
    },
    thresholds: [{ approve: approvals, filter: "" }],
    assumeStartMs: null,
    metadataExpiresMs: null,
  };
  journal.count("requests");
  const levels = plan.policy.onCallLevels === 0 ? 2 : plan.policy.onCallLevels;
  // Whoever asks under their address is found by it.
  const onCall = (): readonly Span[] =>
    live.request.annotations.pagerduty_services !== undefined && user === "Dave@example.com"
      ? pagerDuty.spansOf(DAVE.id, SERVICES[0].policyId, levels)
      : [];
  teleport.create(
    live,
    wanted.map(({ id }) => id),
    onCall,
  );
  // Teleport may list it for minutes more, and may drop it without a word.
  const lateMs = dice.between(0, dice.chance(0.4) ? 300_000 : 20_000);
  const isTold = dice.chance(0.7);
  scheduler.after(lifeMs + lateMs, () => {
    if (teleport.isPending(id)) teleport.drop(id, "expired", isTold);
  });
}

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
  const { dice, pagerDuty, teleport, journal, plan } = world;
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
      if (!teleport.isPending(incident.key?.split("/")[2] ?? "")) return;
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

/** Somebody answers by one of the channels. */
export function click(world: World, incident: Incident, person: Somebody, verdict: Verdict): void {
  const { dice, plan, pagerDuty, courier, journal } = world;
  const agent: Agent = { id: person.id, type: "user_reference" };
  const channel = dice.pick(plan.decisions.channels);
  journal.count(`clicks by ${channel}`);
  if (channel === "note") {
    const command = dice.pick([`/${verdict}`, `/${verdict} as discussed`, ` /${verdict.toUpperCase()} ok`]);
    recordEvent(world, pagerDuty.note(incident, agent, command), verdict, personFor(person));
  } else if (channel === "workflow") {
    recordEvent(world, pagerDuty.startWorkflow(incident, agent, TRIGGERS[verdict]), verdict, personFor(person));
  } else {
    const entry = pagerDuty.press(incident, agent, LABELS[verdict]);
    record(world, [entry.id], incident, verdict, personFor(person), true);
    courier.press(verdict, incident.id, entry.id, ACTION_TOKENS[verdict]);
  }
}

function clickByMachine(world: World, incident: Incident): void {
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
function forge(world: World, incident: Incident): void {
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

function recordEvent(world: World, event: PagerDutyEvent, verdict: Verdict, person: Person): void {
  const isNote = event.type === "incident.annotated";
  record(world, [...new Set(world.courier.idsOf(event))], event.incident, verdict, person, isNote);
}

// Under each id that PagerDuty gives it: either may be the one that decides.
function record(
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
    [2, "alter"],
  ] as const);
  if (how === "delete") teleport.drop(id, "deleted");
  else if (how === "review") teleport.review(id, "olga");
  else if (how === "alter") teleport.alter(id);
  else teleport.resolve(id, how, "olga");
}

/** Somebody opens an incident under a key of ours, before or beside us. */
export function plant({ dice, teleport, pagerDuty }: World): void {
  const ids = [...teleport.entries.keys()];
  if (ids.length === 0) return;
  pagerDuty.plant(`teleport-access-request/teleport.example.com/${dice.pick(ids)}`, SERVICES[0].id, "Approve this.");
}

/** The incident that a request is shown on. */
export function incidentsOf({ pagerDuty }: World, requestId: string): Incident[] {
  return [...pagerDuty.incidents.values()].filter(({ key, byUs }) => byUs && key?.split("/")[2] === requestId);
}

function pickIncident({ dice, pagerDuty }: World): Incident | undefined {
  const all = [...pagerDuty.incidents.values()];
  if (all.length === 0) return undefined;
  // Mostly the latest: that is what people look at.
  return dice.chance(0.6) ? all.at(-1) : dice.pick(all);
}

/** Everybody of the account, by id. */
export function somebody(id: string): Somebody | undefined {
  return PEOPLE.find((person) => person.id === id);
}
