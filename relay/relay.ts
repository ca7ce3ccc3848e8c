/**
 * The relay: both journeys wired. From Teleport's watch to the link, and from the link through the guard to Teleport. It
 * dials out only; a refused certificate, a missing permission or another cluster ends it at its start with the mend, and
 * is warned about and retried once it has watched.
 */
import { randomUUID } from "node:crypto";
import type { Logger } from "../shared/log.ts";
import type { EdgeFrame, FrameOf, Hello, RelayFrame, Unnumbered } from "../shared/protocol.ts";
import { AuditLog } from "./audit.ts";
import { createBackoff } from "./backoff.ts";
import { bindIncidents } from "./binding.ts";
import type { Clock } from "./clock.ts";
import type { RelayConfig } from "./config.ts";
import { Decider } from "./decider.ts";
import type { Verifiers } from "./evidence.ts";
import { type Identity, readIdentity } from "./identity.ts";
import { Inventory } from "./inventory.ts";
import { Lanes } from "./lanes.ts";
import { Link } from "./link.ts";
import { readRelayKey } from "./relay-key.ts";
import { openActionTokens, openWebhookSecrets } from "./secret-file.ts";
import { TeleportError } from "./teleport/error.ts";
import type { TeleportPort, TeleportServer } from "./teleport/port.ts";
import { Teleport } from "./teleport.ts";
import { Watch } from "./watch.ts";

/** How often requests whose time has come are looked for, in ms: people are told within a minute. */
const EXPIRY_CHECK_MS = 5_000;

/** How long a binding that Teleport could not take is left before it is tried again, in ms. */
const BIND_RETRY_MS = 2_000;

export interface RelayDependencies {
  readonly log: Logger;
  readonly clock: Clock;
  readonly release: string;
  /** Ends the relay in good order. */
  readonly signal: AbortSignal;
}

/** Runs until the signal aborts; rejects with an error whose message is a plain sentence when it cannot go on. */
export async function runRelay(config: RelayConfig, dependencies: RelayDependencies): Promise<void> {
  const { log, clock, signal } = dependencies;
  const identity = await readIdentity(config.teleport.identity, clock.now());
  const key = readRelayKey(config.edge.keyFile);
  const verifiers = openVerifiers(config, log);
  const audit = await AuditLog.open(config.auditLog, log);
  const teleport = new Teleport({ way: { kind: "direct", address: config.teleport.addr }, identity, now: clock.now });
  try {
    const server = await firstAnswer(teleport, dependencies);
    if (server === undefined) return;
    const cluster = clusterOf(config, server);
    log.info(`Teleport ${server.version}, cluster ${server.cluster}`);
    const hello = helloOf(config, dependencies, server, identity);
    await runJourneys({ config, dependencies, cluster, hello, key, verifiers, audit, teleport });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    teleport.close();
    await audit.close();
  }
}

/** What Teleport says of itself, however long it takes to come up; undefined when the relay is asked to end before. */
async function firstAnswer(
  teleport: TeleportPort,
  { log, clock, signal }: RelayDependencies,
): Promise<TeleportServer | undefined> {
  const backoff = createBackoff({
    minMs: 200,
    maxMs: 30_000,
    resetAfterMs: 10_000,
    random: Math.random,
    now: clock.now,
  });
  while (!signal.aborted) {
    try {
      return await teleport.ping();
    } catch (error) {
      if (!(error instanceof TeleportError) || !error.retryable) throw error;
      const retryInMs = backoff.next();
      log.warn(error.message, { retryInMs });
      await clock.sleep(retryInMs, signal);
    }
  }
  return undefined;
}

interface Parts {
  readonly config: RelayConfig;
  readonly dependencies: RelayDependencies;
  readonly cluster: string;
  readonly hello: Omit<Hello, "type" | "protocol">;
  readonly key: ReturnType<typeof readRelayKey>;
  readonly verifiers: () => Verifiers;
  readonly audit: AuditLog;
  readonly teleport: TeleportPort;
}

