/**
 * The Go plugin's configuration → the relay's, with what goes to the edge as comments. It decides nothing for the admin:
 * what the plugin let anybody do has to be allowed by name. Pure; no secret passes through here.
 */
import { LOG_SEVERITIES } from "../../../shared/log.ts";
import { TELEPORT_PRESETS } from "../../config/schema.ts";
import { hostAndPort, path } from "../../config/values.ts";
import { PLUGIN_DIRECTORY } from "../../paths.ts";
import { ANNOTATIONS, droppedComments, edgeComments, type Warn } from "./comments.ts";
import type { Generation, OldConfig } from "./old-config.ts";
import { quoted } from "./quote.ts";

export interface Migration {
  /** Our configuration, TOML. */
  readonly toml: string;
  /** What an admin has to look after, a sentence each. */
  readonly warnings: readonly string[];
}

const EDGE_EXAMPLE = "https://teleport-pagerduty.example.workers.dev";

/** Writes our configuration for an old one; `file` is its name, for people. */
export function migrationFor(old: OldConfig, file: string): Migration {
  const warnings: string[] = [];
  const warn = (sentence: string): void => void warnings.push(sentence);
  const sections = [
    headFor(old, file),
    teleportSection(old, warn),
    edgeSection,
    decisionsSection(old.generation),
    policySection(old, warn),
    logSection(old, warn),
    edgeComments(old, warn),
    droppedComments(old),
  ];
  for (const key of old.unreadable) warn(`The value of ${quoted(key)} cannot be read: it was left out.`);
  for (const key of old.unknown) warn(`${quoted(key)} is not a key of the Go plugin that we know: it was left out.`);
  return { toml: `${sections.filter((section) => section !== "").join("\n\n")}\n`, warnings };
}

const KINDS: Readonly<Record<Generation, string>> = {
  buttons: "0.1 to 6, with buttons in PagerDuty",
  notify: "7 to 13",
  current: "14 and later",
};

function headFor({ generation, isKebab }: OldConfig, file: string): string {
  const kind = isKebab ? "an alpha of 0.1, with hyphens in its keys" : KINDS[generation];
  return `# The relay's configuration, made by \`teleport-pagerduty migrate\` from ${quoted(file)},
# a file of the Go plugin (${kind}).
# Look through [edge], [decisions] and [policy]: the plugin had no such things.
# \`teleport-pagerduty configure\` prints every key with its meaning.`;
}

function teleportSection(old: OldConfig, warn: Warn): string {
  const lines = ["[teleport]", `addr = ${quoted(addrFor(old, warn))}`];
  if (old.identity !== undefined) {
    if (old.clientKey !== undefined)
      warn("teleport.identity was kept, and client_key, client_crt and root_cas left out.");
    lines.push(`identity = ${quoted(absolute("teleport.identity", old.identity, warn))}`);
  } else {
    lines.push(...tripleLines(old, warn));
  }
  return [...lines, "refresh_identity = true  # renewed files are picked up within a minute"].join("\n");
}

// With none of them the first releases looked for files beside themselves, whose names say nothing about where that was.
function tripleLines({ clientCrt, clientKey, rootCas }: OldConfig, warn: Warn): string[] {
  const files = { client_crt: clientCrt, client_key: clientKey, root_cas: rootCas };
  return (["client_crt", "client_key", "root_cas"] as const).map((key) => {
    const file = files[key];
    if (file !== undefined) return `${key} = ${quoted(absolute(`teleport.${key}`, file, warn))}`;
    warn(`teleport.${key} was not given: ${TELEPORT_PRESETS[key]} is where ours is looked for.`);
    return `${key} = ${quoted(TELEPORT_PRESETS[key])}`;
  });
}

function addrFor({ addr }: OldConfig, warn: Warn): string {
  if (addr === undefined) return TELEPORT_PRESETS.addr;
  const bare = addr.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "").replace(/\/+$/, "");
  if (hostAndPort.safeParse(bare).success) return bare;
  warn("teleport.addr could not be read: write host:port of the Auth Service, or of the Proxy's web address.");
  return TELEPORT_PRESETS.addr;
}

function absolute(key: string, file: string, warn: Warn): string {
  if (path.safeParse(file).success) return file;
  const name = file.replaceAll("\0", "").split("/").pop() || key;
  warn(`${key} was relative to wherever the plugin was started: see that the path written for it is right.`);
  return `${PLUGIN_DIRECTORY}/${name}`;
}

const edgeSection = `[edge]
url = ${quoted(EDGE_EXAMPLE)}  # where you have deployed the edge
key_file = "${PLUGIN_DIRECTORY}/relay.key"  # teleport-pagerduty keygen`;

function decisionsSection(generation: Generation): string {
  const hadButtons = generation === "buttons";
  const lines = [
    "[decisions]",
    hadButtons
      ? "# The plugin had buttons, which PagerDuty does not sign. Notes (/approve, /deny) are signed: keep at least those."
      : "# In the plugin nobody could decide in PagerDuty. Here a note that begins with /approve or /deny does.",
    `channels = ${hadButtons ? '["note", "action"]' : '["note"]'}`,
    `webhook_secrets_file = "${PLUGIN_DIRECTORY}/webhook.secrets"  # \`teleport-pagerduty setup\` writes it`,
    ...(hadButtons ? [`action_tokens_file = "${PLUGIN_DIRECTORY}/action.tokens"  # the same`] : []),
  ];
  return lines.join("\n");
}

function policySection({ generation, autoApprove }: OldConfig, warn: Warn): string {
  warn("policy.approvable_roles is empty, so that every approval is refused: name the roles that may be approved.");
  if (autoApprove) {
    warn(
      `auto_approve was on. Ours honours only services that the request's annotation ${ANNOTATIONS.services} names.`,
    );
  }
  const before =
    generation === "buttons"
      ? "# The plugin let anybody who could press the button approve any role, their own requests too."
      : "# The plugin left every decision to Teleport, but for people on call (auto_approve_on_call).";
  return `[policy]
${before}
approvable_roles = []       # exact names, or ["*"]
approvers = ["on-call"]     # e-mails or user IDs of PagerDuty, "on-call", or "*"
auto_approve_on_call = false  # true: approve when the requester is on call where ${ANNOTATIONS.services} says`;
}

function logSection({ logOutput, logSeverity }: OldConfig, warn: Warn): string {
  const severity = severityFor(logSeverity);
  if (severity === undefined) warn(`log.severity was not one of ${LOG_SEVERITIES.join(", ")}: info was written.`);
  return ["[log]", `output = ${quoted(outputFor(logOutput, warn))}`, `severity = ${quoted(severity ?? "info")}`].join(
    "\n",
  );
}

function outputFor(output: string | undefined, warn: Warn): string {
  if (output === undefined) return "stderr";
  if (output === "stdout" || output === "stderr") return output;
  if (output === "out" || output === "1") return "stdout";
  if (output === "err" || output === "error" || output === "2") return "stderr";
  if (path.safeParse(output).success) {
    warn(
      "log.output is a file, which the installed service may only write below its state directory: stderr goes to the journal.",
    );
    return output;
  }
  warn("log.output was a relative path: write an absolute one; stderr was written.");
  return "stderr";
}

function severityFor(severity: string | undefined): string | undefined {
  const name = severity?.toLowerCase() ?? "info";
  const ours = name === "warning" ? "warn" : name === "err" ? "error" : name;
  return LOG_SEVERITIES.find((each) => each === ours);
}
