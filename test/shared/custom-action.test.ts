import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ACTION_LABELS, readActionLogEntry, readActionPayload } from "../../shared/custom-action.ts";
import { fixture, jsonBytes } from "./fixtures.ts";

const PAYLOAD = fixture("v2-incident.custom.json");

function message(change: Record<string, unknown> = {}): Record<string, unknown> {
  return { event: "incident.custom", incident: { id: "Q1" }, log_entries: [{ id: "R1" }], ...change };
}

describe("readActionPayload", () => {
  it("points to the log entry and the incident of the fixture", () => {
    expect(readActionPayload(PAYLOAD)).toEqual([
      { logEntryId: "RCUST0MACT10NL0GENTRY00001", incidentId: "Q1TPACC3SSREQ7" },
    ]);
  });

  it("points to all of several presses, and leaves out what points nowhere", () => {
    const messages = [
      message(),
      message({ event: "incident.trigger" }),
      message({ incident: null }),
      null,
      message({ log_entries: [] }),
      message({ incident: { id: "Q2" }, log_entries: [{ id: "R2", type: null, agent: null }, { id: "R3" }] }),
    ];
    expect(readActionPayload(jsonBytes({ messages }))).toEqual([
      { logEntryId: "R1", incidentId: "Q1" },
      { logEntryId: "R2", incidentId: "Q2" },
      { logEntryId: "R3", incidentId: "Q2" },
    ]);
  });

  it.each([
    ["nothing", ""],
    ["no object", "[]"],
    ["no messages", "{}"],
    ["a V3 event", '{"event":{}}'],
    ["more messages than PagerDuty puts into one payload", JSON.stringify({ messages: Array(26).fill(message()) })],
    ["nesting without end", `{"messages":${"[".repeat(100_000)}`],
  ])("finds nothing in %s", (_, text) => {
    expect(readActionPayload(new TextEncoder().encode(text))).toEqual([]);
  });

  it("never throws", () => {
    fc.assert(fc.property(fc.uint8Array(), (raw) => readActionPayload(raw).length === 0));
    fc.assert(
      fc.property(fc.jsonValue(), (value) => Array.isArray(readActionPayload(jsonBytes({ messages: [value] })))),
    );
  });
});

const ENTRY = {
  id: "R1",
  type: "custom_log_entry",
  summary: "Alicia Marsh ran Approve Request",
  created_at: "2026-03-11T09:17:48Z",
  agent: { id: "PK7Q2LA", type: "user_reference", summary: "Alicia Marsh" },
  incident: { id: "Q1", type: "incident_reference", summary: "Access request from dana: editor" },
  channel: { type: "website" },
};

function read(change: Record<string, unknown> = {}) {
  return readActionLogEntry(jsonBytes({ log_entry: { ...ENTRY, ...change } }));
}

describe("readActionLogEntry", () => {
  it("says who pressed what, when and on which incident", () => {
    const entry = {
      id: "R1",
      createdMs: Date.UTC(2026, 2, 11, 9, 17, 48),
      agent: { id: "PK7Q2LA", type: "user_reference" },
      incidentId: "Q1",
      incidentKey: null,
      action: "approve",
    };
    expect(read()).toEqual(entry);
    expect(readActionLogEntry(jsonBytes(ENTRY))).toEqual(entry);
    expect(read({ incident: { id: "Q1", incident_key: "K" } })).toEqual({ ...entry, incidentKey: "K" });
  });

  it("reads the entry in the fixture's payload", () => {
    const payload: { messages: { log_entries: unknown[] }[] } = JSON.parse(new TextDecoder().decode(PAYLOAD));
    const entry = readActionLogEntry(jsonBytes({ log_entry: payload.messages[0]?.log_entries[0] }));
    expect(entry).toMatchObject({ incidentId: "Q1TPACC3SSREQ7", agent: { id: "PK7Q2LA" }, action: "approve" });
  });

  it.each([
    ["the summary's end", { summary: "Omar ran Deny Request" }, "deny"],
    ["the summary's end in quotes", { summary: 'Omar ran "Deny Request".' }, null],
    ["the summary alone", { summary: "deny request" }, "deny"],
    ["its channel", { summary: null, channel: { type: "website", name: ACTION_LABELS.deny } }, "deny"],
    ["a reference far down", { summary: "", webhook: { a: [{ summary: " DENY REQUEST " }] } }, "deny"],
  ])("knows the button by %s", (_, change, action) => {
    expect(read(change)?.action ?? null).toBe(action);
  });

  it.each([
    ["neither button is named", { summary: "Alicia Marsh ran Restart" }],
    ["both are", { webhook: { name: ACTION_LABELS.deny } }],
    ["a label begins the summary", { summary: "Approve Request was looked at by Omar" }],
    ["a person is called so", { summary: "x", agent: { ...ENTRY.agent, summary: "Approve Request" } }],
    ["the incident is called so", { summary: "x", incident: { ...ENTRY.incident, summary: "Approve Request" } }],
    ["the service is called so", { summary: "x", service: { summary: "Approve Request" } }],
    ["a team is called so", { summary: "x", teams: [{ summary: "Approve Request" }] }],
    ["a context says so", { summary: "x", contexts: [{ text: "Approve Request" }] }],
    ["a note says so", { summary: "x", note: "Approve Request" }],
    ["a word runs into the label", { summary: "Alicia ran DisApprove Request" }],
  ])("names no button when %s", (_, change) => {
    expect(read(change)).toMatchObject({ action: null });
  });

  it.each([
    ["of another type", { type: "annotate_log_entry" }],
    ["without an id", { id: "" }],
    ["without a time", { created_at: null }],
    ["without an incident", { incident: null }],
  ])("is none %s", (_, change) => {
    expect(read(change)).toBeUndefined();
  });

  it.each([[null], [undefined], [{}], [{ id: null, type: "user_reference" }]])("names nobody for agent %j", (agent) => {
    expect(read({ agent })).toMatchObject({ agent: null, action: "approve" });
  });

  // Were the end looked for from each of the quotes, this would not come to its end.
  it("knows the button behind however many quotes", () => {
    expect(read({ summary: `${'"'.repeat(250_000)} ran Approve Request` })).toMatchObject({ action: "approve" });
    expect(read({ summary: `Omar ran Approve Request${'."'.repeat(100_000)}` })).toMatchObject({ action: "approve" });
  });

  it("never throws", () => {
    fc.assert(fc.property(fc.uint8Array(), (raw) => readActionLogEntry(raw) === undefined));
    fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => read({ channel: a, webhook: b }) !== undefined));
  });
});
