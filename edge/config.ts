/**
 * The edge's configuration: bindings → {@link EdgeConfig}, read whole and once for each isolate. The only file that reads
 * the environment. Nothing fails open: whatever is missing or malformed makes its cluster faulty, with every fault named.
 */
import { parseJsonText } from "../shared/bytes.ts";
import type { ClusterNamespace } from "./cluster-rpc.ts";
import { type ClusterReading, readCluster } from "./config/cluster-config.ts";

/** The bindings and variables of the Worker, as wrangler.toml and its secrets give them. */
export interface Env {
  readonly CLUSTER: ClusterNamespace;
  /** A table in wrangler.toml, or the same as JSON text. */
  readonly CLUSTERS?: unknown;
  /** JSON text. */
  readonly CLUSTER_SECRETS?: unknown;
  readonly PUBLIC_URL?: unknown;
  readonly PAGERDUTY_API_URL?: unknown;
  /** How often objects have to wake by themselves, where no cron does it; digits. */
  readonly WAKE_EVERY_MINUTES?: unknown;
  /** How often what PagerDuty has is compared with what it told, in seconds; digits, three minutes unless given. */
  readonly RECONCILE_EVERY_SECONDS?: unknown;
  /** Optional rate limit on callers that showed nothing authentic. */
  readonly STRANGERS?: RateLimit;
}

/** The edge's whole configuration. */
export interface EdgeConfig {
  /** The origin at which the edge is known; null: that of each request. */
  readonly publicUrl: string | null;
  /** How often an object's alarm has to come round by itself; null where a cron pokes it. */
  readonly wakeEveryMs: number | null;
  /** How often what PagerDuty has is compared with what it told; null: as it comes. */
  readonly reconcileEveryMs: number | null;
  readonly clusters: ReadonlyMap<string, ClusterReading>;
  /** Why not even the names of the clusters are known; null when they are. Then every name stands for a faulty cluster. */
  readonly namesFault: string | null;
  /** What is odd and stops nothing. */
  readonly warnings: readonly string[];
}

const known = new WeakMap<object, EdgeConfig>();

/** Reads the environment; the same object is read once. Never throws. */
export function readEdgeConfig(env: Env): EdgeConfig {
  const config = known.get(env) ?? readBindings(env);
  known.set(env, config);
  return config;
}

/** What is known of a cluster; undefined when it is not one of ours. */
export function clusterIn(config: EdgeConfig, cluster: string): ClusterReading | undefined {
  if (config.namesFault !== null) return { kind: "faulty", faults: [config.namesFault] };
  return config.clusters.get(cluster);
}

/** Every fault, each once: what an admin has to mend. */
export function faultsIn(config: EdgeConfig): string[] {
  const faults = [...config.clusters.values()].flatMap((reading) => (reading.kind === "faulty" ? reading.faults : []));
  return [...new Set([...(config.namesFault === null ? [] : [config.namesFault]), ...faults])];
}

function readBindings(env: Env): EdgeConfig {
  const publicUrl = readUrl("PUBLIC_URL", env.PUBLIC_URL, originOf);
  const apiUrl = readUrl("PAGERDUTY_API_URL", env.PAGERDUTY_API_URL, loopbackAddressOf);
  const wake = readTimes("WAKE_EVERY_MINUTES", env.WAKE_EVERY_MINUTES, 60_000);
  const reconcile = readTimes("RECONCILE_EVERY_SECONDS", env.RECONCILE_EVERY_SECONDS, 1000);
  const entries = readTable(env.CLUSTERS);
  const secrets = readTable(env.CLUSTER_SECRETS);
  const namesFault =
    entries === undefined ? "CLUSTERS: must be a table, or JSON text of one, of clusters by name" : null;
  const secretsFault =
    secrets === undefined
      ? ["CLUSTER_SECRETS: must be JSON text of an object, with each cluster's secrets by its name"]
      : [];
  const surroundings = {
    apiUrl: apiUrl.url,
    secrets,
    faults: [...secretsFault, ...publicUrl.faults, ...apiUrl.faults, ...wake.faults, ...reconcile.faults],
  };
  const clusters = [...(entries ?? [])].map(
    ([cluster, entry]) => [cluster, readCluster(cluster, entry, surroundings)] as const,
  );
  const warnings = [...(secrets?.keys() ?? [])]
    .filter((cluster) => entries !== undefined && !entries.has(cluster))
    .map((cluster) => `CLUSTER_SECRETS[${JSON.stringify(cluster)}]: CLUSTERS has no such cluster`);
  const often = { wakeEveryMs: wake.ms, reconcileEveryMs: reconcile.ms };
  return { publicUrl: publicUrl.url, ...often, clusters: new Map(clusters), namesFault, warnings };
}

// What is read from text keeps even a key such as `__proto__` as a plain entry.
function readTable(binding: unknown): ReadonlyMap<string, unknown> | undefined {
  const value = typeof binding === "string" ? parseJsonText(binding) : binding;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return new Map(Object.entries(value));
}

function readTimes(
  name: string,
  value: unknown,
  unitMs: number,
): { readonly ms: number | null; readonly faults: readonly string[] } {
  if (value === undefined || value === "") return { ms: null, faults: [] };
  if (typeof value === "string" && /^[1-9]\d{0,3}$/.test(value)) return { ms: Number(value) * unitMs, faults: [] };
  return { ms: null, faults: [`${name}: must be a number from 1 to 9999`] };
}

interface UrlReading {
  readonly url: string | null;
  readonly faults: readonly string[];
}

function readUrl(
  variable: string,
  value: unknown,
  read: (url: URL) => string | { readonly fault: string },
): UrlReading {
  if (value === undefined || value === "") return { url: null, faults: [] };
  const url = typeof value === "string" ? URL.parse(value) : null;
  const result = url === null ? { fault: "must be a URL" } : read(url);
  return typeof result === "string"
    ? { url: result, faults: [] }
    : { url: null, faults: [`${variable}: ${result.fault}`] };
}

function originOf(url: URL): string | { fault: string } {
  const safe = url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url));
  if (!safe) return { fault: "must be https:, or http: on loopback" };
  if (`${url.origin}/` !== url.href) return { fault: "must be an origin, without a path" };
  return url.origin;
}

function loopbackAddressOf(url: URL): string | { fault: string } {
  if (url.protocol !== "http:" && url.protocol !== "https:") return { fault: "must be http: or https:" };
  if (!isLoopback(url)) return { fault: "must be on loopback: PagerDuty's own address comes from the region" };
  const plain = url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  return plain ? url.href.replace(/\/+$/, "") : { fault: "must be an address alone" };
}

// URL has normalised every way of writing an IPv4 address by now.
function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
