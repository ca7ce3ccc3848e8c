/**
 * What systemd gives the installed service, for keys that the configuration leaves out: our own secrets as credentials, and
 * a folder for the audit log. A command that an admin runs beside the service finds the same. Names files; reads none.
 */
import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** Paths for keys of the configuration; undefined where nothing was given. */
export interface Provided {
  readonly keyFile?: string;
  readonly webhookSecretsFile?: string;
  readonly actionTokensFile?: string;
  readonly auditLog?: string;
}

/** Credentials of the unit, as `LoadCredential` names them. */
export const CREDENTIALS = {
  keyFile: "relay.key",
  webhookSecretsFile: "webhook.secrets",
  actionTokensFile: "action.tokens",
} as const;

/** Where an admin puts a credential for systemd to hand over (systemd.exec(5), LoadCredential). */
export const CREDENTIAL_STORE = "/etc/credstore";
export const CREDENTIAL_PREFIX = "teleport-pagerduty.";

/** What systemd has handed to the running service, as root sees it. */
const RUNNING_SERVICE = "/run/credentials/teleport-pagerduty.service";

type Environment = Readonly<Record<string, string | undefined>>;
type Exists = (path: string) => boolean;

/**
 * What is provided to this process: by its own environment under systemd, else what the installed service has, as far as
 * this user may see it.
 */
export function providedBySystemd(env: Environment, exists: Exists = isThere): Provided {
  const directory = env.CREDENTIALS_DIRECTORY;
  const placesOf = (name: string): string[] =>
    directory !== undefined && directory !== ""
      ? [join(directory, name)]
      : [join(RUNNING_SERVICE, name), join(CREDENTIAL_STORE, `${CREDENTIAL_PREFIX}${name}`)];
  const credentials = Object.entries(CREDENTIALS).flatMap(([key, name]) => {
    const file = placesOf(name).find(exists);
    return file === undefined ? [] : [[key, file] as const];
  });
  const state = env.STATE_DIRECTORY ?? "";
  return { ...Object.fromEntries(credentials), ...(state !== "" && { auditLog: join(state, "audit.jsonl") }) };
}

function isThere(path: string): boolean {
  try {
    accessSync(path, constants.F_OK);
    return true;
  } catch {
    return false;
  }
}
