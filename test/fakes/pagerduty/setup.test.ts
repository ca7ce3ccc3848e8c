/**
 * Setting an account up by REST.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SERVICE, Stage } from "./stage.ts";

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.start();
});

afterEach(() => stage.stop());

describe("setting up by REST", () => {
  const wanted = (url: string) => ({
    webhook_subscription: {
      type: "webhook_subscription",
      active: false,
      events: ["incident.annotated"],
      delivery_method: { type: "http_delivery_method", url, custom_headers: [{ name: "X-Gate-Token", value: "g" }] },
      filter: { type: "service_reference", id: SERVICE },
    },
  });

  it("tells a subscription's secret once, hides its headers, and sends nothing before it is active", async () => {
    const made = (await stage.call("POST", "/webhook_subscriptions", wanted(stage.receiver.url))).body
      .webhook_subscription;
    expect(made.delivery_method.secret).toMatch(/^.{20,}$/);
    const path = `/webhook_subscriptions/${made.id}`;
    const read = (await stage.call("GET", path)).body.webhook_subscription;
    expect(read.delivery_method.secret).toBeUndefined();
    expect(read.delivery_method.custom_headers).toEqual([{ name: "X-Gate-Token", value: "<redacted>" }]);
    stage.fake.as("PK7Q2LA").note(await stage.open(), "unheard");
    const moved = { webhook_subscription: { active: true, delivery_method: { url: "https://elsewhere.example" } } };
    const put = (await stage.call("PUT", path, moved)).body.webhook_subscription;
    expect([put.active, put.delivery_method.url]).toEqual([true, stage.receiver.url]);
    expect((await stage.call("POST", `${path}/ping`)).status).toBe(202);
    await stage.fake.waitForDelivery(() => true);
    expect(stage.receiver.types).toEqual(["pagey.ping"]);
    expect((await stage.call("DELETE", path)).status).toBe(204);
  });

  it("allows ten subscriptions a service and known events only", async () => {
    for (let index = 0; index < 10; index += 1)
      await stage.call("POST", "/webhook_subscriptions", wanted(stage.receiver.url));
    expect((await stage.call("POST", "/webhook_subscriptions", wanted(stage.receiver.url))).status).toBe(400);
    const odd = wanted(stage.receiver.url);
    odd.webhook_subscription.events = ["incident.danced"];
    expect((await stage.call("POST", "/webhook_subscriptions", odd)).status).toBe(400);
  });

  it("makes custom incident actions by the schema that lists them", async () => {
    const schemas = (await stage.call("GET", "/extension_schemas")).body.extension_schemas;
    const schema = schemas.find((candidate: { key: string }) => candidate.key === "custom_webhook");
    const extension = {
      name: "Approve Request",
      endpoint_url: stage.receiver.url,
      extension_schema: { id: schema.id, type: "extension_schema_reference" },
      extension_objects: [{ id: SERVICE, type: "service_reference" }],
      config: { headers: [{ name: "X-Action-Token", value: "t" }] },
    };
    expect((await stage.call("POST", "/extensions", { extension })).status).toBe(201);
    expect((await stage.call("GET", "/extensions")).body.extensions).toMatchObject([{ name: "Approve Request" }]);
  });
});
