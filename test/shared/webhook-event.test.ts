import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readWebhook, type WebhookReading } from "../../shared/webhook-event.ts";
import { fixture, jsonBytes, SIGNED } from "./fixtures.ts";

const ALICIA = { id: "PK7Q2LA", type: "user_reference" };
const INCIDENT = "Q1TPACC3SSREQ7";
const KEY = "teleport-access-request/0199b2d4-6c1e-7a53-9f0b-2d8c41e7a6f3";

/** What each signed fixture says. */
const READINGS: Record<string, WebhookReading> = {
  "v3-pagey.ping.json": { kind: "unused", eventType: "pagey.ping" },
  "v3-incident.triggered.json": { kind: "unused", eventType: "incident.triggered" },
  "v3-incident.acknowledged.json": { kind: "unused", eventType: "incident.acknowledged" },
  "v3-incident.responder.replied.json": { kind: "unused", eventType: "incident.responder.replied" },
  "v3-incident.annotated.approve.json": {
    kind: "annotated",
    eventId: "01JP1P4C2ANNOTATED00000004",
    occurredMs: Date.UTC(2026, 2, 11, 9, 16, 12, 903),
    agent: ALICIA,
    incidentId: INCIDENT,
    noteId: "PN0TE01",
    content: "approve — vérifié avec Dana, ticket OPS-2231 ✅",
    trimmed: false,
  },
  "v3-incident.annotated.resolution-note.json": {
    kind: "annotated",
    eventId: "01JP1P9H1ANNOTATED00000005",
    occurredMs: Date.UTC(2026, 2, 11, 9, 21, 50, 640),
    agent: ALICIA,
    incidentId: INCIDENT,
    noteId: "PN0TE02",
    content: "Resolution Note: deny wrong environment requested",
    trimmed: false,
  },
  "v3-incident.annotated.no-agent.json": {
    kind: "annotated",
    eventId: "01JP1P4Z8ANNOTATED00000006",
    occurredMs: Date.UTC(2026, 2, 11, 9, 16, 30),
    agent: null,
    incidentId: INCIDENT,
    noteId: "PN0TE03",
    content: "approve",
    trimmed: false,
  },
  "v3-incident.resolved.json": {
    kind: "resolved",
    eventId: "01JP1P9G8RESOLVED000000007",
    occurredMs: Date.UTC(2026, 2, 11, 9, 21, 50, 312),
    agent: ALICIA,
    incidentId: INCIDENT,
    incidentKey: KEY,
    mergedInto: null,
    isBare: true,
  },
  "v3-incident.resolved.by-integration.json": {
    kind: "resolved",
    eventId: "01JP1P9G8RESOLVED000000011",
    occurredMs: Date.UTC(2026, 2, 11, 9, 30, 0, 105),
    agent: { id: "PINT8VQ", type: "inbound_integration_reference" },
    incidentId: INCIDENT,
    incidentKey: null,
    mergedInto: null,
    isBare: true,
  },
  "v3-incident.resolved.merged.json": {
    kind: "resolved",
    eventId: "01JP1P9G8RESOLVED000000012",
    occurredMs: Date.UTC(2026, 2, 11, 9, 31, 0, 444),
    agent: ALICIA,
    incidentId: INCIDENT,
    incidentKey: KEY,
    mergedInto: "Q2MERGETARGET1",
    isBare: false,
  },
  "v3-incident.custom_field_values.updated.json": {
    kind: "field_values_updated",
    eventId: "01JP1P5T4CUSTOMFIELD000008",
    occurredMs: Date.UTC(2026, 2, 11, 9, 17, 5, 558),
    agent: ALICIA,
    incidentId: INCIDENT,
    changed: new Map([["teleport_decision", "approve"]]),
    before: new Map([["teleport_decision", "pending"]]),
  },
  "v3-incident.workflow.started.json": {
    kind: "workflow_started",
    eventId: "01JP1P6V3WORKFLOW000000009",
    occurredMs: Date.UTC(2026, 2, 11, 9, 17, 48, 219),
    agent: ALICIA,
    incidentId: INCIDENT,
    triggerId: "6f0c1f5e-2a4b-4d0f-9c55-71c7a2d3b910",
  },
};

