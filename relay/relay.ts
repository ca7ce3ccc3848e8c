/**
 * The relay's start: opens its files and sockets, connects to Teleport, and runs both journeys and the renewal of its
 * credentials. It dials out only; a refused certificate, a missing permission or another cluster ends it at its start
 * with the mend, and is warned about and retried once it has watched.
 */
import { randomUUID } from "node:crypto";
import type { Logger } from "../shared/log.ts";
import { AuditLog } from "./audit.ts";
import type { Way } from "./channel.ts";
import type { RelayConfig } from "./config.ts";
import type { Verifiers } from "./decider/evidence.ts";
import { tunnelAgentFor } from "./http-proxy/tunnel-agent.ts";
import type { Environment } from "./http-proxy.ts";
import type { Identity } from "./identity.ts";
import { Journeys } from "./journeys.ts";
import { readRelayKey } from "./link/relay-key.ts";
import { createDial } from "./link/web-socket.ts";
import { countedLog } from "./metrics/counted-log.ts";
import { MeasuredTeleport } from "./metrics/measured-teleport.ts";
import { readProcess } from "./metrics/process.ts";
import { RelayMetrics } from "./metrics.ts";
import { runTogether } from "./run-together.ts";
import { openActionTokens, openWebhookSecrets } from "./secret-file.ts";
import type { Supervision } from "./systemd/supervision.ts";
import { connectFirst, type FirstConnection } from "./teleport/first-connection.ts";
import type { TeleportPort, TeleportServer } from "./teleport/port.ts";
import { Renewal } from "./teleport/renewal.ts";
import { RenewingTeleport } from "./teleport/renewing-teleport.ts";
import type { Clock } from "./time/clock.ts";
import { openTeleport } from "./way-in.ts";

/** How long the look at the credentials may be silent: a connection by every way in fits in. */
const RENEWAL = { name: "the renewal of the credentials", withinMs: 300_000 } as const;

export interface RelayDependencies {
  readonly log: Logger;
  readonly clock: Clock;
  readonly release: string;
  /** HTTPS_PROXY and NO_PROXY are read. */
  readonly env: Environment;
  /** Ends the relay in good order. */
  readonly signal: AbortSignal;
  /** Told when the relay is ready and how it stands. */
  readonly supervision?: Supervision;
}

type Open = (identity: Identity) => Promise<TeleportPort>;

/** Runs until the signal aborts; rejects with an error whose message is a plain sentence when it cannot go on. */
export async function runRelay(config: RelayConfig, { log: uncounted, ...rest }: RelayDependencies): Promise<void> {
  const { clock, release, env, signal, supervision } = rest;
  const metrics = new RelayMetrics({ version: release, node: process.versions.node }, readProcess);
  const log = countedLog(uncounted, metrics.logMessages);
  const dependencies = { ...rest, log };
  const key = readRelayKey(config.edge.keyFile);
  const verifiers = openVerifiers(config, log);
  const audit = await AuditLog.open(config.auditLog, log);
  const open = openerOf(config, dependencies);
  let teleport: RenewingTeleport | undefined;
  try {
    const source = config.teleport.identity;
    const identified = (): void => supervision?.ready();
    const first = await connectFirst({ source, open, clock, random: Math.random, log, identified }, signal);
    if (first === undefined) return;
    teleport = new RenewingTeleport(first.teleport, clock);
    checkCluster(config, first.server);
    log.info(`Teleport ${first.server.version}, cluster ${first.server.cluster}`);
    const dial = createDial(clock, tunnelAgentFor(config.edge.url, env));
    const journeys = new Journeys({
      ...{ config, release, key, dial, audit, verifiers, clock, log, metrics },
      teleport: new MeasuredTeleport(teleport, metrics, clock),
      random: Math.random,
      randomId: () => randomUUID(),
      ...(supervision && { supervision }),
      server: first.server,
      ownUser: first.identity.user,
      certificateExpiresMs: first.identity.expiresMs,
    });
    const renewal = renewalOf(config, dependencies, { first, open, teleport, journeys });
    await runTogether(signal, [(stop) => journeys.run(stop), (stop) => renewal.run(stop)]);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    teleport?.close();
    await audit.close();
  }
}

/** Opens a Teleport by the way that worked last, or else by whichever works. */
function openerOf({ teleport: { addr: address, connect } }: RelayConfig, dependencies: RelayDependencies): Open {
  const { log, clock, env } = dependencies;
  let lastWay: Way | undefined;
  return async (identity) => {
    const { teleport, way } = await openTeleport({ address, connect, identity, env, log, now: clock.now, lastWay });
    lastWay = way;
    return teleport;
  };
}

interface Renewed {
  readonly first: FirstConnection;
  readonly open: Open;
  readonly teleport: RenewingTeleport;
  readonly journeys: Journeys;
}

function renewalOf(
  { teleport: { identity: source, refreshIdentity: refresh } }: RelayConfig,
  { clock, log, supervision }: RelayDependencies,
  { first: { identity, server }, open, teleport, journeys }: Renewed,
): Renewal {
  return new Renewal({
    ...{ source, refresh, identity, cluster: server.cluster, open, clock, log },
    ...(supervision && { beat: supervision.progress.follow(RENEWAL) }),
    replace: (next) => teleport.replace(next),
    renewed: ({ expiresMs }, { version }) => journeys.renewed(expiresMs, version),
    concern: (problem) => journeys.certificateConcern(problem),
  });
}

function openVerifiers(config: RelayConfig, log: Logger): () => Verifiers {
  const { decisions, webhookSecretsFile, actionTokensFile } = config;
  const webhookSecrets = webhookSecretsFile === null ? null : openWebhookSecrets(webhookSecretsFile, log);
  const actionTokens = actionTokensFile === null ? null : openActionTokens(actionTokensFile, log);
  return () => ({
    decisions,
    webhookSecrets: webhookSecrets?.current() ?? [],
    actionTokens: actionTokens?.current() ?? null,
  });
}

function checkCluster(config: RelayConfig, { cluster }: TeleportServer): void {
  const wanted = config.edge.cluster;
  if (wanted === null || wanted === cluster) return;
  throw new Error(
    `edge.cluster is "${wanted}", but Teleport at ${config.teleport.addr} is the cluster "${cluster}". Change edge.cluster or teleport.addr.`,
  );
}
