/**
 * Both journeys wired: from Teleport's watch to the link, and from the link through the guard to Teleport. Files, sockets,
 * time and randomness come from outside, so that the same wiring runs under virtual time.
 */
import type { AccessRequest } from "../shared/access-request.ts";
import type { Click } from "../shared/click.ts";
import type { Logger } from "../shared/log.ts";
import type { Hello, RelayFrame, Unnumbered } from "../shared/protocol.ts";
import { Testimony } from "./audit/testimony.ts";
import { AuditTrail } from "./audit/trail.ts";
import type { AuditLog } from "./audit.ts";
import { AutoApprover } from "./auto-approval.ts";
import { Binder } from "./binding.ts";
import { decideByProblem } from "./commands/check/role.ts";
import type { RelayConfig } from "./config.ts";
import { ClaimLeases } from "./decider/claim-lease.ts";
import type { Verifiers } from "./decider/evidence.ts";
import { settleIntents } from "./decider/settling.ts";
import { type WayToDecide, wayToDecide } from "./decider/ways-to-decide.ts";
import { Decider } from "./decider.ts";
import { Predecessors } from "./inventory/predecessors.ts";
import { RequestFrames } from "./inventory/request-frame.ts";
import { ResourceNames } from "./inventory/resource-names.ts";
import { UserTraits } from "./inventory/user-traits.ts";
import { Inventory } from "./inventory.ts";
import { Lanes } from "./lanes.ts";
import type { LinkHandlers } from "./link/handlers.ts";
import type { RelayKey } from "./link/relay-key.ts";
import type { Dial } from "./link/socket.ts";
import { Link } from "./link.ts";
import { RelayMetrics } from "./metrics.ts";
import type { PluginData } from "./plugin-data.ts";
import { Report } from "./report.ts";
import { RuleBook } from "./rules/book.ts";
import { runTogether } from "./run-together.ts";
import type { Supervision } from "./systemd/supervision.ts";
import type { TeleportPort, TeleportServer } from "./teleport/port.ts";
import type { Clock } from "./time/clock.ts";
import { Watch } from "./watch.ts";

/** How often requests whose time has come are looked for, and a broken audit log is tried, in ms. */
const LOOK_EVERY_MS = 5_000;

/** How long each part may be silent before it is stalled: a few times what its own time limits allow. */
const PARTS = {
  link: { name: "the link to the edge", withinMs: 180_000 },
  watch: { name: "the watch of Teleport", withinMs: 300_000 },
  look: { name: "the look at what is due", withinMs: 60_000 },
  lane: { name: "the work on a request", withinMs: 900_000 },
} as const;

export interface JourneysOptions {
  readonly config: Pick<RelayConfig, "decisions" | "policy"> & {
    readonly edge: Pick<RelayConfig["edge"], "url">;
    readonly teleport: Pick<RelayConfig["teleport"], "decideBy">;
  };
  readonly release: string;
  readonly teleport: TeleportPort;
  /** What Teleport said of itself, under the name of the cluster that the edge knows. */
  readonly server: TeleportServer;
  /** The relay's own Teleport user. */
  readonly ownUser: string;
  /** When the certificate in use ends, ms since the epoch. */
  readonly certificateExpiresMs: number;
  readonly key: RelayKey;
  readonly dial: Dial;
  readonly audit: Pick<AuditLog, "append" | "end" | "digests" | "openIntents">;
  /** Read anew for each judgement. */
  readonly verifiers: () => Verifiers;
  readonly clock: Clock;
  /** From 0 up to, but not, 1. */
  readonly random: () => number;
  /** Never gives the same twice, on no machine. */
  readonly randomId: () => string;
  readonly log: Logger;
  /** Told how link and watch stand, and follows the progress of every part. */
  readonly supervision?: Pick<Supervision, "stands" | "progress">;
  /** Counts for whoever scrapes; by itself alone when left out. */
  readonly metrics?: RelayMetrics;
}

export class Journeys {
  readonly #options: JourneysOptions;
  readonly #metrics: RelayMetrics;
  readonly #lanes: Lanes;
  readonly #report: Report;
  readonly #trail: AuditTrail;
  readonly #testimony: Testimony;
  readonly #claims: ClaimLeases;
  readonly #inventory: Inventory;
  readonly #decider: Decider;
  readonly #binder: Binder;
  readonly #rules: RuleBook;
  readonly #link: Link;
  readonly #watch: Watch;

