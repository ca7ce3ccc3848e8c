/**
 * Every key of the relay's configuration: its kind, its default and what it means. The example, the documents' table and
 * the faults all come from here. What one key says about another is in `rules.ts`.
 */
import * as z from "zod";
import { channelSchema } from "../../shared/decisions.ts";
import { LOG_SEVERITIES } from "../../shared/log.ts";
import { DEFAULT_KEY_FILE, PLUGIN_DIRECTORY } from "../paths.ts";
import * as value from "./values.ts";

/** Defaults of `[teleport]` that a rule must be able to tell from a given value; applied when the configuration is made. */
export const TELEPORT_PRESETS = {
  addr: "localhost:3025",
  client_crt: `${PLUGIN_DIRECTORY}/auth.crt`,
  client_key: `${PLUGIN_DIRECTORY}/auth.key`,
  root_cas: `${PLUGIN_DIRECTORY}/auth.cas`,
} as const;

/**
 * What a key's `meta` may say: `description`; `default`, where the schema itself must tell a given value from none;
 * `example`, for the printed file, where the default is no good example; `deprecated`, which the example leaves out.
 */
const teleport = z.strictObject({
  addr: value.hostAndPort.optional().meta({
    description:
      "host:port of the Auth Service, or of the Proxy's web address. Without a port: 3025 for the Auth Service; 443, then " +
      "3080, for the Proxy.",
    default: TELEPORT_PRESETS.addr,
  }),
  auth_server: value.hostAndPort.optional().meta({ description: "The old name of addr.", deprecated: true }),
  identity: value.pathOrEmpty
    .default("")
    .describe(
      "An identity file (tctl auth sign --format=file, or tbot's), or the directory that tbot writes. It excludes the " +
        "three files below.",
    ),
  client_crt: value.pathOrEmpty.optional().meta({
    description: "The relay's Teleport certificate (tctl auth sign --format=tls).",
    default: TELEPORT_PRESETS.client_crt,
  }),
  client_key: value.pathOrEmpty.optional().meta({
    description: "The private key of that certificate.",
    default: TELEPORT_PRESETS.client_key,
  }),
  root_cas: value.pathOrEmpty.optional().meta({
    description: "Teleport's certificate authorities, which the server must show a certificate of.",
    default: TELEPORT_PRESETS.root_cas,
  }),
  refresh_identity: z
    .boolean()
    .default(true)
    .describe("Pick up renewed files without a restart, within a minute. With false they are read at the start only."),
  connect: z
    .enum(["auto", "auth", "proxy"])
    .default("auto")
    .describe(
      "The way in: auth (straight to the Auth Service), proxy (through the Proxy, by TLS routing or, behind a load " +
        "balancer, by a connection upgrade), or auto (whichever works, in this order).",
    ),
  decide_by: z
    .enum(["state", "review", "review_on_behalf"])
    .default("state")
    .describe(
      "How a decision is made in Teleport: state (the request's state is set), review (a review by the relay's own " +
        "user), or review_on_behalf (a review by the mapped user; Teleport 18.11 and later).",
    ),
});

const edge = z.strictObject({
  url: value.origin.meta({
    description: "Where the edge is: https://, or http:// on this machine.",
    example: "https://teleport-pagerduty.example.workers.dev",
  }),
  cluster: value.clusterOrEmpty
    .default("")
    .describe("The name under which the edge knows this cluster. Empty: the name that Teleport gives."),
  key_file: value.path
    .default(DEFAULT_KEY_FILE)
    .describe("The relay's own private key, made by `teleport-pagerduty keygen`. Others must not be able to read it."),
});

