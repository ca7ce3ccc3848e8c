/**
 * `secrets.json`: what the edge's `CLUSTER_SECRETS` is to be, each cluster's secrets by its name. Only one cluster's are
 * touched, and of those only what `setup` makes. Pure.
 */
import * as z from "zod";
import { parseJsonText } from "../../../shared/bytes.ts";
import type { Verdict } from "../../../shared/decisions.ts";
import { MIN_SECRET_CHARACTERS } from "../../../shared/signature.ts";
import { SetupFault } from "./fault.ts";

/** One cluster's secrets; keys that are not named here are kept. */
export type ClusterSecrets = z.infer<typeof clusterSchema>;

const token = z.string().min(MIN_SECRET_CHARACTERS, `must have ${MIN_SECRET_CHARACTERS} characters or more`);

const clusterSchema = z.looseObject({
  api_key: z.string().optional(),
  oauth: z.unknown().optional(),
  webhook_secrets: z.array(z.string()).optional(),
  gate_token: token.optional(),
  action_tokens: z.object({ approve: token, deny: token }).optional(),
  admin_token: token.optional(),
});

/** Every cluster's secrets as they stand in the file, in its order. */
export type EdgeSecrets = ReadonlyMap<string, unknown>;

/**
 * Reads the file's text; nothing when there is no file.
 * @throws SetupFault when it is not a JSON object.
 */
export function parseEdgeSecrets(file: string, text: string | undefined): EdgeSecrets {
  if (text === undefined || text.trim() === "") return new Map();
  const value = parseJsonText(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SetupFault(`${file} is not a JSON object of clusters: mend it, or move it away. Nothing was changed.`);
  }
  return new Map(Object.entries(value));
}

/**
 * One cluster's secrets; none when it has none yet.
 * @throws SetupFault that names the keys which are not as they should be, never a value.
 */
export function clusterSecretsIn(file: string, secrets: EdgeSecrets, cluster: string): ClusterSecrets {
  const parsed = clusterSchema.safeParse(secrets.get(cluster) ?? {});
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${[cluster, ...path].join(".")}: ${message}`);
  throw new SetupFault(
    `${file} cannot be used, and nothing was changed:\n${faults.map((fault) => `  ${fault}\n`).join("")}`.trimEnd(),
  );
}

const KEYS = ["api_key", "oauth", "webhook_secrets", "gate_token", "action_tokens", "admin_token"];

/** The file's text with one cluster's secrets anew, on one line: so it also fits into a file of variables. */
export function edgeSecretsText(secrets: EdgeSecrets, cluster: string, its: ClusterSecrets): string {
  const place = (key: string): number => (KEYS.includes(key) ? KEYS.indexOf(key) : KEYS.length);
  // In one order, so that the same secrets are the same text.
  const entries = Object.entries(its).sort(([one], [other]) => place(one) - place(other));
  return `${JSON.stringify(Object.fromEntries(new Map(secrets).set(cluster, Object.fromEntries(entries))))}\n`;
}

/** `action.tokens` as the relay reads it. */
export function actionTokensText(cluster: string, tokens: Readonly<Record<Verdict, string>>): string {
  return `# Action tokens of the Teleport cluster ${cluster}: the relay's action_tokens_file.
approve=${tokens.approve}
deny=${tokens.deny}
`;
}
