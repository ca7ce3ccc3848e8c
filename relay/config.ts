/**
 * The relay's configuration: TOML → `RelayConfig`, or every fault of the file named at once, each with its key and its
 * mend. It says what counts as a decision, so it fails closed: an unknown key, a value that this release does not carry
 * out, or a secret that others can read is a fault, never a default.
 */
import { readFileSync } from "node:fs";
import { parse, TomlError } from "smol-toml";
import type { Decisions } from "../shared/decisions.ts";
import type { LogSeverity } from "../shared/log.ts";
import { type Fault, faultsFor, isFaulty, withoutFaults } from "./config/fault.ts";
import { cautions, type Rule, rules } from "./config/rules.ts";
import {
  type Document,
  documentSchema,
  EMPTY_DOCUMENT,
  type LooseDocument,
  looseDocumentSchema,
  TELEPORT_PRESETS,
} from "./config/schema.ts";
import type { Policy } from "./guard.ts";
import type { Environment } from "./http-proxy.ts";
import type { IdentitySource } from "./identity/source.ts";
import { type Provided, providedBySystemd } from "./systemd/provided.ts";

/** What the file says, checked as a whole. Only this file reads it; everything after it takes this. */
export interface RelayConfig {
  readonly teleport: {
    /** `host:port` of the Auth Service, or of the Proxy's web address. */
    readonly addr: string;
    readonly identity: IdentitySource;
    readonly refreshIdentity: boolean;
    readonly connect: Document["teleport"]["connect"];
    readonly decideBy: Document["teleport"]["decide_by"];
  };
  readonly edge: {
    /** An origin: scheme, host and port, without a path or a trailing slash. */
    readonly url: string;
    /** Null: the cluster that Teleport names. */
    readonly cluster: string | null;
    /** The relay's Ed25519 private key, PKCS#8 PEM. */
    readonly keyFile: string;
  };
  /** Told to the edge in `hello`. */
  readonly decisions: Decisions;
  /** For `openWebhookSecrets`; null when no channel needs it. */
  readonly webhookSecretsFile: string | null;
  /** For `openActionTokens`; null when no channel needs it. */
  readonly actionTokensFile: string | null;
  readonly policy: Policy;
  readonly auditLog: string;
  readonly log: {
    /** `stdout`, `stderr`, or the absolute path of a file that is appended to. */
    readonly output: string;
    readonly severity: LogSeverity;
    readonly format: "text" | "json";
  };
}

/** What reading a configuration gives. Faults and warnings are sentences that begin with the key: `teleport.addr: …`. */
export type ConfigReading =
  | { readonly kind: "config"; readonly config: RelayConfig; readonly warnings: readonly string[] }
  | { readonly kind: "faults"; readonly faults: readonly string[] };

/**
 * Reads a configuration file and judges the files that it names. Keys that it leaves out may be provided by systemd, as the
 * environment says. Never throws: what is wrong is named.
 */
export function readConfig(file: string, env: Environment = {}): ConfigReading {
  try {
    return parseConfig(readFileSync(file, "utf8"), providedBySystemd(env));
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const problem = missing ? "does not exist; `teleport-pagerduty configure` prints an example" : "cannot be read";
    return { kind: "faults", faults: [`${file}: ${problem}.`] };
  }
}

/** To compile a reader for a file takes longer than to read it. */
const READ_ONCE = { jitless: true } as const;

/** Reads the text of a configuration, and judges the files that it names or that are provided. Never throws. */
export function parseConfig(text: string, provided: Provided = {}): ConfigReading {
  const document = parseToml(text);
  if (document.kind === "faults") return document;
  const written = withProvided({ ...EMPTY_DOCUMENT, ...document.value }, provided);
  const parsed = documentSchema.safeParse(written, { ...READ_ONCE, reportInput: true });
  const faults = parsed.error?.issues.flatMap(faultsFor) ?? [];
  const loose = readableIn(written);
  faults.push(...broken(rules, loose, faults));
  if (!parsed.success || faults.length > 0) return { kind: "faults", faults: faults.map(sentenceFor) };
  const warnings = broken(cautions, loose, []).map(sentenceFor);
  return { kind: "config", config: configFor(parsed.data), warnings };
}

