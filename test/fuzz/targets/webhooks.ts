/** PagerDuty's deliveries: V3 events, custom incident actions, log entries, and what confirms a click. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { couldMatter } from "../../../edge/routes/delivery.ts";
import { clickIn } from "../../../shared/click.ts";
import { confirms, wholeReason } from "../../../shared/confirmation.ts";
import { readActionLogEntry, readActionPayload } from "../../../shared/custom-action.ts";
import { readWebhook, type WebhookEvent, type WebhookReading } from "../../../shared/webhook-event.ts";
import { DECISIONS, DELIVERIES, fixture, jsonBytes } from "../../shared/fixtures.ts";
import { property, type Target } from "../target.ts";
import { assertUnpolluted } from "../unpolluted.ts";
import { mutatedBytes } from "../values/bytes.ts";
import { mutatedJsonText } from "../values/json.ts";

const DELIVERED = DELIVERIES.map(fixture);
const PARSED: readonly unknown[] = DELIVERED.map((raw) => JSON.parse(Buffer.from(raw).toString("utf8")));

const LOG_ENTRY = {
  log_entry: {
    id: "RENTRY1",
    type: "custom_log_entry",
    created_at: "2026-03-11T09:14:02Z",
    agent: { id: "PBOB123", type: "user_reference" },
    incident: { id: "Q1", incident_key: "teleport-access-request/c/r" },
    channel: { type: "api", summary: "Approve Request" },
    summary: "Bob ran Approve Request",
  },
};

const PERSON = { id: "PBOB123", type: "user_reference" };
const CONFIRMATION = {
  note: { id: "PNOTE01", content: "/approve all", user: PERSON },
  log_entry: { type: "workflow_log_entry", created_at: "2026-03-11T09:14:02Z", agent: PERSON, incident: { id: "Q1" } },
  custom_field: { name: "teleport_decision", value: "approve" },
};

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function deliveries(raw: readonly Uint8Array[], parsed: readonly unknown[]): fc.Arbitrary<Uint8Array> {
  return fc.oneof(mutatedBytes(raw), mutatedJsonText(parsed).map(bytes));
}

const delivery = deliveries(DELIVERED, PARSED);

const isId = (id: string, most = 64): boolean => id.length >= 1 && id.length <= most;

function isEvent(reading: WebhookReading): reading is WebhookEvent {
  return reading.kind !== "unused" && reading.kind !== "unreadable";
}

export const webhooks: Target = {
  name: "webhooks",
  about: "PagerDuty's deliveries, log entries and confirmations",
  properties: () => [
    property("whatever arrives, is an event within bounds or none", delivery, (raw) => {
      const reading = readWebhook(raw);
      couldMatter(reading);
      assertUnpolluted();
      if (!isEvent(reading)) return;
      assert(isId(reading.eventId, 128) && isId(reading.incidentId));
      assert(Number.isSafeInteger(reading.occurredMs));
      assert(reading.agent === null || isId(reading.agent.id));
      // Whoever reads the same bytes otherwise finds the same event: only whole JSON in UTF-8 counts.
      const event: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw)).event;
      assert(typeof event === "object" && event !== null && "id" in event && event.id === reading.eventId);
    }),
    property("a click says what its event says, and counts only where the channel is on", delivery, (raw) => {
      const reading = readWebhook(raw);
      if (!isEvent(reading)) return;
      const click = clickIn(reading, DECISIONS);
      assert.equal(clickIn(reading, { ...DECISIONS, channels: [], onResolve: "nothing" }), undefined);
      if (click === undefined) return;
      assert(couldMatter(reading), "a click that would never reach the cluster's object");
      assert.deepEqual([click.id, click.agent, click.incidentId], [reading.eventId, reading.agent, reading.incidentId]);
    }),
    property(
      "whatever PagerDuty keeps of a button, is read or is none",
      deliveries([jsonBytes(LOG_ENTRY)], [LOG_ENTRY, LOG_ENTRY.log_entry]),
      (raw) => {
        const entry = readActionLogEntry(raw);
        assertUnpolluted();
        for (const { logEntryId, incidentId } of readActionPayload(raw)) assert(isId(logEntryId) && isId(incidentId));
        if (entry !== undefined)
          assert(isId(entry.id) && isId(entry.incidentId) && Number.isSafeInteger(entry.createdMs));
      },
    ),
    property(
      "nothing but the same person's same click confirms one",
      fc.record({ raw: delivery, shown: deliveries([jsonBytes(CONFIRMATION)], [CONFIRMATION]) }),
      ({ raw, shown }) => {
        const reading = readWebhook(raw);
        if (!isEvent(reading)) return;
        const isConfirmed = confirms(reading, DECISIONS, shown);
        wholeReason(reading, DECISIONS, shown);
        assertUnpolluted();
        if (isConfirmed) assert.equal(reading.agent?.type, "user_reference");
      },
    ),
  ],
};
