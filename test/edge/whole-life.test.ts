/**
 * What one request costs from its beginning to its end, counted on a Durable Object's own storage as it is billed. It is the
 * same on every machine.
 */
import { env, reset, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, it } from "vitest";
import { RECONCILE_EVERY_MS } from "../../edge/reconciliation.ts";
import type { Cluster } from "../../edge/worker.ts";
import { idleHour, isOfRequest, Life, live, MESSAGES_PER_REQUEST } from "./life.ts";
import { accessRequest } from "./samples.ts";
import { CLUSTER } from "./setting.ts";

afterEach(() => reset());

async function inObject<Result>(run: (life: Life, storage: DurableObjectStorage) => Promise<Result>): Promise<Result> {
  const { CLUSTER: namespace } = env as unknown as { CLUSTER: DurableObjectNamespace<Cluster> };
  return runInDurableObject(namespace.getByName(CLUSTER), (_, { storage }) => run(new Life(storage), storage));
}

it("takes at most 14 rows and 8 calls of the object, and each is for something", async () => {
  const { costs, sum } = await inObject(async (life) => {
    await live(life);
    return { costs: Object.fromEntries(life.costs), sum: life.sum(isOfRequest) };
  });
  const { waking: _, ...rest } = costs;
  const message = 1 / MESSAGES_PER_REQUEST;
  expect(rest).toEqual({
    connection: { rows: 2, requests: 1 + 2 * message }, // the token's id, the session
    "request seen": { rows: 2, requests: message }, // the record; the alarm, for reconciliation
    "incident opened": { rows: 2, requests: 0 }, // the record; whose the incident is
    bound: { rows: 1, requests: 2 * message }, // the record
    "waiting for a person": { rows: 0, requests: 0 },
    click: { rows: 2, requests: 1 }, // the evidence; the record
    "person looked up": { rows: 1, requests: 0 }, // the record
    decided: { rows: 1, requests: 2 * message }, // the record
    // The record with the note's id; then it moves to what is over: deleted here, and there a row and its entry by time.
    "note written, incident resolved": { rows: 4, requests: 0 },
    echoes: { rows: 0, requests: 1 + message }, // our own resolve, as PagerDuty tells it
    "the alarm": { rows: 0, requests: 1 },
  });
  expect(sum.rows).toBeLessThanOrEqual(14);
  expect(sum.requests).toBeLessThanOrEqual(8);
});

it("costs nothing once it is over: an hour brings the cron, which writes no row and sets no alarm", async () => {
  const idle = await inObject(async (life) => {
    await live(life);
    await idleHour(life);
    return life.costs.get("an hour of nothing");
  });
  expect(idle).toEqual({ rows: 0, requests: 2 });
});

it("costs nothing to wake", async () => {
  const waking = await inObject(async (life, storage) => {
    await live(life);
    return new Life(storage).costs.get("waking");
  });
  expect(waking).toEqual({ rows: 0, requests: 0 });
});

it("costs one round for all that is open, every three minutes more that a person takes", async () => {
  const waiting = await inObject(async (life) => {
    for (let n = 0; n < 10; n++) {
      const request = { type: "request", request: accessRequest({ id: `request-${n}` }), recipients: [] };
      await life.step("request seen", () => (n === 0 ? life.connect() : undefined));
      await life.step("request seen", () => life.say(request));
    }
    await life.step("the first round", () => life.pass(RECONCILE_EVERY_MS));
    await life.step("another round", () => life.pass(RECONCILE_EVERY_MS));
    return life.costs.get("another round");
  });
  expect(waiting).toEqual({ rows: 2, requests: 1 }); // how far it came; the alarm for the next
});
