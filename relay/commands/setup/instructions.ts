/** What goes where after `setup`, the relay first, as commands to copy. Pure. */
import { basename, dirname, join } from "node:path";
import { DEFAULT_CONFIG_FILE, PLUGIN_DIRECTORY } from "../../paths.ts";
import { CREDENTIAL_PREFIX, CREDENTIAL_STORE } from "../../systemd/provided.ts";
import type { SetupOrder, SetupStep } from "./order.ts";

export interface Instructions {
  readonly order: SetupOrder;
  readonly webhookFile: string;
  /** Null: no buttons. */
  readonly actionFile: string | null;
  readonly secretsFile: string;
  /** What to run when all is in place; null: nothing more. */
  readonly next: SetupStep | null;
}

/** The text, with a line break at its end. */
export function instructionsFor({ order, webhookFile, actionFile, secretsFile, next }: Instructions): string {
  const files = [webhookFile, ...(actionFile === null ? [] : [actionFile])];
  return `
What goes where, in this order:

1. To the relay, on the Teleport host. It reads them again by itself when they change.
${installLines(files)}
   In ${DEFAULT_CONFIG_FILE}, under [decisions]:
     channels = ${actionFile === null ? '["note"]' : '["note", "action"]'}
     webhook_secrets_file = ${JSON.stringify(placeOf(webhookFile))}
${actionFile === null ? "" : `     action_tokens_file = ${JSON.stringify(placeOf(actionFile))}\n`}${credentialLines(files)}
2. To the edge.
     npx wrangler secret put CLUSTER_SECRETS < ${word(secretsFile)}
   For an edge of your own, this line goes into its file of variables; then restart it:
     printf 'CLUSTER_SECRETS=%s\\n' "$(cat ${word(secretsFile)})"
${next === null ? "" : `\n3. Then, with PAGERDUTY_API_KEY as now, ${NEXT[next]}:\n     ${commandFor(order, next)}\n`}
Keep ${order.directory} where nobody else can read it: the next run knows its subscriptions by it.
`;
}

const NEXT: Readonly<Record<SetupStep, string>> = {
  set_up: "activate the subscription",
  rotate: "make another subscription",
  finish: "activate the new subscription and remove the old one",
};

function installLines(files: readonly string[]): string {
  const moved = files.filter((file) => file !== placeOf(file));
  if (moved.length === 0) return "   They are where it reads them.";
  const install = moved.map((file) => `     sudo install -m 0600 ${word(file)} ${placeOf(file)}`);
  const own = `     sudo chown --reference=${PLUGIN_DIRECTORY} ${moved.map(placeOf).join(" ")}`;
  return [...install, own].join("\n");
}

// The service need not be told where its secrets are, but gets them anew only when it starts.
function credentialLines(files: readonly string[]): string {
  if (files.every((file) => file === placeOf(file))) return "";
  const install = files.map((file) => {
    const credential = `${CREDENTIAL_STORE}/${CREDENTIAL_PREFIX}${basename(file)}`;
    return `     sudo install -D -m 0600 ${word(file)} ${credential}`;
  });
  const restart = "     sudo systemctl try-restart teleport-pagerduty";
  return ["   The installed service takes them from systemd instead, and its configuration names no files:", ...install]
    .concat(restart, "")
    .join("\n");
}

function placeOf(file: string): string {
  return join(PLUGIN_DIRECTORY, file.slice(dirname(file).length + 1));
}

/** The command line of a step, for a shell. */
export function commandFor({ edgeUrl, cluster, scopes, serviceIds, directory }: SetupOrder, step: SetupStep): string {
  return [
    "teleport-pagerduty setup",
    `--edge ${word(edgeUrl)} --cluster ${cluster}`,
    ...(scopes.some(({ kind }) => kind === "account") ? ["--account"] : []),
    ...serviceIds.map((id) => `--service ${id}`),
    `--out ${word(directory)}`,
    ...(step === "set_up" ? [] : [`--${step}`]),
  ].join(" ");
}

function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
