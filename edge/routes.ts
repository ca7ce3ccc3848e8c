/**
 * The edge's routes, in the order that every one of them keeps: unknown path, unknown cluster, faulty configuration,
 * method, gate, size, signature, and only then the cluster's object. Nobody who has shown nothing reaches an object.
 */
import type { Context, MiddlewareHandler } from "hono";
import { Hono } from "hono/tiny";
import { readActionPayload } from "../shared/custom-action.ts";
import type { Verdict } from "../shared/decisions.ts";
import { MAX_DELIVERY_BYTES } from "../shared/protocol.ts";
import { MAX_SIGNATURE_HEADER_CHARACTERS } from "../shared/signature.ts";
import { isPing } from "./check/pings.ts";
import { type ClusterStub, RELAY_HEADERS } from "./cluster-rpc.ts";
import type { ClusterConfig } from "./config/cluster-config.ts";
import { clusterIn, type EdgeConfig, type Env, faultsIn, readEdgeConfig } from "./config.ts";
import { log } from "./log.ts";
import { RELEASE } from "./release.ts";
import { accepted, completeHeaders, type Refusal, refused } from "./routes/answer.ts";
import { readAtMost } from "./routes/body.ts";
import { couldMatter } from "./routes/delivery.ts";
import { judgeSignature, passesGate, readerFrom, relayFrom, shows, showsActionToken } from "./routes/gate.ts";

interface House {
  Bindings: Env;
  Variables: { config: ClusterConfig; cluster: ClusterStub };
}
type Call = Context<House>;

/** How much of a body that is too large is thrown away before its sender is told so, in bytes. */
const MAX_DISCARDED_BYTES = 16 * 1024 * 1024;

/** The Worker's `fetch`. */
export const routes = new Hono<House>();

routes.use(async (call, next) => {
  // This router would overlook a slash too many.
  if (call.req.path.endsWith("/")) call.res = refused({ code: "not_found" });
  else await next();
  // The answer to an upgrade carries a socket, and is not ours to change.
  if (call.res.status !== 101) completeHeaders(call.res.headers, Date.now());
});
routes.notFound(() => refused({ code: "not_found" }));
routes.onError((error, call) => {
  log.error("A request failed", { path: call.req.path, problem: error.message });
  return refused({ code: "unavailable" });
});

routes.all("/healthz", only("GET"), () => Response.json({ status: "ok", version: RELEASE }));
routes.all("/v1/:cluster/webhook", known(), only("POST"), takeDelivery);
routes.all("/v1/:cluster/actions/approve", known(), only("POST"), (call) => takeAction(call, "approve"));
routes.all("/v1/:cluster/actions/deny", known(), only("POST"), (call) => takeAction(call, "deny"));
routes.all("/v1/:cluster/relay", known(), only("GET"), takeRelay);
routes.all("/v1/:cluster/status", known(), only("GET"), tellStatus);
routes.all("/v1/:cluster/check", known(), only("POST"), runChecks);

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

function known(): MiddlewareHandler<House> {
  return async (call, next) => {
    const name = call.req.param("cluster") ?? "";
    const reading = clusterIn(configurationOf(call.env), name);
    if (reading === undefined) {
      // As much work as for a cluster that is known and a token that is wrong.
      shows(call.req.header("Authorization") ?? "", null);
      return stranger(call, "unknown cluster");
    }
    if (reading.kind === "faulty") return refused({ code: "misconfigured" });
    call.set("config", reading.config);
    call.set("cluster", call.env.CLUSTER.getByName(name));
    return next();
  };
}

function only(allow: "GET" | "POST"): MiddlewareHandler<House> {
  return async (call, next) => (call.req.method === allow ? next() : refused({ code: "method_not_allowed", allow }));
}

