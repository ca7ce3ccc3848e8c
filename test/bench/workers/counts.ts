/**
 * Counts on the storage of a real Durable Object what one request costs from its beginning to its end, and an hour in which
 * nothing happens: whoever asks gets both.
 */
import { DurableObject } from "cloudflare:workers";
import { idleHour, isOfRequest, Life, live } from "../../edge/life.ts";

interface Env {
  readonly CLUSTER: DurableObjectNamespace<Cluster>;
}

export class Cluster extends DurableObject<Env> {
  override async fetch(): Promise<Response> {
    const life = new Life(this.ctx.storage);
    await live(life);
    await idleHour(life);
    const idle = life.sum((cause) => cause === "an hour of nothing");
    return Response.json({ life: life.sum(isOfRequest), idle, causes: Object.fromEntries(life.costs) });
  }
}

export default {
  fetch: (request, env) => env.CLUSTER.getByName("counts").fetch(request),
} satisfies ExportedHandler<Env>;
