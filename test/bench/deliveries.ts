/**
 * PagerDuty's deliveries as it sends them, byte for byte but for ids and times: a note that decides, and an event of a type
 * that nothing depends on. Signed as PagerDuty signs. Made before anything is measured.
 */
import { readFileSync } from "node:fs";
import { signatureFor } from "../fakes/pagerduty/delivery.ts";
import { GATE_TOKEN, PEOPLE, WEBHOOK_SECRET } from "../stage/stage.ts";
import { postBytes } from "./http-client.ts";

/** What is told, and of which incident. */
export interface Told {
  readonly what: "approve" | "deny" | "acknowledged";
  readonly incidentId: string;
}

const FIXTURES = new URL("../fixtures/", import.meta.url);
const ANNOTATED = fixture("v3-incident.annotated.approve.json");
const ACKNOWLEDGED = fixture("v3-incident.acknowledged.json");

let deliveryCount = 0;

/** A request that delivers it to a webhook's address. */
export function deliveryOf({ what, incidentId }: Told, url: URL): Buffer {
  const body = what === "acknowledged" ? eventText(ACKNOWLEDGED, incidentId) : noteText(what, incidentId);
  const headers = {
    "user-agent": "PagerDuty-Webhook/V3.0",
    "x-gate-token": GATE_TOKEN,
    "x-webhook-subscription": "PBENCH1",
    "x-pagerduty-signature": signatureFor([WEBHOOK_SECRET], body),
  };
  return postBytes(url, headers, body);
}

function fixture(name: string): string {
  return readFileSync(new URL(name, FIXTURES), "utf8");
}

function noteText(command: string, incidentId: string): string {
  const text = eventText(ANNOTATED, incidentId);
  return text.replace(/"content":"[^"]*"/, `"content":"/${command} go ahead, ticket OPS-2231"`);
}

// The incident of both fixtures, their events' ids and times, and who acted.
function eventText(text: string, incidentId: string): string {
  deliveryCount += 1;
  const eventId = `01${process.pid.toString(36).toUpperCase()}${deliveryCount.toString(36).toUpperCase().padStart(18, "0")}`;
  return text
    .replaceAll("Q1TPACC3SSREQ7", incidentId)
    .replaceAll("PK7Q2LA", PEOPLE.bob.id)
    .replace(/"event":\{"id":"[^"]*"/, `"event":{"id":"${eventId}"`)
    .replace(/"occurred_at":"[^"]*"/, `"occurred_at":"${new Date().toISOString()}"`);
}
