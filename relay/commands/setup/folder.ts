/**
 * The folder that `setup` works in: `secrets.json` for the edge, `webhook.secrets` and `action.tokens` for the relay. It is
 * all that is remembered between two runs. A token is on the disk before PagerDuty hears of it, and a subscription's secret
 * before anything else happens. Nothing here prints.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Verdict } from "../../../shared/decisions.ts";
import { readActionTokens } from "../../secret-file.ts";
import {
  actionTokensText,
  type ClusterSecrets,
  clusterSecretsIn,
  type EdgeSecrets,
  edgeSecretsText,
  parseEdgeSecrets,
} from "./edge-secrets.ts";
import { SetupFault } from "./fault.ts";
import { readPrivate, writePrivate } from "./private-file.ts";
import { type HeldSubscription, parseWebhookSecrets, webhookSecretsText } from "./webhook-secrets-file.ts";

/** Names a token without telling it. */
export function gateMark(token: string): string {
  return createHash("sha256").update(token).digest("hex").slice(0, 16);
}

export interface FolderOptions {
  readonly directory: string;
  readonly cluster: string;
  /** The edge's key when its file has no credential yet. */
  readonly apiKey: string;
  /** Whether action tokens are wanted where there are none yet. */
  readonly withActions: boolean;
}

export class SetupFolder {
  readonly cluster: string;
  /** For the edge. */
  readonly secretsFile: string;
  /** For the relay. */
  readonly webhookFile: string;
  readonly actionFile: string;
  readonly gateToken: string;
  /** Null: no buttons. */
  readonly actionTokens: Readonly<Record<Verdict, string>> | null;
  /** Whether the edge's credential is the key that this run was given. */
  readonly hasLentKey: boolean;
  readonly #others: EdgeSecrets;
  readonly #secrets: ClusterSecrets;
  /** Whether the edge's file leaves the webhook secrets to the relay alone, which is somebody's decision. */
  readonly #relayAlone: boolean;
  #held: readonly HeldSubscription[];
  #strays: readonly string[];
  #changed = { edge: false, relay: false };

  /**
   * Reads the folder and chooses what is missing; nothing is written yet.
   * @throws SetupFault when a file in it cannot be used.
   */
  constructor({ directory, cluster, apiKey, withActions }: FolderOptions) {
    const relayDirectory = relayDirectoryIn(directory, cluster);
    this.cluster = cluster;
    this.secretsFile = join(directory, "secrets.json");
    this.webhookFile = join(relayDirectory, "webhook.secrets");
    this.actionFile = join(relayDirectory, "action.tokens");
    this.#others = parseEdgeSecrets(this.secretsFile, readPrivate(this.secretsFile));
    const before = clusterSecretsIn(this.secretsFile, this.#others, cluster);
    const file = parseWebhookSecrets(readPrivate(this.webhookFile) ?? "");
    this.#held = file.held;
    const known = new Set(file.held.map(({ secret }) => secret));
    const listed = [...file.strays, ...(before.webhook_secrets ?? [])];
    this.#strays = [...new Set(listed.filter((secret) => !known.has(secret)))];
    this.#relayAlone = before.gate_token !== undefined && before.webhook_secrets === undefined;
    this.gateToken = before.gate_token ?? newToken();
    this.actionTokens = before.action_tokens ?? this.#actionTokensBefore(withActions);
    this.hasLentKey = before.api_key === undefined && before.oauth === undefined;
    this.#secrets = {
      ...before,
      ...(this.hasLentKey && { api_key: apiKey }),
      admin_token: before.admin_token ?? newToken(),
    };
  }

  /** Subscriptions whose secret is known, newest first. */
  get held(): readonly HeldSubscription[] {
    return this.#held;
  }

  /** Which half has to be given its files again. */
  get changed(): { readonly edge: boolean; readonly relay: boolean } {
    return this.#changed;
  }

  /** How many secrets there are that belong to no known subscription. */
  get strays(): number {
    return this.#strays.length;
  }

  /** Everything that must never be printed. */
  get secrets(): string[] {
    const { api_key, oauth, admin_token } = this.#secrets;
    const kept = typeof oauth === "object" && oauth !== null ? Object.values(oauth) : [];
    return [
      ...[api_key, admin_token, this.gateToken, ...Object.values(this.actionTokens ?? {}), ...kept],
      ...this.#held.map(({ secret }) => secret),
      ...this.#strays,
    ].filter((secret): secret is string => typeof secret === "string");
  }

  /** Writes the tokens down, before anybody hears of them. */
  prepare(): void {
    for (const directory of [join(this.secretsFile, ".."), join(this.webhookFile, "..")]) makeDirectory(directory);
    this.#writeEdge();
    if (this.actionTokens !== null) {
      const text = actionTokensText(this.cluster, this.actionTokens);
      if (writePrivate(this.actionFile, text)) this.#changed.relay = true;
    }
  }

  /** Takes a new subscription in, as the newest; on the disk when this returns. */
  hold(subscription: HeldSubscription): void {
    this.#held = [subscription, ...this.#held];
    this.#writeRelay();
    this.#writeEdge();
  }

  /** Drops subscriptions' secrets. The edge's file goes first: what the relay's still names is dropped again next time. */
  release(ids: ReadonlySet<string>, { withStrays = false }: { withStrays?: boolean } = {}): void {
    this.#held = this.#held.filter(({ id }) => !ids.has(id));
    if (withStrays) this.#strays = [];
    this.#writeEdge();
    this.#writeRelay();
  }

  /** Writes whatever is not as it should be. */
  settle(): void {
    this.#writeRelay();
    this.#writeEdge();
  }

  #actionTokensBefore(wanted: boolean): Readonly<Record<Verdict, string>> | null {
    const reading = readActionTokens(this.actionFile);
    if (reading.kind === "secrets") return reading.value;
    return wanted ? { approve: newToken(), deny: newToken() } : null;
  }

  #writeRelay(): void {
    if (writePrivate(this.webhookFile, webhookSecretsText(this.cluster, this.#held, this.#strays)))
      this.#changed.relay = true;
  }

  // An empty list is a fault at the edge: a file that is not finished opens nothing.
  #writeEdge(): void {
    const secrets = {
      ...this.#secrets,
      ...(!this.#relayAlone && { webhook_secrets: [...this.#held.map(({ secret }) => secret), ...this.#strays] }),
      gate_token: this.gateToken,
      ...(this.actionTokens !== null && { action_tokens: this.actionTokens }),
    };
    const text = edgeSecretsText(this.#others, this.cluster, secrets);
    if (writePrivate(this.secretsFile, text)) this.#changed.edge = true;
  }
}

/** 32 random bytes, as 43 characters of base64url. */
function newToken(): string {
  return randomBytes(32).toString("base64url");
}

// One folder may serve several clusters of one edge. Whoever comes second has its relay's files in a folder of its own.
function relayDirectoryIn(directory: string, cluster: string): string {
  const own = join(directory, cluster);
  if (readPrivate(join(own, "webhook.secrets")) !== undefined) return own;
  const owner = parseWebhookSecrets(readPrivate(join(directory, "webhook.secrets")) ?? "").cluster;
  return owner === undefined || owner === cluster ? directory : own;
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new SetupFault(`The folder ${directory} cannot be made by this user (${code}).`);
  }
}
