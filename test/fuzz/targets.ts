/** Everything that is fuzzed: each place where something from outside is read, or told to people. */
import type { Target } from "./target.ts";
import { auditLog } from "./targets/audit-log.ts";
import { commands } from "./targets/commands.ts";
import { edgeConfig } from "./targets/edge-config.ts";
import { edgeSession } from "./targets/edge-session.ts";
import { frames } from "./targets/frames.ts";
import { growth } from "./targets/growth.ts";
import { identity } from "./targets/identity.ts";
import { migration } from "./targets/migration.ts";
import { notes } from "./targets/notes.ts";
import { relayConfig } from "./targets/relay-config.ts";
import { relaySession } from "./targets/relay-session.ts";
import { requests } from "./targets/requests.ts";
import { rules } from "./targets/rules.ts";
import { signature } from "./targets/signature.ts";
import { teleportMessages } from "./targets/teleport-messages.ts";
import { tokens } from "./targets/tokens.ts";
import { webhookRoute } from "./targets/webhook-route.ts";
import { webhooks } from "./targets/webhooks.ts";

export const TARGETS: readonly Target[] = [
  signature,
  webhooks,
  commands,
  webhookRoute,
  tokens,
  frames,
  edgeSession,
  relaySession,
  requests,
  notes,
  relayConfig,
  edgeConfig,
  identity,
  rules,
  auditLog,
  migration,
  teleportMessages,
  growth,
];
