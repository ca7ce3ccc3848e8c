/**
 * `webhook.secrets`: the secrets of a cluster's webhook subscriptions as the relay reads them, a line each, and in comments
 * which subscription each belongs to. It is written the moment PagerDuty tells a secret, for it tells it once. Pure.
 */
import type { Scope } from "./answers.ts";

/** A subscription whose secret is known. */
export interface HeldSubscription {
  readonly id: string;
  readonly scope: Scope;
  /** What {@link gateMark} makes of the gate token that it was made with. */
  readonly gateMark: string;
  readonly secret: string;
}

/** What the file holds. */
export interface WebhookSecrets {
  /** The cluster that it was written for; undefined when it was not written here. */
  readonly cluster: string | undefined;
  /** Newest first. */
  readonly held: readonly HeldSubscription[];
  /** Secrets that nothing is known about: somebody else put them there. */
  readonly strays: readonly string[];
}

const HEAD = /^# Webhook secrets of the Teleport cluster (\S+?),/;
const LABEL = /^# subscription ([\w-]{1,64}) of (account|service ([\w-]{1,64})), gate ([0-9a-f]{16})$/;

/** Reads the file's text. Never throws: what it does not understand are strays. */
export function parseWebhookSecrets(text: string): WebhookSecrets {
  let cluster: string | undefined;
  let label: RegExpExecArray | null = null;
  const held: HeldSubscription[] = [];
  const strays: string[] = [];
  for (const line of text.split("\n").map((raw) => raw.trim())) {
    if (line.startsWith("#")) {
      cluster ??= HEAD.exec(line)?.[1];
      label = LABEL.exec(line);
    } else if (line !== "") {
      if (label === null) strays.push(line);
      else held.push(heldFor(label, line));
      label = null;
    }
  }
  return { cluster, held, strays };
}

function heldFor([, id = "", , serviceId, gateMark = ""]: RegExpExecArray, secret: string): HeldSubscription {
  const scope: Scope = serviceId === undefined ? { kind: "account" } : { kind: "service", id: serviceId };
  return { id, scope, gateMark, secret };
}

/** The file's text; what it says is read back by {@link parseWebhookSecrets}. */
export function webhookSecretsText(
  cluster: string,
  held: readonly HeldSubscription[],
  strays: readonly string[],
): string {
  const lines = held.flatMap(({ id, scope, gateMark, secret }) => [
    `# subscription ${id} of ${scope.kind === "account" ? "account" : `service ${scope.id}`}, gate ${gateMark}`,
    secret,
  ]);
  const others = strays.length === 0 ? [] : ["# not of a subscription that setup has made", ...strays];
  return `${[
    `# Webhook secrets of the Teleport cluster ${cluster}, newest first: the relay's webhook_secrets_file.`,
    "# Written by `teleport-pagerduty setup`, which knows its subscriptions again by the comments.",
    ...lines,
    ...others,
  ].join("\n")}\n`;
}