async function runJourneys(parts: Parts): Promise<void> {
  const { config, dependencies, cluster, hello, key, verifiers, audit, teleport } = parts;
  const { log, clock, signal } = dependencies;
  const lanes = new Lanes((error) =>
    log.warn("Teleport could not be asked; the next list makes up for it", problemOf(error)),
  );
  const send = (frame: Unnumbered<RelayFrame>): boolean => link.send(frame);
  const inventory = new Inventory({ cluster, teleport, lanes, send, now: clock.now, log });
  const decider = new Decider({
    cluster,
    teleport,
    lanes,
    audit,
    policy: config.policy,
    verifiers,
    send,
    settled: (requestId) => inventory.settled(requestId),
    clock,
    random: Math.random,
    randomId: () => randomUUID(),
    log,
  });
  const bind = (frame: FrameOf<EdgeFrame, "bind">): void =>
    lanes.add(frame.requestId, async () => {
      try {
        send(await bindIncidents({ cluster, teleport, log }, frame));
        decider.settle(frame.requestId);
      } catch (error) {
        log.warn("An incident could not be bound; it is tried again", {
          requestId: frame.requestId,
          ...problemOf(error),
        });
        clock.after(BIND_RETRY_MS, () => bind(frame));
      }
    });
  const link = new Link({
    url: config.edge.url,
    cluster,
    key,
    hello: () => hello,
    handlers: {
      welcome: (welcome) => {
        log.info("Edge connected", { role: welcome.role, epoch: welcome.epoch });
        inventory.welcomed(welcome);
      },
      bind,
      decide: (frame) => decider.decide(frame),
      promote: ({ epoch }) => log.info("This relay is active now", { epoch }),
      health: ({ pagerduty: { ok, problem } }) =>
        ok ? log.info("PagerDuty health check ok") : log.warn("PagerDuty health check failed", { problem }),
      lost: () => inventory.unlinked(),
    },
    clock,
    random: Math.random,
    log,
  });
  const watch = new Watch({ teleport, sink: inventory, clock, random: Math.random, log, refusalEndsStart: true });
  await runTogether(signal, [
    (stop) => link.run(stop),
    (stop) => watch.run(stop),
    (stop) => checkExpiry(inventory, clock, stop),
  ]);
}

async function checkExpiry(inventory: Inventory, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(EXPIRY_CHECK_MS, signal);
    inventory.checkExpiry();
  }
}

// The first that fails stops the others; all of them have ended when this returns.
async function runTogether(
  signal: AbortSignal,
  runs: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const ends = await Promise.allSettled(
    runs.map((run) =>
      run(stop).catch((error) => {
        failed.abort();
        throw error;
      }),
    ),
  );
  const failure = ends.find((end) => end.status === "rejected");
  if (failure !== undefined) throw failure.reason;
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

function clusterOf(config: RelayConfig, { cluster }: TeleportServer): string {
  const wanted = config.edge.cluster;
  if (wanted === null || wanted === cluster) return cluster;
  throw new Error(
    `edge.cluster is "${wanted}", but Teleport at ${config.teleport.addr} is the cluster "${cluster}". Change edge.cluster or teleport.addr.`,
  );
}

function helloOf(
  config: RelayConfig,
  { release }: RelayDependencies,
  { version, cluster, proxyAddress }: TeleportServer,
  identity: Identity,
): Omit<Hello, "type" | "protocol"> {
  return {
    instance: randomUUID(),
    release,
    teleport: { version, cluster, proxyAddress },
    decisions: config.decisions,
    asksOnCall: config.policy.approvers.includes("on-call"),
    certificateExpiresMs: identity.expiresMs,
  };
}

function problemOf(error: unknown): { problem: string } {
  return { problem: error instanceof Error ? error.message : String(error) };
}
