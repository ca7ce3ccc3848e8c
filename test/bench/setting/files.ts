/** The files that an admin would write, for the bench's folder: the edge's variables and the relay's configuration. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateRelayKey } from "../../../relay/link/relay-key.ts";
import { ADMIN_TOKEN, API_KEY, CLUSTER, GATE_TOKEN, PEOPLE, SERVICE, WEBHOOK_SECRET } from "../../stage/stage.ts";

const SECRET = { mode: 0o600 } as const;

/** Writes `edge.vars`, the relay's key and the webhook's secret. */
export async function writeSecrets(folder: string, pagerDutyUrl: string): Promise<void> {
  const { pem, publicKey } = generateRelayKey();
  await writeFile(join(folder, "relay.key"), pem, SECRET);
  await writeFile(join(folder, "webhook-secrets"), `${WEBHOOK_SECRET}\n`, SECRET);
  const cluster = { relay_public_keys: [publicKey], service_id: SERVICE, user_email: PEOPLE.bot.email };
  const secrets = {
    api_key: API_KEY,
    webhook_secrets: [WEBHOOK_SECRET],
    gate_token: GATE_TOKEN,
    admin_token: ADMIN_TOKEN,
  };
  const vars = [
    `CLUSTERS=${JSON.stringify({ [CLUSTER]: cluster })}`,
    `CLUSTER_SECRETS=${JSON.stringify({ [CLUSTER]: secrets })}`,
    `PAGERDUTY_API_URL=${pagerDutyUrl}`,
  ];
  await writeFile(join(folder, "edge.vars"), `${vars.join("\n")}\n`, SECRET);
}

/** Writes `relay.toml`: one person may decide, whom the edge has to look up once. */
export async function writeRelayConfig(folder: string, teleport: string, edgeUrl: string): Promise<string> {
  const path = (name: string): string => JSON.stringify(join(folder, name));
  const lines = [
    "[teleport]",
    `addr = ${JSON.stringify(teleport)}`,
    `client_crt = ${path("auth.crt")}`,
    `client_key = ${path("auth.key")}`,
    `root_cas = ${path("auth.cas")}`,
    "[edge]",
    `url = ${JSON.stringify(edgeUrl)}`,
    `key_file = ${path("relay.key")}`,
    "[decisions]",
    `webhook_secrets_file = ${path("webhook-secrets")}`,
    "[policy]",
    'approvable_roles = ["*"]',
    `approvers = [${JSON.stringify(PEOPLE.bob.email)}]`,
    `audit_log = ${path("audit.jsonl")}`,
  ];
  const file = join(folder, "relay.toml");
  await writeFile(file, `${lines.join("\n")}\n`);
  return file;
}
