/**
 * Everything that `teleport-pagerduty check` checks behind the configuration, in the order in which an admin mends it:
 * certificate, Teleport, permissions, edge, clocks, PagerDuty. It changes nothing anywhere.
 */
import { checkCertificate } from "./check/certificate.ts";
import { checkEdge } from "./check/edge.ts";
import type { Checks } from "./check/result.ts";
import { checkTeleport, type OpenTeleport } from "./check/teleport.ts";
import type { RelayConfig } from "./config.ts";
import type { EdgeApi } from "./edge-api.ts";
import type { Environment } from "./http-proxy.ts";
import { readRelayKey } from "./relay-key.ts";

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
