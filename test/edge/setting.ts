/** A setting for the Worker's routes: an environment with two clusters, and an object that only writes down its calls. */
import { createHmac } from "node:crypto";
import type { ClusterStub } from "../../edge/cluster-rpc.ts";
import type { Env } from "../../edge/config.ts";
import { routes } from "../../edge/routes.ts";
import { quietStatus } from "./samples.ts";

export const CLUSTER = "teleport.example.com";
export const OTHER_CLUSTER = "other.example.com";
export const ORIGIN = "https://edge.example.com";

export const SECRET = "fixture-only-NOT-A-REAL-SECRET+r4nd0m/Ymx1ZWJlcnJ5LXBpZS0wMQ==";
export const OLD_SECRET = "fixture-only-OLD-SECRET+previous/cmFzcGJlcnJ5LXRhcnQtMDA=";
export const GATE_TOKEN = "canary-gate-token";
export const ACTION_TOKENS = { approve: "canary-approve-token", deny: "canary-deny-token" };
export const ADMIN_TOKEN = "canary-admin-token";
export const PUBLIC_KEY = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

/** What a cluster's object was asked. */
export interface ObjectCall {
  readonly cluster: string;
  readonly method: "deliver" | "act" | "useToken" | "status" | "metrics" | "pinged" | "check" | "poke" | "fetch";
  readonly argument?: unknown;
}

export interface Setting {
  readonly env: Env;
  readonly calls: ObjectCall[];
  send(path: string, init?: RequestInit): Promise<Response>;
}

export interface SettingOptions {
  readonly entry?: Record<string, unknown>;
  readonly secrets?: Record<string, unknown>;
  readonly vars?: Record<string, unknown>;
  /** What the object does in place of what it is asked. */
  readonly fault?: Error;
  readonly answer?: () => Response;
}

export function entryFor(publicKey = PUBLIC_KEY): Record<string, unknown> {
  return { relay_public_keys: [publicKey], service_id: "PIJ90N7", user_email: "teleport-bot@example.com" };
}

/** An environment whose first cluster is configured as asked; the second shares no secret with it. */
export function setUp({ entry = {}, secrets = {}, vars = {}, fault, answer }: SettingOptions = {}): Setting {
  const calls: ObjectCall[] = [];
  const used = new Set<string>();
  const note = async (call: ObjectCall): Promise<void> => {
    calls.push(call);
    if (fault !== undefined) throw fault;
  };
  const stub = (cluster: string): ClusterStub => ({
    deliver: (argument) => note({ cluster, method: "deliver", argument }),
    act: (argument) => note({ cluster, method: "act", argument }),
    pinged: (argument) => note({ cluster, method: "pinged", argument }),
    check: async (argument) => {
      await note({ cluster, method: "check", argument });
      return [];
    },
    poke: () => note({ cluster, method: "poke" }),
    useToken: async (argument) => {
      await note({ cluster, method: "useToken", argument });
      return !used.has(argument.jti) && used.add(argument.jti).size > 0;
    },
    status: async () => {
      await note({ cluster, method: "status" });
      return quietStatus({ cluster });
    },
    metrics: async () => {
      await note({ cluster, method: "metrics" });
      return `metrics_of{cluster="${cluster}"} 1\n`;
    },
    fetch: async (argument) => {
      await note({ cluster, method: "fetch", argument });
      return answer?.() ?? new Response(null, { status: 401 });
    },
  });
  const own = { api_key: "canary-api-key", webhook_secrets: [SECRET], admin_token: ADMIN_TOKEN, ...secrets };
  const others = { api_key: "another-api-key", webhook_secrets: [OLD_SECRET], admin_token: "the-other-admin-token" };
  const env: Env = {
    CLUSTER: { getByName: stub },
    CLUSTERS: { [CLUSTER]: { ...entryFor(), ...entry }, [OTHER_CLUSTER]: entryFor() },
    CLUSTER_SECRETS: JSON.stringify({ [CLUSTER]: own, [OTHER_CLUSTER]: others }),
    ...vars,
  };
  return { env, calls, send: async (path, init) => routes.fetch(new Request(`${ORIGIN}${path}`, init), env) };
}

/** The header that PagerDuty would send with a body. */
export function signatureOf(body: string | Uint8Array, secret = SECRET): string {
  return `v1=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

/** A signed delivery of a body, for `send`. */
export function delivery(body: string, headers: Record<string, string> = {}): RequestInit {
  return { method: "POST", body, headers: { "X-PagerDuty-Signature": signatureOf(body), ...headers } };
}

export const WEBHOOK = `/v1/${CLUSTER}/webhook`;