async function takeDelivery(call: Call): Promise<Response> {
  const { config, cluster } = call.var;
  const { headers } = call.req.raw;
  if (!passesGate(config, headers)) return stranger(call, "gate");
  const raw = await readDelivery(call);
  if (raw === undefined) return refuse(call, { code: "too_large" });
  const signature = (headers.get("X-PagerDuty-Signature") ?? "").slice(0, MAX_SIGNATURE_HEADER_CHARACTERS + 1);
  switch (judgeSignature(config, raw, signature)) {
    case "forged":
      return stranger(call, "signature");
    case "unknown_secret":
      return refuse(call, { code: "unknown_signature" });
    case "authentic":
      if (couldMatter(raw)) await cluster.deliver({ raw, signature });
      else if (isPing(raw)) await cluster.pinged({ subscriptionId: headers.get("X-Webhook-Subscription") });
      return accepted();
  }
}

async function takeAction(call: Call, action: Verdict): Promise<Response> {
  const { config, cluster } = call.var;
  const { headers } = call.req.raw;
  if (!showsActionToken(config, action, headers)) return stranger(call, "action");
  const raw = await readDelivery(call);
  if (raw === undefined) return refuse(call, { code: "too_large" });
  if (readActionPayload(raw).length > 0) await cluster.act({ action, raw, token: headers.get("X-Action-Token") ?? "" });
  return accepted();
}

async function takeRelay(call: Call): Promise<Response> {
  const { config, cluster } = call.var;
  const relay = await relayFrom(config, call.req.raw.headers, whereAndWhen(call));
  if (relay === undefined) return stranger(call, "jwt");
  if (call.req.header("Upgrade")?.toLowerCase() !== "websocket") return refuse(call, { code: "upgrade_required" });
  const headers = new Headers(call.req.raw.headers);
  headers.delete("Authorization");
  headers.set(RELAY_HEADERS.key, relay.key);
  headers.set(RELAY_HEADERS.jti, relay.jti);
  headers.set(RELAY_HEADERS.jtiExpires, String(relay.jtiExpiresMs));
  const answer = await cluster.fetch(new Request(call.req.raw, { headers }));
  if (answer.status === 101) return answer;
  return answer.status === 401 ? stranger(call, "jti used before") : refuse(call, { code: "unavailable" });
}

async function tellStatus(call: Call): Promise<Response> {
  if (!(await mayReadStatus(call))) return stranger(call, "status");
  return Response.json(await call.var.cluster.status());
}

async function runChecks(call: Call): Promise<Response> {
  const { config, cluster } = call.var;
  if (!(await mayReadStatus(call))) return stranger(call, "check");
  const webhookUrl = `${whereAndWhen(call).origin}/v1/${config.cluster}/webhook`;
  return Response.json({ checks: await cluster.check({ webhookUrl }) });
}

// A relay's token is good once, here as for the link.
async function mayReadStatus(call: Call): Promise<boolean> {
  const { config, cluster } = call.var;
  const reader = await readerFrom(config, call.req.raw.headers, whereAndWhen(call));
  return reader === "admin" || (reader !== undefined && cluster.useToken(reader));
}

function whereAndWhen(call: Call): { origin: string; nowMs: number } {
  return { origin: configurationOf(call.env).publicUrl ?? new URL(call.req.url).origin, nowMs: Date.now() };
}

// Enough of a body that is too large is read and thrown away for its sender to get to see the answer.
function readDelivery(call: Call): Promise<Uint8Array | undefined> {
  return readAtMost(call.req.raw.body, MAX_DELIVERY_BYTES, MAX_DISCARDED_BYTES);
}

function refuse(call: Call, refusal: Refusal): Response {
  log.info("Refused", { path: call.req.path.slice(0, 300), refusal: refusal.code });
  return refused(refusal);
}

async function stranger(call: Call, gate: string): Promise<Response> {
  const key = call.req.header("CF-Connecting-IP") ?? "unknown";
  const tolerated = (await call.env.STRANGERS?.limit({ key }))?.success ?? true;
  if (!tolerated) return refused({ code: "too_many_requests" });
  log.info("Refused", { path: call.req.path.slice(0, 300), refusal: "unauthorized", gate });
  return refused({ code: "unauthorized" });
}