  constructor(options: JourneysOptions) {
    const { teleport, audit, verifiers, clock, random, randomId, log, supervision } = options;
    const { cluster } = options.server;
    const { policy } = options.config;
    const lanes = new Lanes(
      (error, requestId) => {
        const problem = error instanceof Error ? error.message : String(error);
        log.warn("Teleport could not be asked; the next list makes up for it", { requestId, problem });
      },
      supervision && (() => supervision.progress.begin(PARTS.lane)),
    );
    const concern = (auditProblem: string | null): void => this.#report.change({ auditProblem });
    const trail = new AuditTrail({ sink: audit, concern, clock, log });
    const claims = new ClaimLeases({ teleport, clock, randomId });
    const testimony = new Testimony(audit, () => trail.isWritable);
    const send = (frame: Unnumbered<RelayFrame>): boolean => testimony.send(frame, (told) => this.#link.send(told));
    const settle = (requestId: string): void => this.#decider.settle(requestId);
    const traits = new UserTraits({ teleport, now: clock.now, log });
    const deciding = {
      ...{ cluster, teleport, lanes, trail, claims, policy, send, clock, log },
      way: wayOf(options),
      requesterEmails: (user: string) => traits.emailsOf(user),
      settled: (...ended: [AccessRequest, PluginData]) => this.#inventory.settled(...ended),
    };
    this.#options = options;
    this.#metrics = options.metrics ?? new RelayMetrics({ version: options.release, node: "" });
    this.#lanes = lanes;
    this.#trail = trail;
    this.#claims = claims;
    this.#testimony = testimony;
    this.#report = new Report(send, conditionOf(options));
    this.#rules = new RuleBook({ teleport, clock, log });
    const frames = framesOf(options, this.#rules, traits);
    this.#inventory = new Inventory({ cluster, teleport, lanes, frames, send, ended: settle, clock, log });
    const outdated = (...held: [requestId: string, digest: string]) => this.#inventory.outdated(...held);
    this.#binder = new Binder({ cluster, teleport, lanes, send, answered: settle, outdated, clock, log });
    const isBeingBound = (...which: [requestId: string, incidentId: string]) => this.#binder.isUnderWay(...which);
    const taken = ({ occurredMs }: Click) => this.#metrics.clickToTeleport.observe(clock.now() - occurredMs);
    this.#decider = new Decider({ ...deciding, verifiers, isBeingBound, taken, random });
    const autoApprover = new AutoApprover(deciding);
    this.#link = this.#linkTo({
      bind: (frame) => {
        this.#inventory.asked(frame);
        this.#binder.bind(frame);
      },
      decide: (frame) => {
        this.#binder.judging(frame.requestId);
        this.#decider.decide(frame);
      },
      autoApprove: (frame) => autoApprover.approve(frame),
    });
    this.#watch = this.#watchOf();
  }