function delivery(eventType: string, data: unknown, event: Record<string, unknown> = {}): WebhookReading {
  const base = { id: "E1", event_type: eventType, occurred_at: "2026-03-11T09:16:12Z", agent: ALICIA };
  return readWebhook(jsonBytes({ event: { ...base, data, ...event } }));
}

const NOTE = { incident: { id: "Q1" }, id: "N1", content: "/approve", trimmed: false };
const FIELD = { id: "F1", name: "teleport_decision", value: "approve" };

describe("readWebhook", () => {
  it.each(SIGNED.map(({ name }) => name))("reads %s", (name) => {
    expect(readWebhook(fixture(name))).toEqual(READINGS[name]);
  });

  it("does not take the payload of a custom action for an event", () => {
    expect(readWebhook(fixture("v2-incident.custom.json"))).toEqual({ kind: "unreadable" });
  });

  it.each([
    ["is null", { agent: null }],
    ["is missing", { agent: undefined }],
    ["has no type", { agent: { id: "PK7Q2LA" } }],
    ["has a null id", { agent: { id: null, type: "user_reference" } }],
    ["has an empty id", { agent: { id: "", type: "user_reference" } }],
    ["is a name", { agent: "PK7Q2LA" }],
    ["is many", { agent: [ALICIA] }],
  ])("knows what happened, and nobody who did it, when the agent %s", (_, change) => {
    expect(delivery("incident.annotated", NOTE, change)).toMatchObject({ kind: "annotated", agent: null });
  });

  it.each([
    ["2026-03-11T09:16:12Z", Date.UTC(2026, 2, 11, 9, 16, 12)],
    ["2026-03-11T09:16:12.903Z", Date.UTC(2026, 2, 11, 9, 16, 12, 903)],
    ["2026-03-11T09:16:12.903456789Z", Date.UTC(2026, 2, 11, 9, 16, 12, 903)],
    ["2026-03-11T01:16:12-08:00", Date.UTC(2026, 2, 11, 9, 16, 12)],
  ])("reads the time %s", (text, occurredMs) => {
    expect(delivery("incident.annotated", NOTE, { occurred_at: text })).toMatchObject({ occurredMs });
  });

  it.each(["", "yesterday", "2026-03-11", "2026-02-30T09:16:12Z", "2026-03-11T09:16:12", 1_773_220_442, null])(
    "does not read an event that happened at %j",
    (text) => {
      expect(delivery("incident.annotated", NOTE, { occurred_at: text })).toEqual({ kind: "unreadable" });
    },
  );

  it.each([
    ["no id", { id: undefined }],
    ["an empty id", { id: "" }],
    ["an id without end", { id: "x".repeat(129) }],
    ["no type", { event_type: undefined }],
  ])("does not read an event with %s", (_, change) => {
    expect(delivery("incident.annotated", NOTE, change)).toEqual({ kind: "unreadable" });
  });

  it("leaves a type of the future unused, whatever its data is", () => {
    for (const data of [undefined, null, [], "x"]) {
      expect(delivery("incident.teleported", data)).toEqual({ kind: "unused", eventType: "incident.teleported" });
    }
    expect(delivery("__proto__", {})).toEqual({ kind: "unused", eventType: "__proto__" });
  });

  it.each([[undefined], [null], ["yes"]])("takes a note for whole when trimmed is %j", (trimmed) => {
    expect(delivery("incident.annotated", { ...NOTE, trimmed })).toMatchObject({ kind: "annotated", trimmed: false });
  });

  it("says when a note is trimmed", () => {
    expect(delivery("incident.annotated", { ...NOTE, trimmed: true })).toMatchObject({ trimmed: true });
  });

  it.each([
    ["is missing", undefined, null, true],
    ["is null", null, null, true],
    ["is a merge", { type: "merge_resolve_reason", incident: { id: "Q2" } }, "Q2", false],
    ["is a merge into nothing that is named", { type: "merge_resolve_reason" }, null, false],
    ["is a text", "merged", null, false],
    ["is of a new form", { type: "robot_resolve_reason" }, null, false],
  ])("reads a resolve whose reason %s", (_, resolve_reason, mergedInto, isBare) => {
    expect(delivery("incident.resolved", { id: "Q1", resolve_reason })).toMatchObject({
      kind: "resolved",
      incidentKey: null,
      mergedInto,
      isBare,
    });
  });

  it.each([
    ["a field with several values", { id: "F2", name: "tags", value: ["a", "b"] }],
    ["a field without a value", { id: "F2", name: "ticket" }],
    ["a field without a name", { id: "F2", value: "x" }],
    ["nothing", null],
  ])("reads a field's new value beside %s", (_, other) => {
    const fields = { incident: { id: "Q1" }, custom_fields: [other, FIELD], changed_custom_fields: [other, FIELD] };
    expect(delivery("incident.custom_field_values.updated", fields)).toMatchObject({
      changed: new Map([["teleport_decision", "approve"]]),
    });
  });

  it("reads a field that had no value before", () => {
    const changed = [{ id: "F1", name: "teleport_decision" }];
    const fields = { incident: { id: "Q1" }, custom_fields: [FIELD], changed_custom_fields: changed };
    expect(delivery("incident.custom_field_values.updated", fields)).toMatchObject({
      changed: new Map([["teleport_decision", "approve"]]),
    });
  });

  it.each([
    ["was not changed", { custom_fields: [FIELD], changed_custom_fields: [{ ...FIELD, id: "F2" }] }],
    ["is emptied", { custom_fields: [{ ...FIELD, value: null }], changed_custom_fields: [FIELD] }],
    ["has only an old value", { custom_fields: [], changed_custom_fields: [FIELD] }],
  ])("reads no value of a field that %s", (_, fields) => {
    const data = { incident: { id: "Q1" }, ...fields };
    expect(delivery("incident.custom_field_values.updated", data)).toMatchObject({ changed: new Map() });
  });

  it.each([
    "incident.annotated",
    "incident.resolved",
    "incident.workflow.started",
    "incident.custom_field_values.updated",
  ])("does not read %s without an incident", (eventType) => {
    for (const data of [undefined, null, {}, [], { ...NOTE, incident: { id: "" }, id: "" }]) {
      expect(delivery(eventType, data)).toEqual({ kind: "unreadable" });
    }
  });

  it("takes names such as __proto__ for names", () => {
    const raw = new TextEncoder().encode(
      '{"__proto__":{"event":{}},"event":{"id":"E1","event_type":"incident.custom_field_values.updated","occurred_at":"2026-03-11T09:16:12Z","agent":{"__proto__":{"id":"P1"},"type":"user_reference"},"data":{"incident":{"id":"Q1"},"custom_fields":[{"id":"F1","name":"__proto__","value":"approve"}],"changed_custom_fields":[{"id":"F1"}]}}}',
    );
    expect(readWebhook(raw)).toMatchObject({ agent: null, changed: new Map([["__proto__", "approve"]]) });
    expect("value" in {}).toBe(false);
  });

  it("never throws, whatever the bytes and whatever the JSON", () => {
    fc.assert(fc.property(fc.uint8Array(), (raw) => readWebhook(raw).kind === "unreadable"));
    const type = fc.constantFrom(...SIGNED.map(({ name }) => name.replace(/^v3-|\.json$/g, "")), "incident.annotated");
    fc.assert(
      fc.property(type, fc.jsonValue(), fc.jsonValue(), (eventType, data, agent) => {
        expect(() => delivery(eventType, data, { agent })).not.toThrow();
      }),
    );
  });

  it("is not taken down by a fixture with one value replaced", () => {
    const index = fc.nat(SIGNED.length - 1);
    fc.assert(
      fc.property(index, fc.nat(60), fc.jsonValue({ maxDepth: 1 }), (at, place, value) => {
        let seen = 0;
        const text = new TextDecoder().decode(SIGNED[at]?.raw);
        const changed: unknown = JSON.parse(text, (_, before: unknown) => (seen++ === place ? value : before));
        expect(() => readWebhook(jsonBytes(changed))).not.toThrow();
      }),
    );
  });
});