const decisions = z.strictObject({
  channels: z
    .array(channelSchema)
    .default(["note"])
    .describe("The ways of deciding in PagerDuty: note, action, workflow, field."),
  webhook_secrets_file: value.pathOrEmpty.default("").meta({
    description:
      "The secrets of PagerDuty's webhook subscription, one a line; required for note, workflow and field, and for " +
      'on_resolve = "deny". The relay verifies PagerDuty\'s signature itself. Others must not be able to read it.',
    example: `${PLUGIN_DIRECTORY}/webhook.secrets`,
  }),
  action_tokens_file: value.pathOrEmpty
    .default("")
    .describe("Required for action: two lines, approve=… and deny=…. Others must not be able to read it."),
  workflow_triggers: z
    .strictObject({ approve: value.label.default(""), deny: value.label.default("") })
    .prefault({ approve: "", deny: "" })
    .describe("Required for workflow: the ids of two manual incident-workflow triggers."),
  field: value.label
    .min(1)
    .default("teleport_decision")
    .describe("For field: the name of a custom field of incidents with the options approve and deny."),
  on_resolve: z
    .enum(["nothing", "deny"])
    .default("nothing")
    .describe("What a bare resolve in PagerDuty means: nothing, or deny."),
});

const policy = z.strictObject({
  approvable_roles: value.roles.meta({
    description: 'The roles that may be approved from PagerDuty: exact names, or ["*"]. [] refuses every approval.',
    example: [],
  }),
  approvers: z.array(value.approver).meta({
    description:
      'Who may decide: e-mail addresses or user IDs of PagerDuty, "on-call", or "*" for any user of the account. One ' +
      "match is enough.",
    example: ["on-call"],
  }),
  on_call_levels: z
    .int()
    .min(0)
    .max(100)
    .default(0)
    .describe('For "on-call": 0 is any level of the escalation policy, N is levels 1 to N.'),
  identity: z
    .enum(["email", "mapped"])
    .default("email")
    .describe("email: two different e-mail addresses are two people. mapped: only [policy.users] can tell."),
  allow_self_approval: z.boolean().default(false).describe("Whether people may approve their own requests."),
  auto_approve_on_call: z
    .boolean()
    .default(false)
    .describe("Honour the annotation pagerduty_services: approve when the requester is on call there."),
  approve_within: value.duration.prefault("10m").describe("An approval older than this is refused; a denial never is."),
  confirm: z
    .enum(["action", "all"])
    .default("action")
    .describe("Whether a click is read again from PagerDuty before an approval counts: for action alone, or for all."),
  audit_log: value.path
    .default(`${PLUGIN_DIRECTORY}/audit.jsonl`)
    .describe(
      "Where every decision is written before Teleport hears of it; JSON lines, each chained to the one before.",
    ),
  users: z
    .record(value.userId, value.teleportUsers)
    .prefault({})
    .meta({
      description: 'PagerDuty user ID = "Teleport user", or a list of them.',
      example: { PABC123: ["alice", "alice@example.com"] },
    }),
});

const log = z.strictObject({
  output: z
    .string()
    .refine((text) => text === "stdout" || text === "stderr" || value.path.safeParse(text).success, {
      error: 'must be "stdout", "stderr", or the absolute path of a file.',
    })
    .default("stderr")
    .describe("stdout, stderr, or a file that is appended to."),
  severity: z.enum(LOG_SEVERITIES).default("info").describe("error, warn, info, debug or trace."),
  format: z.enum(["text", "json"]).default("text").describe("text or json."),
});

/** The whole file. */
export const documentSchema = z.strictObject({ teleport, edge, decisions, policy, log });
export type Document = z.infer<typeof documentSchema>;

/** The sections by name, in the order of the example. */
export const sections = documentSchema.shape;

/** What the file holds before anything is written in it: sections may be left out, their required keys may not. */
export const EMPTY_DOCUMENT: Readonly<Record<string, unknown>> = {
  teleport: {},
  edge: {},
  decisions: {},
  policy: {},
  log: {},
};

/** What can be read of a file with faults, once the faulty keys are taken out: no key is required. */
export const looseDocumentSchema = z.strictObject({
  teleport: teleport.partial(),
  edge: edge.partial(),
  decisions: decisions.partial(),
  policy: policy.partial(),
  log: log.partial(),
});
export type LooseDocument = z.infer<typeof looseDocumentSchema>;
