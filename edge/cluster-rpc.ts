/**
 * What the Worker and a cluster's object say to each other: calls for deliveries, and internal headers for the link's
 * upgrade. During a deploy old and new code mix, so that a change here stays understood one version back, both ways.
 */
import type { Check } from "../shared/check.ts";
import type { Verdict } from "../shared/decisions.ts";
import type { ClusterStatus } from "./status.ts";

/** What the Worker asks of a cluster's object. One version back stays understood during a deploy. */
export interface ClusterRpc {
  /** An authentic delivery that could matter; resolves when it is durable. */
  deliver(delivery: { raw: Uint8Array; signature: string }): Promise<void>;
  /** An authentic custom action; resolves when durable. */
  act(action: { action: Verdict; raw: Uint8Array; token: string }): Promise<void>;
  /** Uses up the id of a relay's token where no link is opened; false when it was used before. */
  useToken(token: { jti: string; jtiExpiresMs: number }): Promise<boolean>;
  /** For the status route and the page. */
  status(): Promise<ClusterStatus>;
  /** For the metrics route: Prometheus' text. */
  metrics(): Promise<string>;
  /** An authentic test event, of the subscription that its header names. */
  pinged(ping: { subscriptionId: string | null }): Promise<void>;
  /** For the check route; `webhookUrl` is where PagerDuty should post to. */
  check(request: { webhookUrl: string }): Promise<readonly Check[]>;
  /** The cron's poke. */
  poke(): Promise<void>;
}

/** A cluster's object as the Worker holds it. `fetch` takes the link's upgrade: 101, or 401 when the jti was used before. */
export interface ClusterStub extends ClusterRpc {
  fetch(request: Request): Promise<Response>;
}

/** The namespace of cluster objects; an object's name is its cluster's. */
export interface ClusterNamespace {
  getByName(name: string): ClusterStub;
}

/**
 * Headers of the upgrade that only the Worker sets, once it has verified the relay's JWT; whatever came from outside
 * under these names is stripped.
 */
export const RELAY_HEADERS = {
  /** Thumbprint of the relay's public key (RFC 7638, SHA-256, base64url). */
  key: "x-relay-key",
  /** The JWT's `jti`, to be used once. */
  jti: "x-jti",
  /** When the JWT ends, in ms since the epoch as decimal digits: how long the `jti` has to be remembered. */
  jtiExpires: "x-jti-expires",
} as const;
