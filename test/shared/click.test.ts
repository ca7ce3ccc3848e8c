import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toBase64 } from "../../shared/bytes.ts";
import { clickIn, clickInEvidence, commandIn, isNearMiss } from "../../shared/click.ts";
import type { Decisions } from "../../shared/decisions.ts";
import type { Evidence } from "../../shared/edge-frames.ts";
import { MAX_DELIVERY_BYTES } from "../../shared/protocol.ts";
import type { WebhookEvent } from "../../shared/webhook-event.ts";
import { DECISIONS, DELIVERIES, fixture, jsonBytes } from "./fixtures.ts";

const APPROVE = { verdict: "approve", reason: "" };

describe("commandIn", () => {
  it.each([
    ["/approve", APPROVE],
    ["/deny", { verdict: "deny", reason: "" }],
    ["/APPROVE", APPROVE],
    [" \n\t/Approve \n", APPROVE],
    ["\u00a0/approve\u00a0", APPROVE],
    ["/approve vérifié, OPS-2231 ✅ ", { verdict: "approve", reason: "vérifié, OPS-2231 ✅" }],
    ["/deny\nwrong\nenvironment", { verdict: "deny", reason: "wrong\nenvironment" }],
    ["/approve /deny", { verdict: "approve", reason: "/deny" }],
    ["/deny /approve", { verdict: "deny", reason: "/approve" }],
  ])("reads %j", (note, command) => {
    expect(commandIn(note)).toEqual(command);
  });

  it.each([
    "",
    "approve",
    "/approved",
    "/approve.",
    "/approve,now",
    "/approve/deny",
    "//approve",
    "/ approve",
    "please /approve",
    "yes\n/approve",
    "> /approve",
    "Resolution Note: /approve",
    "／approve",
    "/аpprove",
    "/approve\u200b",
    "\u202e/approve",
    "/approve\u0000",
    "/denу",
  ])("is none in %j", (note) => {
    expect(commandIn(note)).toBeUndefined();
  });

  it.each([
    ["/approve because", "because"],
    ["/approve ", ""],
  ])("is in the trimmed note %j, whose command is over", (note, reason) => {
    expect(commandIn(note, true)).toEqual({ verdict: "approve", reason });
  });

  it("is none in a trimmed note that may go on as another word", () => {
    expect(commandIn(`${" ".repeat(1995)}/deny`, true)).toBeUndefined();
  });

  it("is what the product's grammar says, for every note of its letters", () => {
    const note = fc.array(fc.constantFrom("/", "approve", "Deny", " ", "\n", "x", "d"), { maxLength: 6 });
    fc.assert(
      fc.property(note, (parts) => {
        const text = parts.join("");
        const match = /^\s*\/(approve|deny)(\s|$)/i.exec(text);
        expect(commandIn(text)?.verdict).toBe(match?.[1]?.toLowerCase());
      }),
    );
  });

  it("takes the whole rest for the reason, whatever it holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (reason) => {
        expect(commandIn(`/deny ${reason}`)).toEqual({ verdict: "deny", reason: reason.trim() });
      }),
    );
  });
});

