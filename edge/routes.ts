/**
 * The edge's routes, in the order that every one of them keeps: unknown path, unknown cluster, faulty configuration,
 * method, gate, size, signature, and only then the cluster's object. Nobody who has shown nothing reaches an object.
 */
import { readActionPayload } from "../shared/custom-action.ts";
import type { Verdict } from "../shared/decisions.ts";
import { MAX_DELIVERY_BYTES } from "../shared/protocol.ts";
import { MAX_SIGNATURE_HEADER_CHARACTERS } from "../shared/signature.ts";
import { isPing } from "./check/pings.ts";
import { type ClusterStub, RELAY_HEADERS } from "./cluster-rpc.ts";
import type { ClusterConfig } from "./config/cluster-config.ts";
import { clusterIn, type EdgeConfig, type Env, faultsIn, readEdgeConfig } from "./config.ts";
import { log } from "./log.ts";
import { Access } from "./page/access.ts";
import { pagePath } from "./page/session.ts";
import { statusPage } from "./page/status-page.ts";
import { doorPage, redirect, visitPage } from "./page/visit.ts";
import { RELEASE } from "./release.ts";
import { type Allowed, accepted, completeHeaders, type Refusal, refused } from "./routes/answer.ts";
import { readAtMost } from "./routes/body.ts";
import { couldMatter } from "./routes/delivery.ts";
import { judgeSignature, passesGate, readerFrom, relayFrom, shows, showsActionToken } from "./routes/gate.ts";

/** What the Worker is asked. */
interface Caller {
  readonly request: Request;
  readonly env: Env;
}

/** The same, by now known to be for a cluster that is in order. */
interface Call extends Caller {
  readonly config: ClusterConfig;
  readonly cluster: ClusterStub;
}

interface Route {
  readonly allow: "GET" | "POST";
  readonly take: (call: Call) => Promise<Response>;
}

/** What is served for each cluster. */
const ROUTES: ReadonlyMap<string, Route> = new Map([
  ["/v1/:cluster/webhook", { allow: "POST", take: takeDelivery }],
  ["/v1/:cluster/actions/approve", { allow: "POST", take: (call) => takeAction(call, "approve") }],
  ["/v1/:cluster/actions/deny", { allow: "POST", take: (call) => takeAction(call, "deny") }],
  ["/v1/:cluster/relay", { allow: "GET", take: takeRelay }],
  ["/v1/:cluster/status", { allow: "GET", take: tellStatus }],
  ["/v1/:cluster/check", { allow: "POST", take: runChecks }],
]);

/** How much of a body that is too large is thrown away before its sender is told so, in bytes. */
const MAX_DISCARDED_BYTES = 16 * 1024 * 1024;

/** The Worker's `fetch`. */
export const routes = {
  async fetch(request: Request, env: Env): Promise<Response> {
    const answer = await answerTo(request, env).catch((error: unknown) => {
      log.error("A request failed", { path: pathOf(request), problem: String(error) });
      return refused({ code: "unavailable" });
    });
    // The answer to an upgrade carries a socket, and is not ours to change.
    if (answer.status !== 101) completeHeaders(answer.headers, Date.now());
    return answer;
  },
};

async function answerTo(request: Request, env: Env): Promise<Response> {
  const path = pathOf(request);
  if (path === "/healthz") return only("GET", request) ?? Response.json({ status: "ok", version: RELEASE });
  const [root, version, cluster = "", ...rest] = path.split("/");
  if (path === "/") return takeVisit({ request, env }, null);
  if (version === "clusters" && cluster !== "" && rest.length === 0) {
    return takeVisit({ request, env }, decoded(cluster));
  }
  const route = ROUTES.get([root, version, ":cluster", ...rest].join("/"));
  if (route === undefined) return refused({ code: "not_found" });
  const name = decoded(cluster);
  const reading = clusterIn(configurationOf(env), name);
  if (reading === undefined) {
    // As much work as for a cluster that is known and a token that is wrong.
    shows(request.headers.get("Authorization") ?? "", null);
    return stranger({ request, env }, "unknown cluster");
  }
  if (reading.kind === "faulty") return refused({ code: "misconfigured" });
  const call = { request, env, config: reading.config, cluster: env.CLUSTER.getByName(name) };
  return only(route.allow, request) ?? route.take(call);
}

function only(allow: Allowed, { method }: Request): Response | undefined {
  return allow.split(", ").includes(method) ? undefined : refused({ code: "method_not_allowed", allow });
}

