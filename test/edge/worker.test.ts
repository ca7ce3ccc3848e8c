import { createScheduledController, SELF } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import worker from "../../edge/worker.ts";
import approveNote from "../fixtures/v3-incident.annotated.approve.json?raw";
import { CLUSTER, delivery, setUp } from "./setting.ts";

const ORIGIN = "https://edge.example.com";

describe("the Worker with its objects", () => {
  it("takes an authentic delivery, and every copy of it", async () => {
    const send = () => SELF.fetch(`${ORIGIN}/v1/${CLUSTER}/webhook`, delivery(approveNote));
    const answers = await Promise.all(Array.from({ length: 20 }, send));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
  });

  it("tells the status of a cluster that has never had a relay", async () => {
    const headers = { Authorization: "Bearer the-admin-token-of-the-tests" };
    const answer = await SELF.fetch(`${ORIGIN}/v1/${CLUSTER}/status`, { headers });
    expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ epoch: 0 })]);
  });
});

describe("the cron", () => {
  it("pokes every cluster that is configured", async () => {
    const { env, calls } = setUp();
    await worker.scheduled(createScheduledController(), env);
    expect(calls.map(({ cluster, method }) => [cluster, method])).toEqual([
      [CLUSTER, "poke"],
      ["other.example.com", "poke"],
    ]);
  });

  it("leaves faulty clusters alone, and bears an object that fails", async () => {
    const { env, calls } = setUp({ secrets: { webhook_secrets: ["short"] }, fault: new Error("gone") });
    await worker.scheduled(createScheduledController(), env);
    expect(calls.map(({ cluster }) => cluster)).toEqual(["other.example.com"]);
  });
});
