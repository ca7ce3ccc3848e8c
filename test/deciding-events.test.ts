/** Every event type of PagerDuty's, done by every kind of agent, through the edge and the relay's guard: which decide. */
import { afterEach, describe, expect, it } from "vitest";
import { couldMatter } from "../edge/routes/delivery.ts";
import { verifiedClick } from "../relay/decider/evidence.ts";
import { judge } from "../relay/guard.ts";
import { fromBase64 } from "../shared/bytes.ts";
import type { Decisions } from "../shared/decisions.ts";
import type { EdgeFrame } from "../shared/edge-frames.ts";
import type { FrameOf } from "../shared/protocol.ts";
import { type Agent, readWebhook } from "../shared/webhook-event.ts";
import { Host, type ScriptedRelay } from "./edge/host.ts";
import {
  accessRequest,
  BOB,
  BOT,
  CLUSTER,
  DECISIONS,
  fieldEvent,
  incidentEvent,
  NOW,
  noteEvent,
  resolvedEvent,
  workflowEvent,
} from "./edge/samples.ts";
import { EVENT_TYPES } from "./fakes/pagerduty/events.ts";
import { boundData, liveOf, policyOf, SECRET, signedBy } from "./relay/clicks.ts";

const ALL: Decisions = {
  ...DECISIONS,
  channels: ["note", "action", "workflow", "field"],
  workflowTriggers: { approve: "T-APPROVE", deny: "T-DENY" },
  onResolve: "deny",
};
const PERSON = { id: BOB.id, type: "user_reference" };

/** What decides when a person does it. */
const CLICKS = ["note", "workflow", "field", "resolve"] as const;
const USED: ReadonlySet<string> = new Set(
  ["annotated", "workflow.started", "custom_field_values.updated", "resolved"].map((type) => `incident.${type}`),
);

function clickBy(way: (typeof CLICKS)[number], id: string, agent: Agent | null): Uint8Array {
  switch (way) {
    case "note":
      return noteEvent(id, "/approve", { agent });
    case "workflow":
      return workflowEvent(id, "T-APPROVE", { agent });
    case "field":
      return fieldEvent(id, { value: "approve", before: "pending" }, { agent });
    case "resolve":
      return resolvedEvent(id, { agent });
  }
}

/** What decides nothing, whoever does it: what is of no used type, and the used types about other things. */
function othersBy(id: string, agent: Agent | null): Uint8Array[] {
  return [
    ...[...EVENT_TYPES].filter((type) => !USED.has(type)).map((type) => incidentEvent(type, id, { agent })),
    noteEvent(id, "looking into it", { agent }),
    noteEvent(id, "approve", { agent }),
    noteEvent(id, "Resolution Note: /approve", { agent }),
    workflowEvent(id, "T-OTHER", { agent }),
    workflowEvent(id, "", { agent }),
    fieldEvent(id, { value: "pending", before: "approve" }, { agent }),
    fieldEvent(id, { value: null, before: "deny" }, { agent }),
    resolvedEvent(id, { agent, mergedInto: "QOTHER" }),
  ];
}

let host: Host;
afterEach(() => host.stop());

async function open(): Promise<{ relay: ScriptedRelay; id: string }> {
  host = await Host.start();
  const relay = host.connect().hello({ decisions: ALL });
  relay.request();
  await host.settled();
  relay.bound();
  return { relay, id: host.pagerDuty.incidents[0]?.id ?? "" };
}

/** Delivers as PagerDuty and the Worker would. */
async function deliver(raw: Uint8Array): Promise<void> {
  const evidence = signedBy(SECRET, raw);
  if (!couldMatter(readWebhook(raw)) || evidence.kind !== "signed") return;
  host.board.deliver({ raw, signature: evidence.signature });
  await host.settled();
}

/** What the guard says of what the edge passed on, by an admin who lets anybody decide anything. */
function judged({ evidence, clickId, word, cluster }: FrameOf<EdgeFrame, "decide">, id: string): string {
  const request = accessRequest();
  const judgement = judge({
    click: verifiedClick(evidence, clickId, { decisions: ALL, webhookSecrets: [SECRET], actionTokens: null }),
    framedCluster: cluster,
    cluster: CLUSTER,
    live: liveOf(request),
    pluginData: boundData(request, id),
    word,
    requesterEmails: [],
    policy: policyOf({ approvers: ["*"], approvableRoles: ["*"], users: { [BOB.id]: ["bob"], [BOT.id]: ["bot"] } }),
    way: { passesThresholds: true, hasReviewed: false, namelessBecause: null },
    auditIsWritable: true,
    nowMs: NOW,
  });
  return judgement.kind === "refuse" ? judgement.refusal : judgement.kind;
}

const AGENTS: readonly [string, Agent | null][] = [
  ["a person", PERSON],
  ["our own bot", { id: BOT.id, type: "user_reference" }],
  ["automation", null],
  ["a service", { id: BOB.id, type: "service_reference" }],
  ["an integration", { id: BOB.id, type: "inbound_integration_reference" }],
  ["a bot user", { id: BOB.id, type: "bot_user_reference" }],
  ["an app", { id: BOB.id, type: "application_reference" }],
  ["a type that is nearly a person's", { id: BOB.id, type: "User_Reference" }],
];

describe.each(AGENTS)("an event by %s", (_, agent) => {
  it("decides nothing when it is of another type, or about something else", async () => {
    const { relay, id } = await open();
    for (const raw of othersBy(id, agent)) await deliver(raw);
    expect([relay.socket.all("decide"), host.record.decisions]).toEqual([[], []]);
  });

  it.each(CLICKS)("decides only as a person's: %s", async (way) => {
    const { relay, id } = await open();
    await deliver(clickBy(way, id, agent));
    const said = relay.socket.all("decide").map((frame) => judged(frame, id));
    if (agent === PERSON) expect(said).toEqual(["submit"]);
    else expect(said.filter((word) => word !== "no_agent")).toEqual([]);
  });
});

describe("a click on an incident that is not ours", () => {
  it.each(CLICKS)("reaches no relay: %s", async (way) => {
    const { relay } = await open();
    await deliver(clickBy(way, "QOTHER", PERSON));
    expect(relay.socket.all("decide")).toEqual([]);
  });
});

describe("what the edge passes on", () => {
  it("is the delivery byte for byte", async () => {
    const { relay, id } = await open();
    const raw = clickBy("workflow", id, PERSON);
    await deliver(raw);
    const { evidence } = relay.last("decide");
    const passed = evidence.kind === "signed" ? fromBase64(evidence.raw) : undefined;
    expect(passed).toEqual(raw);
    expect(readWebhook(raw)).toMatchObject({ kind: "workflow_started", triggerId: "T-APPROVE" });
  });
});
