import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Confirmation, confirms, LOG_TIME_TOLERANCE_MS, wholeReason } from "../../shared/confirmation.ts";
import type { WebhookEvent } from "../../shared/webhook-event.ts";
import { DECISIONS, jsonBytes } from "./fixtures.ts";

const AT = Date.UTC(2026, 2, 11, 9, 16, 12);
const BOB = { id: "PBOB", type: "user_reference" };
const COMMON = { eventId: "E1", occurredMs: AT, agent: BOB, incidentId: "Q1" };
const NOTE: WebhookEvent = { kind: "annotated", ...COMMON, noteId: "N1", content: "/approve for", trimmed: true };
const WORKFLOW: WebhookEvent = {
  kind: "workflow_started",
  ...COMMON,
  triggerId: DECISIONS.workflowTriggers.approve,
};
const FIELD: WebhookEvent = {
  kind: "field_values_updated",
  ...COMMON,
  changed: new Map([[DECISIONS.field, "approve"]]),
  before: new Map(),
};
const note = { id: "N1", content: "/approve for the migration", user: BOB };
const started = { type: "workflow_start_log_entry", created_at: iso(0), agent: BOB, incident: { id: "Q1" } };
const changed = { ...started, type: "custom_field_value_change_log_entry" };
const value = { name: DECISIONS.field, value: "approve" };

function iso(aheadMs: number): string {
  return new Date(AT + aheadMs).toISOString();
}

function isConfirmed(event: WebhookEvent, confirmation: Confirmation | unknown): boolean {
  return confirms(event, DECISIONS, jsonBytes(confirmation));
}

describe("confirms", () => {
  it.each<[string, WebhookEvent, Confirmation]>([
    ["a note", NOTE, { note }],
    ["a note that was edited and is still the same command", NOTE, { note: { ...note, content: " /APPROVE" } }],
    ["a workflow", WORKFLOW, { log_entry: started }],
    ["a workflow whose entry names no incident", WORKFLOW, { log_entry: { ...started, incident: null } }],
    ["a workflow in whole seconds", WORKFLOW, { log_entry: { ...started, created_at: "2026-03-11T09:16:11Z" } }],
    ["a field", FIELD, { log_entry: changed, custom_field: value }],
  ])("knows %s again", (_, event, confirmation) => {
    expect(isConfirmed(event, confirmation)).toBe(true);
  });

  it.each<[string, WebhookEvent, unknown]>([
    ["nothing", NOTE, {}],
    ["no object", NOTE, []],
    ["another note", NOTE, { note: { ...note, id: "N2" } }],
    ["another author", NOTE, { note: { ...note, user: { ...BOB, id: "PCAROL" } } }],
    ["a bot", NOTE, { note: { ...note, user: { ...BOB, type: "bot_user_reference" } } }],
    ["no author", NOTE, { note: { ...note, user: null } }],
    ["an edited note that denies", NOTE, { note: { ...note, content: "/deny" } }],
    ["an edited note that is no command", NOTE, { note: { ...note, content: "never mind" } }],
    ["what shows a workflow", NOTE, { log_entry: started }],
    ["a note", WORKFLOW, { note }],
    ["an entry of another kind", WORKFLOW, { log_entry: { ...started, type: "annotate_log_entry" } }],
    ["somebody else's entry", WORKFLOW, { log_entry: { ...started, agent: { ...BOB, id: "PCAROL" } } }],
    ["nobody's entry", WORKFLOW, { log_entry: { ...started, agent: null } }],
    ["another incident's entry", WORKFLOW, { log_entry: { ...started, incident: { id: "Q2" } } }],
    ["an entry too late", WORKFLOW, { log_entry: { ...started, created_at: iso(LOG_TIME_TOLERANCE_MS + 1) } }],
    ["an entry too early", WORKFLOW, { log_entry: { ...started, created_at: iso(-LOG_TIME_TOLERANCE_MS - 1) } }],
    ["an entry alone", FIELD, { log_entry: changed }],
    ["a value alone", FIELD, { custom_field: value }],
    ["a value set anew", FIELD, { log_entry: changed, custom_field: { ...value, value: "deny" } }],
    ["another field", FIELD, { log_entry: changed, custom_field: { ...value, name: "impact" } }],
  ])("is not misled by %s", (_, event, confirmation) => {
    expect(isConfirmed(event, confirmation)).toBe(false);
  });

  it("is never had for what no person did", () => {
    const nobody: WebhookEvent = { ...NOTE, agent: null };
    const machine: WebhookEvent = { ...NOTE, agent: { id: "PBOB", type: "service_reference" } };
    expect([isConfirmed(nobody, { note }), isConfirmed(machine, { note })]).toEqual([false, false]);
  });

  it("bears any bytes", () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => !confirms(NOTE, DECISIONS, bytes)));
  });
});

describe("wholeReason", () => {
  it("is the rest of the whole note", () => {
    expect(wholeReason(NOTE, DECISIONS, jsonBytes({ note }))).toBe("for the migration");
  });

  it.each([{}, { note: { ...note, content: "/deny it" } }, { note: { ...note, id: "N2" } }])(
    "is not in %j",
    (other) => {
      expect(wholeReason(NOTE, DECISIONS, jsonBytes(other))).toBeUndefined();
    },
  );
});
