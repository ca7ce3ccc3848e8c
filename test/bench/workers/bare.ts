/**
 * What the edge is compared with: the same runtime, the same shape of Worker and object, and nothing of our own in between.
 * Each route does one thing more than the one before: nothing; the signature; one durable row; that row's bytes pushed over
 * a WebSocket, whose client acknowledges them.
 */
import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";
import { verifySignature } from "../../../shared/signature.ts";

interface Env {
  readonly CLUSTER: DurableObjectNamespace<Cluster>;
  readonly SECRET: string;
}

/** A delivery as it came. */
interface Delivery {
  readonly raw: Uint8Array;
  readonly signature: string;
}

const app = new Hono<{ Bindings: Env }>();

app.post("/bare", (context) => context.body(null, 202));

app.post("/hmac", async ({ req, env, body }) => {
  const { raw, signature } = await deliveryIn(req.raw);
  return body(null, verifySignature(raw, signature, [env.SECRET]) === "valid" ? 202 : 401);
});

app.post("/insert", async ({ req, env, body }) => {
  const delivery = await deliveryIn(req.raw);
  if (verifySignature(delivery.raw, delivery.signature, [env.SECRET]) !== "valid") return body(null, 401);
  await objectOf(env).insert(delivery);
  return body(null, 202);
});

app.post("/push", async ({ req, env, body }) => {
  const delivery = await deliveryIn(req.raw);
  if (verifySignature(delivery.raw, delivery.signature, [env.SECRET]) !== "valid") return body(null, 401);
  await objectOf(env).push(delivery);
  return body(null, 202);
});

app.get("/socket", ({ req, env }) => objectOf(env).fetch(req.raw));

export default app;

/** The object: one table, one socket. */
export class Cluster extends DurableObject<Env> {
  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    context.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS delivery (id TEXT PRIMARY KEY, raw BLOB NOT NULL, signature TEXT NOT NULL) WITHOUT ROWID",
    );
  }

  override async fetch(): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async insert({ raw, signature }: Delivery): Promise<void> {
    this.ctx.storage.sql.exec("INSERT INTO delivery VALUES (?, ?, ?)", crypto.randomUUID(), raw, signature);
  }

  async push(delivery: Delivery): Promise<void> {
    await this.insert(delivery);
    for (const socket of this.ctx.getWebSockets()) socket.send(delivery.raw);
  }

  override webSocketMessage(): void {}
}

async function deliveryIn(request: Request): Promise<Delivery> {
  const raw = new Uint8Array(await request.arrayBuffer());
  return { raw, signature: request.headers.get("X-PagerDuty-Signature") ?? "" };
}

function objectOf(env: Env): DurableObjectStub<Cluster> {
  return env.CLUSTER.getByName("bare");
}
