/**
 * A call on its way through the routes: what is known of it, and how whoever cannot come in is turned away. Why exactly
 * goes to the log alone.
 */
import type { Context } from "hono";
import type { ClusterStub } from "../cluster-rpc.ts";
import type { ClusterConfig } from "../config/cluster-config.ts";
import { type EdgeConfig, type Env, faultsIn, readEdgeConfig } from "../config.ts";
import { log } from "../log.ts";
import { type Refusal, refused } from "./answer.ts";

/** What the routes work with; the variables are there once the cluster is known to be in order. */
export interface House {
  Bindings: Env;
  Variables: { config: ClusterConfig; cluster: () => ClusterStub };
}

export type Call = Context<House>;

const told = new WeakSet<EdgeConfig>();

/** The configuration; what is wrong with it is logged once for each isolate. */
export function configurationOf(env: Env): EdgeConfig {
  const config = readEdgeConfig(env);
  if (!told.has(config)) {
    told.add(config);
    for (const fault of faultsIn(config)) log.error("Faulty configuration", { fault });
    for (const warning of config.warnings) log.warn("Odd configuration", { warning });
  }
  return config;
}

/** Our own origin, and the time. */
export function whereAndWhen({ env, req }: Call): { origin: string; nowMs: number } {
  return { origin: configurationOf(env).publicUrl ?? new URL(req.url).origin, nowMs: Date.now() };
}

/** The answer to somebody authentic whose call is not carried out. */
export function refuse({ req }: Call, refusal: Refusal): Response {
  log.info("Refused", { path: req.path.slice(0, 300), refusal: refusal.code });
  return refused(refusal);
}

/** The answer to whoever has shown nothing authentic: 401, or as given, unless there are too many of them. */
export async function stranger(
  { env, req }: Call,
  gate: string,
  answer: () => Response | Promise<Response> = () => refused({ code: "unauthorized" }),
): Promise<Response> {
  const key = req.header("CF-Connecting-IP") ?? "unknown";
  const tolerated = (await env.STRANGERS?.limit({ key }))?.success ?? true;
  if (!tolerated) return refused({ code: "too_many_requests" });
  log.info("Refused", { path: req.path.slice(0, 300), refusal: "unauthorized", gate });
  return answer();
}
