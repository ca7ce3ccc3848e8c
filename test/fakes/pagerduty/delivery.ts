/**
 * What a delivery is: its headers, its signatures, and what becomes of it by the answer it gets. Pure.
 */
import { createHmac } from "node:crypto";
import type { PostResult } from "./http-post.ts";
import type { Endpoint } from "./records.ts";

/** One attempt, as the log keeps it. */
export type DeliveryAttempt = {
  readonly sequence: number;
  /** When it was over, epoch ms. */
  readonly atMs: number;
  /** `X-Webhook-Id`: the same for every attempt. */
  readonly deliveryId: string;
  readonly endpointId: string;
  readonly eventType: string;
  /** `event.id`, or the log entry's id for a custom action. */
  readonly eventId: string;
  readonly incidentId: string | null;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly result: PostResult;
  readonly fate: "delivered" | "retrying" | "dropped";
};

/** What is to be delivered. */
export type Parcel = {
  readonly eventType: string;
  readonly eventId: string;
  readonly incidentId: string | null;
  readonly body: string;
};

/** `X-PagerDuty-Signature`: for each secret, `v1=` and the HMAC-SHA256 under the secret's ASCII bytes. */
export function signatureFor(secrets: readonly string[], body: string | Buffer): string {
  return secrets.map((secret) => `v1=${createHmac("sha256", secret).update(body).digest("hex")}`).join(",");
}

/** What becomes of a delivery that was answered so. */
export function fateFor(result: PostResult): DeliveryAttempt["fate"] {
  if (typeof result !== "number" || result === 429 || result >= 500) return "retrying";
  return result >= 200 && result < 300 ? "delivered" : "dropped";
}

/** The headers of a captured delivery; V2 has no signature and names no subscription. */
export function headersFor(endpoint: Endpoint, deliveryId: string, body: string): Record<string, string> {
  const headers: Record<string, string> = {
    accept: "application/json",
    "content-type": "application/json",
    "user-agent": endpoint.kind === "subscription" ? "PagerDuty-Webhook/V3.0" : "PagerDuty-Webhook/V2.0",
    "x-webhook-id": deliveryId,
  };
  if (endpoint.kind === "subscription") {
    headers["x-webhook-subscription"] = endpoint.id;
    if (endpoint.secrets.length > 0) headers["x-pagerduty-signature"] = signatureFor(endpoint.secrets, body);
  }
  for (const { name, value } of endpoint.headers) headers[name.toLowerCase()] = value;
  return headers;
}
