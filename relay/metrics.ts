/**
 * What the relay counts of itself, for whoever scrapes the edge. docs/metrics.md says what each is for. No label holds what
 * a user, a request or a secret is called.
 */
import type { Family } from "../shared/metrics.ts";
import { Counter, Histogram, relayFamily } from "./metrics/instruments.ts";

/** What can be read of the process. */
export interface ProcessReading {
  /** Since the epoch. */
  readonly startedMs: number;
  readonly residentBytes: number;
  readonly cpuSeconds: number;
}

/** How the work stands at a moment. */
export interface WorkReading {
  /** Requests that Teleport shows as pending. */
  readonly pendingRequests: number;
  /** Clicks that wait to be judged or carried out. */
  readonly undecidedClicks: number;
  /** How many lines the audit log has ever had. */
  readonly auditLines: number;
}

/** What this relay is. */
export interface Build {
  readonly version: string;
  /** The version of Node. */
  readonly node: string;
}

export class RelayMetrics {
  readonly linkConnections = new Counter("link_connections_total", "Times that the edge has welcomed the relay.");
  readonly linkLosses = new Counter("link_losses_total", "Links to the edge that were lost.");
  readonly watchConnections = new Counter("watch_connections_total", "Times that a watch of Teleport came to stand.");
  readonly watchFailures = new Counter("watch_failures_total", "Watches of Teleport that failed or were lost.");
  readonly watchEvents = new Counter(
    "watch_events_total",
    "Changes of access requests that Teleport told of.",
    ["operation"],
    [["PUT"], ["DELETE"]],
  );
  readonly teleportCalls = new Counter("teleport_calls_total", "Calls to Teleport.", ["method", "outcome"]);
  readonly teleportCall = new Histogram("teleport_call_seconds", "How long calls to Teleport take.");
  readonly clickToTeleport = new Histogram(
    "click_to_teleport_seconds",
    "From a click by PagerDuty's clock to when Teleport took it by the relay's.",
  );
  readonly renewals = new Counter("certificate_renewals_total", "Times that renewed credentials were taken up.");
  readonly logMessages = new Counter(
    "log_messages_total",
    "Warnings and errors in the relay's log.",
    ["severity"],
    [["warn"], ["error"]],
  );
  readonly #build: Build;
  readonly #readProcess: () => ProcessReading | null;

  /** `readProcess` is null where there is no process to tell of. */
  constructor(build: Build, readProcess: () => ProcessReading | null = () => null) {
    this.#build = build;
    this.#readProcess = readProcess;
  }

  /** Every family, as it is now. */
  families({ pendingRequests, undecidedClicks, auditLines }: WorkReading): Family[] {
    const { version, node } = this.#build;
    const info = [["version", version] as [string, string], ["node", node] as [string, string]];
    return [
      relayFamily("gauge", "build_info", "The relay's release, and its Node.", [[info, 1]]),
      ...processFamilies(this.#readProcess()),
      relayFamily("gauge", "pending_requests", "Requests that Teleport shows as pending.", [[[], pendingRequests]]),
      relayFamily("gauge", "undecided_clicks", "Clicks that wait to be carried out.", [[[], undecidedClicks]]),
      relayFamily("counter", "audit_lines_total", "Lines that the audit log has ever had.", [[[], auditLines]]),
      ...this.#counted.map(({ family }) => family),
    ];
  }

  get #counted(): readonly (Counter | Histogram)[] {
    return [
      this.linkConnections,
      this.linkLosses,
      this.watchConnections,
      this.watchFailures,
      this.watchEvents,
      this.teleportCalls,
      this.teleportCall,
      this.clickToTeleport,
      this.renewals,
      this.logMessages,
    ];
  }
}

function processFamilies(reading: ProcessReading | null): Family[] {
  if (reading === null) return [];
  const { startedMs, residentBytes, cpuSeconds } = reading;
  return [
    relayFamily("gauge", "start_time_seconds", "When the relay's process began.", [[[], startedMs / 1000]]),
    relayFamily("gauge", "resident_memory_bytes", "Memory of the relay's process.", [[[], residentBytes]]),
    relayFamily("counter", "cpu_seconds_total", "CPU time of the relay's process.", [[[], cpuSeconds]]),
  ];
}
