/**
 * The edge's routes, in the order that every one of them keeps: unknown path, unknown cluster, faulty configuration,
 * method, gate, size, signature, and only then the cluster's object. Nobody who has shown nothing reaches an object.
 */
import { Hono } from "hono/tiny";
import { readActionPayload } from "../shared/custom-action.ts";
import type { Verdict } from "../shared/decisions.ts";
import { MAX_DELIVERY_BYTES } from "../shared/protocol.ts";
import { MAX_SIGNATURE_HEADER_CHARACTERS } from "../shared/signature.ts";
import { readWebhook } from "../shared/webhook-event.ts";
import { isPing } from "./check/pings.ts";
import { RELAY_HEADERS } from "./cluster-rpc.ts";
import { log } from "./log.ts";
import { RELEASE } from "./release.ts";
import { gated, known, only, pressed, reading, scraping } from "./routes/admission.ts";
import { accepted, completeHeaders, refused } from "./routes/answer.ts";
import { readBody } from "./routes/body.ts";
import { type Call, type House, refuse, stranger, whereAndWhen } from "./routes/call.ts";
import { couldMatter } from "./routes/delivery.ts";
import { judgeSignature, relayFrom } from "./routes/gate.ts";
import { takeFrontDoor, takeNoPage, takePage } from "./routes/pages.ts";

/** How much of a body that is too large is thrown away before its sender is told so, in bytes. */
const MAX_DISCARDED_BYTES = 16 * 1024 * 1024;

/** The Worker's `fetch`. Paths are compared as they were sent; a cluster's name is all that is decoded. */
export const routes = new Hono<House>({ getPath: ({ url }) => pathIn(url) });

routes.use(async (call, next) => {
  // This router would overlook a slash too many.
  if (call.req.path.length > 1 && call.req.path.endsWith("/")) call.res = refused({ code: "not_found" });
  else await next();
  // The answer to an upgrade carries a socket, and is not ours to change.
  if (call.res.status !== 101) completeHeaders(call.res.headers, Date.now());
});
routes.notFound(() => refused({ code: "not_found" }));
routes.onError((error, call) => {
  log.error("A request failed", { path: call.req.path.slice(0, 300), problem: String(error) });
  return refused({ code: "unavailable" });
});

routes.all("/healthz", only("GET"), () => Response.json({ status: "ok", version: RELEASE }));
routes.all("/v1/:cluster/webhook", known(), only("POST"), gated, takeDelivery);
routes.all("/v1/:cluster/actions/approve", known(), only("POST"), pressed("approve"), takeAction("approve"));
routes.all("/v1/:cluster/actions/deny", known(), only("POST"), pressed("deny"), takeAction("deny"));
routes.all("/v1/:cluster/relay", known(), only("GET"), takeRelay);
routes.all("/v1/:cluster/status", known(), only("GET"), reading, tellStatus);
routes.all("/v1/:cluster/check", known(), only("POST"), reading, runChecks);
routes.all("/v1/:cluster/metrics", known(), only("GET"), scraping, tellMetrics);
routes.all("/clusters/:cluster", known(takeNoPage), only("GET, POST"), takePage);
routes.all("/", only("GET, POST"), takeFrontDoor);

// Faster than a URL, which would also read dots and escapes as something else than was sent.
function pathIn(url: string): string {
  return /^[^:]*:\/\/[^/?#]*([^?#]*)/.exec(url)?.[1] || "/";
}

async function takeDelivery(call: Call): Promise<Response> {
  const { config, cluster } = call.var;
  const raw = await readDelivery(call);
  if (raw === undefined) return refuse(call, { code: "too_large" });
  const signature = (call.req.header("X-PagerDuty-Signature") ?? "").slice(0, MAX_SIGNATURE_HEADER_CHARACTERS + 1);
  switch (judgeSignature(config, raw, signature)) {
    case "forged":
      return stranger(call, "signature");
    case "unknown_secret":
      return refuse(call, { code: "unknown_signature" });
    case "authentic": {
      const event = readWebhook(raw);
      const subscriptionId = call.req.header("X-Webhook-Subscription") ?? null;
      if (couldMatter(event)) await cluster().deliver({ raw, signature });
      else if (isPing(event)) await cluster().pinged({ subscriptionId });
      return accepted(Date.now());
    }
  }
}

function takeAction(action: Verdict) {
  return async (call: Call): Promise<Response> => {
    const raw = await readDelivery(call);
    if (raw === undefined) return refuse(call, { code: "too_large" });
    const token = call.req.header("X-Action-Token") ?? "";
    if (readActionPayload(raw).length > 0) await call.var.cluster().act({ action, raw, token });
    return accepted(Date.now());
  };
}

async function takeRelay(call: Call): Promise<Response> {
  const { config, cluster } = call.var;
  const { raw } = call.req;
  const relay = await relayFrom(config, raw.headers, whereAndWhen(call));
  if (relay === undefined) return stranger(call, "jwt");
  if (raw.headers.get("Upgrade")?.toLowerCase() !== "websocket") return refuse(call, { code: "upgrade_required" });
  const headers = new Headers(raw.headers);
  headers.delete("Authorization");
  headers.set(RELAY_HEADERS.key, relay.key);
  headers.set(RELAY_HEADERS.jti, relay.jti);
  headers.set(RELAY_HEADERS.jtiExpires, String(relay.jtiExpiresMs));
  const answer = await cluster().fetch(new Request(raw, { headers }));
  if (answer.status === 101) return answer;
  return answer.status === 401 ? stranger(call, "jti used before") : refuse(call, { code: "unavailable" });
}

async function tellStatus(call: Call): Promise<Response> {
  return Response.json(await call.var.cluster().status());
}

async function tellMetrics(call: Call): Promise<Response> {
  const headers = { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" };
  return new Response(await call.var.cluster().metrics(), { headers });
}

async function runChecks(call: Call): Promise<Response> {
  const { config, cluster } = call.var;
  const webhookUrl = `${whereAndWhen(call).origin}/v1/${config.cluster}/webhook`;
  return Response.json({ checks: await cluster().check({ webhookUrl }) });
}

// Enough of a body that is too large is read and thrown away for its sender to get to see the answer.
function readDelivery({ req }: Call): Promise<Uint8Array | undefined> {
  return readBody(req.raw, MAX_DELIVERY_BYTES, MAX_DISCARDED_BYTES);
}
