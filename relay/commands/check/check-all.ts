/**
 * Everything that `teleport-pagerduty check` checks behind the configuration, in the order in which an admin mends it:
 * certificate, Teleport, permissions, edge, clocks, PagerDuty. It changes nothing anywhere.
 */

import type { RelayConfig } from "../../config.ts";
import type { Environment } from "../../http-proxy.ts";
import { readRelayKey } from "../../link/relay-key.ts";
import type { EdgeApi } from "../edge-api.ts";
import { checkCertificate } from "./certificate.ts";
import { checkEdge } from "./edge.ts";
import type { Checks } from "./result.ts";
import { checkTeleport, type OpenTeleport } from "./teleport.ts";

export interface CheckOptions {
  readonly open: OpenTeleport;
  readonly env: Environment;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Checks one relay's whole surroundings. */
export async function* checkAll(config: RelayConfig, { open, env, now }: CheckOptions): Checks {
  const identity = yield* checkCertificate(config.teleport.identity, now());
  const server = yield* checkTeleport(config, identity, open);
  const cluster = config.edge.cluster ?? server?.cluster ?? identity?.cluster ?? null;
  yield* checkEdge(cluster === null ? null : edgeApiFor(config, cluster, { env, now }));
}

/** The edge as this relay asks it about a cluster. Throws as {@link readRelayKey}. */
export function edgeApiFor(
  { edge }: RelayConfig,
  cluster: string,
  { env, now }: Pick<CheckOptions, "env" | "now">,
): EdgeApi {
  return { url: edge.url, cluster, key: readRelayKey(edge.keyFile), env, now };
}
