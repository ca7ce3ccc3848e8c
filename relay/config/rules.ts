/** What the keys of the configuration say about each other, and what must be true of the files that they name. */

import { readRelayKey } from "../link/relay-key.ts";
import { accessProblem, readActionTokens, readWebhookSecrets } from "../secret-file.ts";
import type { LooseDocument } from "./schema.ts";

/** One thing that must hold. */
export interface Rule {
  /** The keys that it needs to be free of faults; the fault is the first one's. */
  readonly about: readonly [string, ...string[]];
  /** A sentence when it does not hold; false or undefined when it does. */
  readonly problem: (document: LooseDocument) => string | false | undefined;
}

const TRIPLE = ["client_crt", "client_key", "root_cas"] as const;

/** Channels whose evidence is a signed webhook. */
const SIGNED_CHANNELS = ["note", "workflow", "field"] as const;

/** Every rule, in the order of the file. */
export const rules: readonly Rule[] = [
  {
    about: ["teleport.auth_server", "teleport.addr"],
    problem: ({ teleport }) =>
      teleport.auth_server !== undefined && teleport.addr !== undefined && "is the old name of addr: keep only addr.",
  },
  {
    about: ["teleport.identity", ...TRIPLE.map((key) => `teleport.${key}`)],
    problem: ({ teleport }) => {
      const given = TRIPLE.filter((key) => (teleport[key] ?? "") !== "");
      return teleport.identity !== "" && given.length > 0 && `excludes ${given.join(", ")}: keep one or the other.`;
    },
  },
  ...TRIPLE.map(
    (key): Rule => ({
      about: [`teleport.${key}`, "teleport.identity"],
      problem: ({ teleport }) =>
        teleport.identity === "" && teleport[key] === "" && "must not be empty when there is no identity.",
    }),
  ),
  { about: ["edge.key_file"], problem: ({ edge: { key_file } }) => key_file && relayKeyProblem(key_file) },
  {
    about: ["decisions.webhook_secrets_file", "decisions.channels", "decisions.on_resolve"],
    problem: ({ decisions }) => decisions.webhook_secrets_file === "" && signedNeed(decisions),
  },
  {
    about: ["decisions.webhook_secrets_file"],
    problem: ({ decisions: { webhook_secrets_file: file } }) => file && faultOf(file, readWebhookSecrets(file)),
  },
  {
    about: ["decisions.action_tokens_file", "decisions.channels"],
    problem: ({ decisions: { channels = [], action_tokens_file } }) =>
      action_tokens_file === "" && channels.includes("action") && 'is required, because channels has "action".',
  },
  {
    about: ["decisions.action_tokens_file"],
    problem: ({ decisions: { action_tokens_file: file } }) => file && faultOf(file, readActionTokens(file)),
  },
  {
    about: ["decisions.workflow_triggers", "decisions.channels"],
    problem: ({ decisions: { channels = [], workflow_triggers: { approve, deny } = { approve: "", deny: "" } } }) =>
      channels.includes("workflow") &&
      (approve === "" || deny === "" || approve === deny) &&
      'must give approve and deny an id each, two different ones, because channels has "workflow".',
  },
];

/** What is allowed and yet hardly meant: a sentence for the log. */
export const cautions: readonly Rule[] = [
  {
    about: ["teleport.auth_server"],
    problem: ({ teleport }) =>
      teleport.auth_server !== undefined && "is the old name of addr and still works: rename it.",
  },
  {
    about: ["policy.approvers"],
    problem: ({ policy }) => policy.approvers?.length === 0 && "names nobody, so every decision will be refused.",
  },
  {
    about: ["policy.confirm", "decisions.channels"],
    problem: ({ policy, decisions: { channels = [] } }) =>
      policy.confirm === "all" &&
      channels.some((channel) => channel === "workflow" || channel === "field") &&
      "is all: approvals by workflow and field then count only if PagerDuty's incident log shows them, which PagerDuty " +
        "does not promise. Try one before you rely on it.",
  },
  {
    about: ["policy.users", "policy.identity"],
    problem: ({ policy }) =>
      policy.identity === "mapped" &&
      Object.keys(policy.users ?? {}).length === 0 &&
      'is empty, so with identity = "mapped" every approval will be refused.',
  },
];

function signedNeed({ channels = [], on_resolve }: LooseDocument["decisions"]): string | undefined {
  const needs = channels.filter((channel) => SIGNED_CHANNELS.some((signed) => signed === channel));
  if (needs.length > 0) return `is required, because channels has ${needs.map((name) => `"${name}"`).join(", ")}.`;
  return on_resolve === "deny" ? 'is required, because on_resolve is "deny".' : undefined;
}

function relayKeyProblem(file: string): string | undefined {
  const problem = accessProblem(file);
  if (problem === "does not exist")
    return `${file} does not exist: make it with \`teleport-pagerduty keygen --out ${file}\`.`;
  if (problem !== undefined) return `${file} ${problem}.`;
  try {
    readRelayKey(file);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function faultOf(file: string, reading: { kind: "secrets" } | { kind: "fault"; problem: string }): string | undefined {
  return reading.kind === "fault" ? `${file} ${reading.problem}.` : undefined;
}
