/**
 * The relay: both journeys wired. From Teleport's watch to the link, and from the link through the guard to Teleport. It
 * dials out only; a refused certificate, a missing permission or another cluster ends it at its start with the mend, and
 * is warned about and retried once it has watched.
 */
import { randomUUID } from "node:crypto";
import type { Logger } from "../shared/log.ts";
import type { Hello, RelayFrame, Unnumbered } from "../shared/protocol.ts";
import { AuditLog } from "./audit.ts";
import { AutoApprover } from "./auto-approval.ts";
import { Binder } from "./binding.ts";
import type { Way } from "./channel.ts";
import { decideByProblem } from "./commands/check/role.ts";
import type { RelayConfig } from "./config.ts";
import type { Verifiers } from "./decider/evidence.ts";
import { type WayToDecide, wayToDecide } from "./decider/ways-to-decide.ts";
import { Decider } from "./decider.ts";
import { tunnelAgentFor } from "./http-proxy/tunnel-agent.ts";
import type { Environment } from "./http-proxy.ts";
import type { Identity } from "./identity.ts";
import { Predecessors } from "./inventory/predecessors.ts";
import { RequestFrames } from "./inventory/request-frame.ts";
import { ResourceNames } from "./inventory/resource-names.ts";
import { UserTraits } from "./inventory/user-traits.ts";
import { Inventory } from "./inventory.ts";
import { Lanes } from "./lanes.ts";
import { readRelayKey } from "./link/relay-key.ts";
import { createDial } from "./link/web-socket.ts";
import { Link } from "./link.ts";
import { type Condition, Report } from "./report.ts";
import { RuleBook } from "./rules/book.ts";
import { openActionTokens, openWebhookSecrets } from "./secret-file.ts";
import { connectFirst, type FirstConnection } from "./teleport/first-connection.ts";
import type { TeleportPort, TeleportServer } from "./teleport/port.ts";
import { Renewal } from "./teleport/renewal.ts";
import { RenewingTeleport } from "./teleport/renewing-teleport.ts";
import type { Clock } from "./time/clock.ts";
import { Watch } from "./watch.ts";
import { openTeleport } from "./way-in.ts";

/** How often requests whose time has come are looked for, in ms: people are told within a minute. */
const EXPIRY_CHECK_MS = 5_000;

export interface RelayDependencies {
  readonly log: Logger;
  readonly clock: Clock;
  readonly release: string;
  /** HTTPS_PROXY and NO_PROXY are read. */
  readonly env: Environment;
  /** Ends the relay in good order. */
  readonly signal: AbortSignal;
}

/** Runs until the signal aborts; rejects with an error whose message is a plain sentence when it cannot go on. */
export async function runRelay(config: RelayConfig, dependencies: RelayDependencies): Promise<void> {
  const { log, clock, signal } = dependencies;
  const key = readRelayKey(config.edge.keyFile);
  const verifiers = openVerifiers(config, log);
  const audit = await AuditLog.open(config.auditLog, log);
  const open = openerOf(config, dependencies);
  let teleport: RenewingTeleport | undefined;
  try {
    const source = config.teleport.identity;
    const first = await connectFirst({ source, open, clock, random: Math.random, log }, signal);
    if (first === undefined) return;
    teleport = new RenewingTeleport(first.teleport, clock);
    const cluster = clusterOf(config, first.server);
    log.info(`Teleport ${first.server.version}, cluster ${first.server.cluster}`);
    await runJourneys({ config, dependencies, cluster, first, open, key, verifiers, audit, teleport });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    teleport?.close();
    await audit.close();
  }
}

/** Opens a Teleport by the way that worked last, or else by whichever works. */
function openerOf(
  { teleport: { addr: address, connect } }: RelayConfig,
  { log, clock, env }: RelayDependencies,
): (identity: Identity) => Promise<TeleportPort> {
  let lastWay: Way | undefined;
  return async (identity) => {
    const { teleport, way } = await openTeleport({ address, connect, identity, env, log, now: clock.now, lastWay });
    lastWay = way;
    return teleport;
  };
}

interface Parts {
  readonly config: RelayConfig;
  readonly dependencies: RelayDependencies;
  readonly cluster: string;
  readonly first: FirstConnection;
  readonly open: (identity: Identity) => Promise<TeleportPort>;
  readonly key: ReturnType<typeof readRelayKey>;
  readonly verifiers: () => Verifiers;
  readonly audit: AuditLog;
  readonly teleport: RenewingTeleport;
}