/** The document with what is provided in the place of keys that it leaves out or, where that means none, empty. */
function withProvided(
  { edge, decisions, policy, ...others }: Readonly<Record<string, unknown>>,
  { keyFile, webhookSecretsFile, actionTokensFile, auditLog }: Provided,
): object {
  return {
    ...others,
    edge: completed(edge, { key_file: keyFile }),
    decisions: completed(decisions, { webhook_secrets_file: webhookSecretsFile, action_tokens_file: actionTokensFile }),
    policy: completed(policy, { audit_log: auditLog }),
  };
}

// A section that is none is left for the schema to refuse.
function completed(section: unknown, provided: Readonly<Record<string, string | undefined>>): unknown {
  if (typeof section !== "object" || section === null || Array.isArray(section)) return section;
  const given = Object.fromEntries(Object.entries(section).filter(([key, value]) => value !== "" || !provided[key]));
  const known = Object.fromEntries(Object.entries(provided).filter(([, value]) => value !== undefined));
  return { ...known, ...given };
}

type TomlReading =
  | { readonly kind: "toml"; readonly value: Record<string, unknown> }
  | Extract<ConfigReading, { kind: "faults" }>;

function parseToml(text: string): TomlReading {
  try {
    return { kind: "toml", value: parse(text) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const problem = error.message.split("\n")[0]?.replace("Invalid TOML document: ", "") ?? "";
    return { kind: "faults", faults: [`line ${error.line}, column ${error.column}: is not TOML: ${problem}.`] };
  }
}

/** What can be read of a document, however faulty it is. */
function readableIn(document: object): LooseDocument {
  // Taking a member out can make its list too short in turn, so a list goes in the second round and a table in the third.
  let rest = document;
  for (let round = 0; round < 4; round++) {
    const parsed = looseDocumentSchema.safeParse(rest, READ_ONCE);
    if (parsed.success) return parsed.data;
    rest = { ...EMPTY_DOCUMENT, ...withoutFaults(rest, parsed.error.issues.flatMap(faultsFor)) };
  }
  return looseDocumentSchema.parse(EMPTY_DOCUMENT, READ_ONCE);
}

function broken(all: readonly Rule[], document: LooseDocument, faults: readonly Fault[]): Fault[] {
  const faulty = (key: string): boolean => {
    const [section = "", name = ""] = key.split(".");
    return isFaulty(faults, section, name);
  };
  return all.flatMap(({ about, problem }) => {
    const sentence = about.some(faulty) ? false : problem(document);
    return sentence ? [{ path: about[0].split("."), problem: sentence }] : [];
  });
}

function sentenceFor({ path, problem }: Fault): string {
  return `${path.map(String).join(".")}: ${problem}`;
}

function configFor({ teleport, edge, decisions, policy, log }: Document): RelayConfig {
  return {
    teleport: {
      addr: teleport.addr ?? teleport.auth_server ?? TELEPORT_PRESETS.addr,
      identity: identityFor(teleport),
      refreshIdentity: teleport.refresh_identity,
      connect: teleport.connect,
      decideBy: teleport.decide_by,
    },
    edge: { url: edge.url, cluster: edge.cluster || null, keyFile: edge.key_file },
    decisions: {
      channels: [...new Set(decisions.channels)],
      workflowTriggers: decisions.workflow_triggers,
      field: decisions.field,
      onResolve: decisions.on_resolve,
      confirm: policy.confirm,
    },
    webhookSecretsFile: decisions.webhook_secrets_file || null,
    actionTokensFile: decisions.action_tokens_file || null,
    policy: policyFor(policy),
    auditLog: policy.audit_log,
    log,
  };
}

function identityFor({ identity, client_crt, client_key, root_cas }: Document["teleport"]): IdentitySource {
  if (identity !== "") return { kind: "identity_file", file: identity };
  return {
    kind: "files",
    certificateFile: client_crt ?? TELEPORT_PRESETS.client_crt,
    keyFile: client_key ?? TELEPORT_PRESETS.client_key,
    authoritiesFile: root_cas ?? TELEPORT_PRESETS.root_cas,
  };
}

function policyFor(policy: Document["policy"]): Policy {
  return {
    approvableRoles: policy.approvable_roles,
    approvers: policy.approvers,
    onCallLevels: policy.on_call_levels,
    identity: policy.identity,
    allowSelfApproval: policy.allow_self_approval,
    autoApproveOnCall: policy.auto_approve_on_call,
    approveWithinMs: policy.approve_within,
    confirm: policy.confirm,
    // Without a prototype, so that no id finds what every object inherits.
    users: Object.assign(Object.create(null), policy.users),
  };
}
