/**
 * Deliveries and custom actions: headers, order, retries, disablement.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { signatureFor } from "./delivery.ts";
import { fixture, SERVICE, Stage } from "./stage.ts";

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.start();
});

afterEach(() => stage.stop());

describe("deliveries", () => {
  it("are signed over the bytes sent, with the headers of a captured one", async () => {
    const { endpoint } = stage.subscribe("incident.annotated");
    endpoint.headers = [{ name: "X-Gate-Token", value: "gate" }];
    stage.fake.as("PK7Q2LA").note(await stage.open(), "vérifié ✅");
    const { deliveryId } = await stage.fake.waitForDelivery(({ fate }) => fate === "delivered");
    const [got] = stage.receiver.received;
    expect(got?.headers).toMatchObject({
      "x-pagerduty-signature": signatureFor(endpoint.secrets, got?.body ?? ""),
      "x-webhook-id": deliveryId,
      "x-webhook-subscription": endpoint.id,
      "user-agent": "PagerDuty-Webhook/V3.0",
      "content-type": "application/json",
      "x-gate-token": "gate",
    });
  });

  it("are retried under the same id while later ones of the incident wait", async () => {
    await stage.stop();
    stage = await Stage.start({ webhookTimeoutMs: 500 });
    stage.subscribe("incident.annotated", "incident.acknowledged");
    stage.receiver.answers = [500, 429, "never"];
    const id = await stage.open();
    stage.fake.as("PK7Q2LA").note(id, "first");
    stage.fake.as("PK7Q2LA").acknowledge(id);
    await stage.fake.waitForDelivery(
      ({ eventType, fate }) => eventType === "incident.acknowledged" && fate === "delivered",
    );
    expect(stage.fake.deliveries.map(({ result }) => result)).toEqual([500, 429, "timeout", 202, 202]);
    expect(stage.receiver.types).toEqual([...Array(4).fill("incident.annotated"), "incident.acknowledged"]);
    expect(new Set(stage.fake.deliveries.slice(0, 4).map(({ deliveryId }) => deliveryId)).size).toBe(1);
  });

  it("wait for a receiver that is not there", async () => {
    const { endpoint } = stage.subscribe("incident.triggered");
    const { url } = stage.receiver;
    endpoint.url = "http://127.0.0.1:9/hook";
    await stage.open();
    await stage.fake.waitForDelivery(({ result }) => result === "unreachable");
    endpoint.url = url;
    expect((await stage.fake.waitForDelivery(({ fate }) => fate === "delivered")).result).toBe(202);
  });

  it("go on for other incidents meanwhile", async () => {
    stage.subscribe("incident.annotated");
    const [slow, quick] = [await stage.open("slow"), await stage.open("quick")];
    stage.receiver.answers = ["never"];
    stage.fake.as("PK7Q2LA").note(slow, "slow");
    stage.fake.as("PK7Q2LA").note(quick, "quick");
    const attempts = [await stage.fake.waitForDelivery(() => true)];
    expect(attempts[0]?.incidentId).toBe(quick);
  });

  it("disable a subscription after three drops in a row, and enable brings it back", async () => {
    const { endpoint } = stage.subscribe("incident.annotated");
    stage.receiver.answers = [401, 202, 401, 401, 410];
    const id = await stage.open();
    for (let index = 0; index < 6; index += 1) stage.fake.as("PK7Q2LA").note(id, `note ${index}`);
    await stage.fake.courier.idle();
    expect(stage.receiver.received).toHaveLength(5);
    const path = `/webhook_subscriptions/${endpoint.id}`;
    const read = await stage.call("GET", path);
    expect(read.body.webhook_subscription.delivery_method.temporarily_disabled).toBe(true);
    stage.fake.as("PK7Q2LA").note(id, "lost");
    expect((await stage.call("POST", `${path}/enable`)).status).toBe(200);
    stage.fake.as("PK7Q2LA").note(id, "heard");
    await stage.fake.courier.idle();
    expect(stage.receiver.received).toHaveLength(6);
    expect(stage.receiver.received.at(-1)?.body).toContain("heard");
  });

  it("come twice when told to, with the same id and the same bytes", async () => {
    stage.subscribe("incident.triggered");
    stage.fake.courier.duplicates = 1;
    await stage.open();
    await stage.fake.courier.idle();
    const [first, second] = stage.receiver.received;
    expect(second?.body).toBe(first?.body);
    expect(second?.headers["x-webhook-id"]).toBe(first?.headers["x-webhook-id"]);
  });
});

describe("a custom incident action", () => {
  it("posts the V2 payload unsigned, and its log entry can be read again", async () => {
    const headers = [{ name: "X-Action-Token", value: "approve-token" }];
    stage.fake.addAction({ name: "Approve Request", url: stage.receiver.url, serviceIds: [SERVICE], headers });
    const id = await stage.open();
    const entry = stage.fake.as("PK7Q2LA").pressAction(id, "Approve Request");
    await stage.fake.waitForDelivery(({ eventId }) => eventId === entry.id);
    const [got] = stage.receiver.received;
    expect(got?.headers["x-action-token"]).toBe("approve-token");
    expect(got?.headers["x-pagerduty-signature"]).toBeUndefined();
    const message = JSON.parse(got?.body ?? "").messages[0];
    const model = fixture("v2-incident.custom.json").messages[0];
    expect(Object.keys(message)).toEqual(Object.keys(model));
    expect(Object.keys(message.log_entries[0])).toEqual(Object.keys(model.log_entries[0]));
    expect(Object.keys(message.webhook)).toEqual(Object.keys(model.webhook));
    expect(message).toMatchObject({
      webhook: { name: "Approve Request" },
      incident: { id, incident_key: expect.any(String) },
    });
    const read = await stage.call("GET", `/log_entries/${entry.id}?include[]=channels`);
    expect(read.body.log_entry).toMatchObject({
      id: message.log_entries[0].id,
      type: "custom_log_entry",
      summary: "Alicia Marsh ran Approve Request",
      agent: { id: "PK7Q2LA", type: "user_reference" },
      channel: { type: "website" },
      incident: { id },
    });
  });

  it("fired by a program says so in its channel, and leaves the agent out when nobody is named", async () => {
    const { endpoint } = stage.fake.addAction({ name: "Deny Request", url: stage.receiver.url, serviceIds: [SERVICE] });
    const id = await stage.open();
    const press = { custom_action: { webhook: { id: endpoint.id, type: "webhook_reference" } } };
    await stage.call("POST", `/incidents/${id}/custom_action`, press, { headers: { from: null } });
    await stage.fake.waitForDelivery(() => true);
    const [entry] = JSON.parse(stage.receiver.received[0]?.body ?? "").messages[0].log_entries;
    expect([entry.channel.type, "agent" in entry]).toEqual(["api", false]);
  });
});