  /** Runs until the signal aborts; rejects when the start shows what only a person can mend. */
  run(signal: AbortSignal): Promise<void> {
    const settling = { ...this.#options, lanes: this.#lanes, claims: this.#claims, trail: this.#trail };
    // Before anything else can get into these lanes.
    settleIntents(settling, this.#options.audit.openIntents, signal);
    return runTogether(signal, [
      (stop) => this.#link.run(stop),
      (stop) => this.#watch.run(stop),
      (stop) => this.#rules.run(stop),
      (stop) => this.#lookAround(stop),
    ]);
  }

  /** The credentials in use are others now: what waited for them is tried at once. */
  renewed(certificateExpiresMs: number, teleportVersion: string): void {
    this.#metrics.renewals.add();
    this.#report.change({ certificateExpiresMs, teleportVersion });
    this.#watch.retryNow();
    this.#decider.settleAll();
  }

  /** What is wrong with the credentials, as one sentence; null: nothing. */
  certificateConcern(certificateProblem: string | null): void {
    this.#report.change({ certificateProblem });
  }

  #linkTo(asked: Pick<LinkHandlers, "bind" | "decide" | "autoApprove">): Link {
    const { config, server, key, dial, audit, clock, random, randomId, log, supervision } = this.#options;
    const hello = helloOf(this.#options);
    return new Link({
      ...{ key, dial, clock, random, log, url: config.edge.url, cluster: server.cluster, uniqueId: randomId },
      ...(supervision && {
        stands: (edge) => supervision.stands({ edge }),
        beat: supervision.progress.follow(PARTS.link),
      }),
      hello: () => ({
        ...hello,
        certificateExpiresMs: this.#report.certificateExpiresMs,
        audit: this.#testimony.greet(),
      }),
      handlers: {
        ...asked,
        welcome: (welcome) => {
          this.#metrics.linkConnections.add();
          log.info("Edge connected", { role: welcome.role, epoch: welcome.epoch });
          this.#testimony.welcomed();
          this.#binder.welcomed();
          this.#inventory.welcomed(welcome);
          this.#report.welcomed();
        },
        promote: ({ epoch }) => log.info("This relay is active now", { epoch }),
        health: ({ pagerduty: { ok, problem } }) =>
          ok ? log.info("PagerDuty health check ok") : log.warn("PagerDuty health check failed", { problem }),
        measured: () =>
          this.#metrics.families({
            pendingRequests: this.#inventory.pendingCount,
            undecidedClicks: this.#decider.undecidedCount,
            auditLines: audit.end.lines,
          }),
        lost: () => {
          this.#metrics.linkLosses.add();
          this.#binder.unlinked();
          this.#inventory.unlinked();
        },
      },
    });
  }

  #watchOf(): Watch {
    const { teleport, clock, random, log, supervision } = this.#options;
    return new Watch({
      ...{ teleport, clock, random, log },
      ...(supervision && { beat: supervision.progress.follow(PARTS.watch) }),
      sink: this.#inventory,
      rules: this.#rules,
      stands: (watchProblem) => {
        this.#metrics[watchProblem === null ? "watchConnections" : "watchFailures"].add();
        this.#report.change({ watchProblem, watching: watchProblem === null });
        supervision?.stands({ watch: watchProblem });
        if (watchProblem === null) void this.#reportVersion();
      },
      refusalEndsStart: true,
    });
  }

  /** A watch that stands again may stand at another release. */
  async #reportVersion(): Promise<void> {
    const server = await this.#options.teleport.ping().catch(() => undefined);
    if (server !== undefined) this.#report.change({ teleportVersion: server.version });
  }

  async #lookAround(signal: AbortSignal): Promise<void> {
    const beat = this.#options.supervision?.progress.follow(PARTS.look);
    while (!signal.aborted) {
      await this.#options.clock.sleep(LOOK_EVERY_MS, signal);
      this.#inventory.checkExpiry();
      await this.#trail.probe();
      beat?.();
    }
  }
}

function framesOf({ teleport, server, clock, log }: JourneysOptions, rules: RuleBook, traits: UserTraits) {
  const names = new ResourceNames({ cluster: server.cluster, teleport, clock, log });
  const predecessors = new Predecessors({ teleport, log });
  return new RequestFrames({ rules, traits, names, predecessors, clock, log });
}

function wayOf({ config, server, ownUser, teleport, clock, log }: JourneysOptions): WayToDecide {
  const { decideBy } = config.teleport;
  const problem = decideByProblem({ version: server.version, decideBy });
  if (problem !== null) log.warn(problem);
  return wayToDecide(decideBy, { teleport, ownUser, policy: config.policy, clock });
}

function conditionOf({ certificateExpiresMs, server }: JourneysOptions) {
  const teleportVersion = server.version;
  const concerns = { watchProblem: null, certificateProblem: null, auditProblem: null };
  return { certificateExpiresMs, teleportVersion, watching: false, ...concerns };
}

function helloOf({
  config: { decisions, policy },
  release,
  server: { version, cluster, proxyAddress },
  randomId,
}: JourneysOptions): Omit<Hello, "type" | "protocol" | "certificateExpiresMs" | "audit"> {
  return {
    instance: randomId(),
    release,
    teleport: { version, cluster, proxyAddress },
    decisions,
    asksOnCall: policy.approvers.includes("on-call"),
    ...(policy.autoApproveOnCall && { autoApproval: { onCallLevels: policy.onCallLevels } }),
  };
}