async function runJourneys(parts: Parts): Promise<void> {
  const { config, dependencies, cluster, key, verifiers, audit, teleport } = parts;
  const { log, clock, signal } = dependencies;
  const lanes = new Lanes((error) =>
    log.warn("Teleport could not be asked; the next list makes up for it", problemOf(error)),
  );
  const send = (frame: Unnumbered<RelayFrame>): boolean => link.send(frame);
  const settle = (requestId: string): void => decider.settle(requestId);
  const rules = new RuleBook({ teleport, clock, log });
  const traits = new UserTraits({ teleport, now: clock.now, log });
  const names = new ResourceNames({ cluster, teleport, clock, log });
  const predecessors = new Predecessors({ teleport, log });
  const frames = new RequestFrames({ rules, traits, names, predecessors, clock, log });
  const inventory = new Inventory({ cluster, teleport, lanes, frames, send, ended: settle, clock, log });
  const way = wayOf(parts);
  const decider = new Decider({
    cluster,
    teleport,
    way,
    lanes,
    audit,
    policy: config.policy,
    requesterEmails: (user) => traits.emailsOf(user),
    verifiers,
    send,
    settled: (request) => inventory.settled(request),
    clock,
    random: Math.random,
    randomId: () => randomUUID(),
    log,
  });
  const autoApprover = new AutoApprover({
    cluster,
    teleport,
    way,
    lanes,
    audit,
    policy: config.policy,
    requesterEmails: (user) => traits.emailsOf(user),
    send,
    settled: (request) => inventory.settled(request),
    clock,
    randomId: () => randomUUID(),
    log,
  });
  const binder = new Binder({ cluster, teleport, lanes, send, answered: settle, clock, log });
  const report = new Report(send, conditionOf(parts.first));
  const hello = helloOf(config, dependencies, parts.first.server);
  const link = new Link({
    url: config.edge.url,
    cluster,
    key,
    hello: () => ({ ...hello, certificateExpiresMs: report.certificateExpiresMs }),
    handlers: {
      welcome: (welcome) => {
        log.info("Edge connected", { role: welcome.role, epoch: welcome.epoch });
        inventory.welcomed(welcome);
        report.welcomed();
      },
      bind: (frame) => binder.bind(frame),
      decide: (frame) => decider.decide(frame),
      autoApprove: (frame) => autoApprover.approve(frame),
      promote: ({ epoch }) => log.info("This relay is active now", { epoch }),
      health: ({ pagerduty: { ok, problem } }) =>
        ok ? log.info("PagerDuty health check ok") : log.warn("PagerDuty health check failed", { problem }),
      lost: () => inventory.unlinked(),
    },
    dial: createDial(clock, tunnelAgentFor(config.edge.url, dependencies.env)),
    clock,
    random: Math.random,
    log,
  });
  const watch = new Watch({
    teleport,
    sink: inventory,
    rules,
    clock,
    random: Math.random,
    log,
    stands: (watchProblem) => {
      report.change({ watchProblem, watching: watchProblem === null });
      if (watchProblem === null) void reportVersion(teleport, report);
    },
    refusalEndsStart: true,
  });
  const renewal = renewalOf(parts, report, () => {
    watch.retryNow();
    decider.settleAll();
  });
  await runTogether(signal, [
    (stop) => link.run(stop),
    (stop) => watch.run(stop),
    (stop) => rules.run(stop),
    (stop) => renewal.run(stop),
    (stop) => checkExpiry(inventory, clock, stop),
  ]);
}

function wayOf({ config, dependencies: { clock, log }, first: { identity, server }, teleport }: Parts): WayToDecide {
  const { decideBy } = config.teleport;
  const problem = decideByProblem({ version: server.version, decideBy });
  if (problem !== null) log.warn(problem);
  return wayToDecide(decideBy, { teleport, ownUser: identity.user, policy: config.policy, clock });
}

function renewalOf(
  { config, dependencies: { clock, log }, cluster, first, open, teleport }: Parts,
  report: Report,
  replaced: () => void,
): Renewal {
  return new Renewal({
    source: config.teleport.identity,
    refresh: config.teleport.refreshIdentity,
    identity: first.identity,
    cluster,
    open,
    replace: (next) => teleport.replace(next),
    renewed: ({ expiresMs }, { version }) => {
      report.change({ certificateExpiresMs: expiresMs, teleportVersion: version });
      replaced();
    },
    concern: (certificateProblem) => report.change({ certificateProblem }),
    clock,
    log,
  });
}

/** A watch that stands again may stand at another release. */
async function reportVersion(teleport: TeleportPort, report: Report): Promise<void> {
  const server = await teleport.ping().catch(() => undefined);
  if (server !== undefined) report.change({ teleportVersion: server.version });
}

function conditionOf({ identity, server }: FirstConnection): Condition {
  return {
    certificateExpiresMs: identity.expiresMs,
    teleportVersion: server.version,
    watching: false,
    watchProblem: null,
    certificateProblem: null,
  };
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
): Omit<Hello, "type" | "protocol" | "certificateExpiresMs"> {
  return {
    instance: randomUUID(),
    release,
    teleport: { version, cluster, proxyAddress },
    decisions: config.decisions,
    asksOnCall: config.policy.approvers.includes("on-call"),
    ...(config.policy.autoApproveOnCall && { autoApproval: { onCallLevels: config.policy.onCallLevels } }),
  };
}

function problemOf(error: unknown): { problem: string } {
  return { problem: error instanceof Error ? error.message : String(error) };
}
