/**
 * One cluster's configuration on the edge: its entry in `CLUSTERS` and its secrets in `CLUSTER_SECRETS` → a
 * {@link ClusterConfig}, or every fault named. A fault names a key and what is wrong with it, never a value. Pure.
 */
import type * as z from "zod/mini";
import type { Verdict } from "../../shared/decisions.ts";
import { clusterEntrySchema, clusterSecretsSchema } from "./cluster-schema.ts";

export type Region = "us" | "eu";

/** How the edge signs in to PagerDuty: an API key, or a scoped OAuth app's client credentials. */
export type PagerDutyCredentials =
  | { readonly kind: "api_key"; readonly apiKey: string }
  | { readonly kind: "oauth"; readonly clientId: string; readonly clientSecret: string; readonly subdomain: string };

/** What the PagerDuty client needs of a cluster's configuration. */
export interface PagerDutyAccount {
  readonly region: Region;
  /** Replaces the region's address; null in production. No trailing slash. */
  readonly apiUrl: string | null;
  /** The `From` of every write. */
  readonly userEmail: string;
  readonly credentials: PagerDutyCredentials;
}

/** Everything the edge knows of one cluster before any request comes in. */
export interface ClusterConfig {
  /** The cluster's name as Teleport has it. */
  readonly cluster: string;
  /** Ed25519 public keys of the relays, 43 characters of base64url each. */
  readonly relayPublicKeys: readonly string[];
  /** The service where incidents open when nothing else says so. */
  readonly serviceId: string;
  readonly pagerDuty: PagerDutyAccount;
  /** Null: the service's own. */
  readonly urgency: "high" | "low" | null;
  /** A priority's name; null: none. */
  readonly priority: string | null;
  /** Days that a finished request is kept after its access ended. */
  readonly retainDays: number;
  /** Cloudflare Access for the page; null: the admin token. */
  readonly access: { readonly team: string; readonly audience: string } | null;
  /** Empty when only the relay can verify; then `gateToken` is not null. */
  readonly webhookSecrets: readonly string[];
  readonly gateToken: string | null;
  /** Null: the channel `action` is off. */
  readonly actionTokens: Readonly<Record<Verdict, string>> | null;
  /** Null: nobody signs in with one. */
  readonly adminToken: string | null;
}

/** A cluster's configuration, or what is wrong with it: one sentence a fault, in the order of the keys. */
export type ClusterReading =
  | { readonly kind: "ready"; readonly config: ClusterConfig }
  | { readonly kind: "faulty"; readonly faults: readonly string[] };

/** What a cluster's configuration shares with every other's. */
export interface Surroundings {
  /** `PAGERDUTY_API_URL`, checked; null when it is not set. */
  readonly apiUrl: string | null;
  /** `CLUSTER_SECRETS` by cluster; undefined when it could not be read, which is then among the faults. */
  readonly secrets: ReadonlyMap<string, unknown> | undefined;
  /** Faults outside the cluster's own entries that keep it from working. */
  readonly faults: readonly string[];
}

/**
 * Longest cluster name, in characters: with the longest of request ids its incident keys stay under the 255 characters
 * that PagerDuty takes.
 */
const CLUSTER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,179}$/;

/** Reads what is configured for one cluster. Never throws. */
export function readCluster(
  cluster: string,
  entry: unknown,
  { apiUrl, secrets, faults: around }: Surroundings,
): ClusterReading {
  const where = JSON.stringify(cluster);
  const named = CLUSTER_NAME.test(cluster) ? [] : [`CLUSTERS[${where}]: not a name that a cluster can have`];
  const open = parse(`CLUSTERS[${where}]`, clusterEntrySchema, entry);
  const hidden = secrets && parse(`CLUSTER_SECRETS[${where}]`, clusterSecretsSchema, secrets.get(cluster));
  const faults = [...named, ...open.faults, ...(hidden?.faults ?? []), ...around];
  if (faults.length > 0 || open.data === undefined || hidden?.data === undefined) return { kind: "faulty", faults };
  return { kind: "ready", config: configFor(cluster, open.data, hidden.data, apiUrl) };
}

interface Parsed<Data> {
  readonly data?: Data;
  readonly faults: readonly string[];
}

function parse<Data>(where: string, schema: z.ZodMiniType<Data>, value: unknown): Parsed<Data> {
  const parsed = schema.safeParse(value, { error: messageFor });
  if (parsed.success) return { data: parsed.data, faults: [] };
  return { faults: parsed.error.issues.flatMap((issue) => sentencesFor(where, issue)) };
}

/** What a value of another type should have been, under zod's name for it. */
const EXPECTED: Readonly<Record<string, string>> = {
  string: "text",
  array: "a list",
  object: "a table, or an object in JSON",
};

// What the schema's checks have no words for. No message shows the value, which may be a secret.
function messageFor(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === undefined) return "is required";
  return issue.code === "invalid_type" ? `must be ${EXPECTED[issue.expected] ?? issue.expected}` : undefined;
}

function sentencesFor(where: string, issue: z.core.$ZodIssue): string[] {
  const key = issue.path.reduce<string>(
    (path, part) => `${path}${typeof part === "number" ? `[${part}]` : `.${String(part)}`}`,
    where,
  );
  if (issue.code === "unrecognized_keys") return issue.keys.map((unknown) => `${key}.${unknown}: unknown key`);
  return [`${key}: ${issue.message}`];
}

function configFor(
  cluster: string,
  entry: z.infer<typeof clusterEntrySchema>,
  secrets: z.infer<typeof clusterSecretsSchema>,
  apiUrl: string | null,
): ClusterConfig {
  return {
    cluster,
    relayPublicKeys: entry.relay_public_keys,
    serviceId: entry.service_id,
    pagerDuty: { region: entry.region, apiUrl, userEmail: entry.user_email, credentials: credentialsFor(secrets) },
    urgency: entry.urgency === "" ? null : entry.urgency,
    priority: entry.priority === "" ? null : entry.priority,
    retainDays: entry.retain_days,
    access: entry.access.team === "" ? null : entry.access,
    webhookSecrets: secrets.webhook_secrets ?? [],
    gateToken: secrets.gate_token ?? null,
    actionTokens: secrets.action_tokens ?? null,
    adminToken: secrets.admin_token ?? null,
  };
}

function credentialsFor({ api_key, oauth }: z.infer<typeof clusterSecretsSchema>): PagerDutyCredentials {
  if (oauth === undefined) return { kind: "api_key", apiKey: api_key ?? "" };
  return { kind: "oauth", clientId: oauth.client_id, clientSecret: oauth.client_secret, subdomain: oauth.subdomain };
}