function pathOf({ url }: Request): string {
  return new URL(url).pathname;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

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

async function takeDelivery(call: Call): Promise<Response> {
  const { config, cluster } = call;
  const { headers } = call.request;
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
  const { config, cluster } = call;
  const { headers } = call.request;
  if (!showsActionToken(config, action, headers)) return stranger(call, "action");
  const raw = await readDelivery(call);
  if (raw === undefined) return refuse(call, { code: "too_large" });
  if (readActionPayload(raw).length > 0) await cluster.act({ action, raw, token: headers.get("X-Action-Token") ?? "" });
  return accepted();
}

async function takeRelay(call: Call): Promise<Response> {
  const { config, cluster } = call;
  const relay = await relayFrom(config, call.request.headers, whereAndWhen(call));
  if (relay === undefined) return stranger(call, "jwt");
  if (call.request.headers.get("Upgrade")?.toLowerCase() !== "websocket")
    return refuse(call, { code: "upgrade_required" });
  const headers = new Headers(call.request.headers);
  headers.delete("Authorization");
  headers.set(RELAY_HEADERS.key, relay.key);
  headers.set(RELAY_HEADERS.jti, relay.jti);
  headers.set(RELAY_HEADERS.jtiExpires, String(relay.jtiExpiresMs));
  const answer = await cluster.fetch(new Request(call.request, { headers }));
  if (answer.status === 101) return answer;
  return answer.status === 401 ? stranger(call, "jti used before") : refuse(call, { code: "unavailable" });
}

async function tellStatus(call: Call): Promise<Response> {
  if (!(await mayReadStatus(call))) return stranger(call, "status");
  return Response.json(await call.cluster.status());
}

async function runChecks(call: Call): Promise<Response> {
  const { config, cluster } = call;
  if (!(await mayReadStatus(call))) return stranger(call, "check");
  const webhookUrl = `${whereAndWhen(call).origin}/v1/${config.cluster}/webhook`;
  return Response.json({ checks: await cluster.check({ webhookUrl }) });
}

const access = new Access({ fetch: (url, init) => fetch(url, init), now: Date.now });

/** Somebody at the page of a cluster, or at the front door, `cluster` being null there. */
async function takeVisit(caller: Caller, cluster: string | null): Promise<Response> {
  const { request, env } = caller;
  const { clusters } = configurationOf(env);
  const reading = cluster === null ? undefined : clusterIn(configurationOf(env), cluster);
  if (reading?.kind === "faulty") return refused({ code: "misconfigured" });
  const wrongMethod = only("GET, POST", request);
  if (wrongMethod !== undefined && (cluster === null || reading !== undefined)) return wrongMethod;
  const readings = cluster === null ? [...clusters.values()] : [reading];
  const configs = readings.flatMap((each) => (each?.kind === "ready" ? [each.config] : []));
  const open = async (config: ClusterConfig): Promise<Response> => {
    if (cluster === null) return redirect(pagePath(config.cluster));
    return statusPage(await env.CLUSTER.getByName(cluster).status(), request.headers.get("If-None-Match"));
  };
  const answer = await visitPage({ request, ...whereAndWhen(caller) }, configs, { access, open });
  if (typeof answer !== "string") return answer;
  if (cluster === null && answer === "nobody_yet") return doorPage(answer, 200);
  return stranger(caller, `page: ${answer}`, () => doorPage(answer, answer === "other_page" ? 403 : 401));
}

// A relay's token is good once, here as for the link.
async function mayReadStatus(call: Call): Promise<boolean> {
  const { config, cluster } = call;
  const reader = await readerFrom(config, call.request.headers, whereAndWhen(call));
  return reader === "admin" || (reader !== undefined && cluster.useToken(reader));
}

function whereAndWhen(call: Caller): { origin: string; nowMs: number } {
  return { origin: configurationOf(call.env).publicUrl ?? new URL(call.request.url).origin, nowMs: Date.now() };
}

// Enough of a body that is too large is read and thrown away for its sender to get to see the answer.
function readDelivery(call: Call): Promise<Uint8Array | undefined> {
  return readAtMost(call.request.body, MAX_DELIVERY_BYTES, MAX_DISCARDED_BYTES);
}

function refuse(call: Call, refusal: Refusal): Response {
  log.info("Refused", { path: pathOf(call.request).slice(0, 300), refusal: refusal.code });
  return refused(refusal);
}

async function stranger(
  call: Caller,
  gate: string,
  answer: () => Response = () => refused({ code: "unauthorized" }),
): Promise<Response> {
  const key = call.request.headers.get("CF-Connecting-IP") ?? "unknown";
  const tolerated = (await call.env.STRANGERS?.limit({ key }))?.success ?? true;
  if (!tolerated) return refused({ code: "too_many_requests" });
  log.info("Refused", { path: pathOf(call.request).slice(0, 300), refusal: "unauthorized", gate });
  return answer();
}