describe("isNearMiss", () => {
  it.each([
    "approve",
    "Approve",
    "approved",
    "deny",
    "Denied.",
    "deny, wrong environment",
    "approve — vérifié avec Dana",
    "/aprove",
    "/approved",
    "/approve.",
    "/approve,now",
    "/approve: OPS-1",
    "/approve-OPS-1",
    "/approve\u200b",
    "/ approve",
    "/аpprove",
    "/appprove it",
    "/dney",
    "/DENYED",
    "Resolution Note: /approve",
    "Resolution Note: /aprove, please",
    " /Aprove\nplease",
  ])("sees one in %j", (note) => {
    expect(isNearMiss(note)).toBe(true);
  });

  it.each([
    "",
    "/",
    "/approve",
    "/deny because",
    "Denying this would be bad",
    "Approval is with Omar",
    "I approve of this",
    "approver is away",
    "approves",
    "aprove",
    "denim",
    "/help",
    "/dev/sda is full",
    "/var/log",
    "/denylist",
    "looking",
    "4 eyes, please",
    `/${"approve".repeat(100)}`,
    "Resolution Note: deny wrong environment requested",
    "Access request has been approved by dana@example.com.",
  ])("sees none in %j", (note) => {
    expect(isNearMiss(note)).toBe(false);
  });

  // Were the blanks tried in every way to share them out, this would not come to its end.
  it("sees none in the longest note of blanks, and one behind them", () => {
    const blanks = " ".repeat(MAX_DELIVERY_BYTES);
    expect([isNearMiss(blanks), isNearMiss(`${blanks}/aprove`), isNearMiss(`/${blanks}aprove`)]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it("never sees one in a command", () => {
    fc.assert(fc.property(fc.string(), (rest) => !isNearMiss(`/approve ${rest}`) && !isNearMiss(`/deny\n${rest}`)));
  });
});

const COMMON = {
  eventId: "E1",
  occurredMs: 1_773_220_572_903,
  agent: { id: "P1", type: "user_reference" },
  incidentId: "Q1",
};
const CLICK = {
  id: "E1",
  agent: COMMON.agent,
  incidentId: "Q1",
  incidentKey: null,
  occurredMs: COMMON.occurredMs,
  reason: "",
};

function note(content: string, trimmed = false): WebhookEvent {
  return { kind: "annotated", ...COMMON, noteId: "N1", content, trimmed };
}

function started(triggerId: string): WebhookEvent {
  return { kind: "workflow_started", ...COMMON, triggerId };
}

function fields(entries: [string, string][]): WebhookEvent {
  return { kind: "field_values_updated", ...COMMON, changed: new Map(entries), before: new Map() };
}

const RESOLVED = { kind: "resolved", ...COMMON, incidentKey: "K", mergedInto: null, isBare: true } as const;
const { workflowTriggers } = DECISIONS;

describe("clickIn", () => {
  it.each<[string, WebhookEvent, object]>([
    ["a command", note("/approve go"), { channel: "note", verdict: "approve", reason: "go" }],
    ["the workflow that approves", started(workflowTriggers.approve), { channel: "workflow", verdict: "approve" }],
    ["the workflow that denies", started(workflowTriggers.deny), { channel: "workflow", verdict: "deny" }],
    ["the field", fields([["teleport_decision", "deny"]]), { channel: "field", verdict: "deny" }],
    ["a resolve", RESOLVED, { channel: "resolve", verdict: "deny", incidentKey: "K" }],
  ])("reads %s", (_, event, click) => {
    expect(clickIn(event, DECISIONS)).toEqual({ ...CLICK, ...click });
  });

  it.each<[string, WebhookEvent]>([
    ["a near miss", note("approve")],
    ["a trimmed note whose command may go on", note("/approve", true)],
    ["another workflow", started("6f0c1f5e-2a4b-4d0f-9c55-71c7a2d3b911")],
    ["a workflow without a trigger", started("")],
    ["the field with another value", fields([["teleport_decision", "Approve"]])],
    ["the field put back", fields([["teleport_decision", "pending"]])],
    ["another field", fields([["other_decision", "approve"]])],
    ["a merge", { ...RESOLVED, mergedInto: "Q2", isBare: false }],
    ["a merge that names no incident", { ...RESOLVED, isBare: false }],
  ])("is none in %s", (_, event) => {
    expect(clickIn(event, DECISIONS)).toBeUndefined();
  });

  it.each<[string, WebhookEvent, Partial<Decisions>]>([
    ["note", note("/approve"), { channels: ["action", "workflow", "field"] }],
    ["workflow", started(workflowTriggers.approve), { channels: ["note", "action", "field"] }],
    ["field", fields([["teleport_decision", "approve"]]), { channels: ["note", "action", "workflow"] }],
    ["a resolve", RESOLVED, { onResolve: "nothing" }],
  ])("is none when %s is switched off", (_, event, change) => {
    expect(clickIn(event, { ...DECISIONS, ...change })).toBeUndefined();
  });

  it.each([
    ["are not configured", { approve: "", deny: "" }, ""],
    ["are the same", { approve: "T", deny: "T" }, "T"],
  ])("is none when both triggers %s", (_, triggers, triggerId) => {
    expect(clickIn(started(triggerId), { ...DECISIONS, workflowTriggers: triggers })).toBeUndefined();
  });

  it("knows the one trigger that is configured", () => {
    const one = { ...DECISIONS, workflowTriggers: { approve: "", deny: "T" } };
    expect(clickIn(started("T"), one)).toMatchObject({ verdict: "deny" });
    expect(clickIn(started(""), one)).toBeUndefined();
  });

  it("keeps an agent that is nobody or no person: whether it may decide is for the guard", () => {
    expect(clickIn({ ...note("/approve"), agent: null }, DECISIONS)).toMatchObject({ agent: null });
  });
});

function signed(raw: Uint8Array): Evidence {
  return { kind: "signed", raw: toBase64(raw), signature: "" };
}

function pressed(action: "approve" | "deny", summary: string, change: object = {}): Evidence {
  const entry = {
    id: "R1",
    type: "custom_log_entry",
    created_at: "2026-03-11T09:16:12.903Z",
    agent: COMMON.agent,
    incident: { id: "Q1" },
    summary,
    ...change,
  };
  return { kind: "action", action, token: "", logEntry: toBase64(jsonBytes({ log_entry: entry })) };
}

/** The fixtures predate the grammar of notes: of those with a note none decides. */
const DECIDING: Record<string, string> = {
  "v3-incident.workflow.started.json": "approve",
  "v3-incident.custom_field_values.updated.json": "approve",
  "v3-incident.resolved.json": "deny",
  "v3-incident.resolved.by-integration.json": "deny",
};

describe("clickInEvidence", () => {
  it.each(DELIVERIES)("reads from the bytes of %s what they say", (name) => {
    expect(clickInEvidence(signed(fixture(name)), DECISIONS)?.verdict).toBe(DECIDING[name]);
  });

  it("reads the press of a button", () => {
    expect(clickInEvidence(pressed("deny", "Alicia ran Deny Request"), DECISIONS)).toEqual({
      ...CLICK,
      id: "R1",
      channel: "action",
      verdict: "deny",
    });
  });

  it.each<[string, Evidence]>([
    ["names the other button", pressed("approve", "Alicia ran Deny Request")],
    ["names no button", pressed("approve", "Alicia ran it")],
    ["is of another type", pressed("approve", "Approve Request", { type: "annotate_log_entry" })],
    ["is no base64", { kind: "action", action: "approve", token: "", logEntry: "!" }],
  ])("is none when the log entry %s", (_, evidence) => {
    expect(clickInEvidence(evidence, DECISIONS)).toBeUndefined();
  });

  it("is none for a press when the buttons are switched off", () => {
    const decisions: Decisions = { ...DECISIONS, channels: ["note"] };
    expect(clickInEvidence(pressed("deny", "Deny Request"), decisions)).toBeUndefined();
  });

  it("takes a log entry for no signed delivery, nor a delivery for a log entry", () => {
    const press = pressed("approve", "Approve Request");
    const logEntry = press.kind === "action" ? press.logEntry : "";
    expect(clickInEvidence({ kind: "signed", raw: logEntry, signature: "" }, DECISIONS)).toBeUndefined();
    const raw = toBase64(fixture("v3-incident.workflow.started.json"));
    expect(clickInEvidence({ kind: "action", action: "approve", token: "", logEntry: raw }, DECISIONS)).toBeUndefined();
  });

  it("is none in bytes that are nothing", () => {
    fc.assert(
      fc.property(
        fc.string(),
        (raw) => clickInEvidence({ kind: "signed", raw, signature: "" }, DECISIONS) === undefined,
      ),
    );
  });
});
