/**
 * Events and signatures against the fixtures: same keys, same order, same kinds, same MACs.
 */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { signatureFor } from "./delivery.ts";
import { parseJson } from "./json.ts";
import { FIXTURES, fixture, SERVICE, Stage, shapeOf } from "./stage.ts";

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.start();
});

afterEach(() => stage.stop());

describe("signatures", () => {
  const { secret, previous_secret, files } = fixture("signatures.json");
  it.each(Object.keys(files))("signs %s as its fixture says", (name) => {
    const bytes = readFileSync(new URL(name, FIXTURES));
    expect(bytes.length).toBe(files[name].bytes);
    expect(signatureFor([secret], bytes)).toBe(files[name]["x-pagerduty-signature"]);
    expect(signatureFor([previous_secret, secret], bytes)).toBe(files[name].rotation_header);
  });
});

describe("the shape of events", () => {
  /** Makes one event of a kind on a fresh incident, and gives its body. */
  async function bodyOf(type: string, act: (id: string) => unknown): Promise<unknown> {
    stage.subscribe(type);
    const id = await stage.open();
    act(id);
    const { body } = await stage.fake.waitForDelivery(({ eventType }) => eventType === type);
    return parseJson(body);
  }

  it.each<[string, string, (id: string) => unknown]>([
    ["v3-incident.triggered.json", "incident.triggered", () => {}],
    ["v3-incident.acknowledged.json", "incident.acknowledged", (id) => stage.fake.as("PK7Q2LA").acknowledge(id)],
    ["v3-incident.annotated.approve.json", "incident.annotated", (id) => stage.fake.as("PK7Q2LA").note(id, "/approve")],
    [
      "v3-incident.annotated.no-agent.json",
      "incident.annotated",
      (id) => stage.fake.asAgent(null).note(id, "/approve"),
    ],
    [
      "v3-incident.annotated.resolution-note.json",
      "incident.annotated",
      (id) => stage.fake.as("PK7Q2LA").resolve(id, "deny"),
    ],
    [
      "v3-incident.workflow.started.json",
      "incident.workflow.started",
      (id) => {
        const { triggerId } = stage.fake.account.addWorkflow({ name: "Teleport: approve request" });
        stage.fake.as("PK7Q2LA").startWorkflow(id, triggerId);
      },
    ],
    [
      "v3-incident.responder.replied.json",
      "incident.responder.replied",
      (id) => stage.fake.as("PM4RZ0C").reply(id, "joined"),
    ],
    [
      "v3-incident.resolved.json",
      "incident.resolved",
      (id) => {
        stage.fake.as("PK7Q2LA").resolve(id);
        stage.fake.as("PK7Q2LA").reopen(id);
        stage.receiver.received.length = 0;
        stage.fake.as("PK7Q2LA").resolve(id);
      },
    ],
  ])("is that of %s", async (name, type, act) => {
    const body = await bodyOf(type, act);
    if (name !== "v3-incident.resolved.json") expect(shapeOf(body)).toEqual(shapeOf(fixture(name)));
    else {
      const last = await stage.fake.waitForDelivery(({ body: text }) => text.includes("reopened_at"));
      expect(shapeOf(parseJson(last.body))).toEqual(shapeOf(fixture(name)));
    }
  });

  it("names an incident from the Events API by a null key and its integration", async () => {
    stage.subscribe("incident.resolved");
    const { id } = stage.fake
      .asIntegration(SERVICE)
      .open({ title: "x", serviceId: SERVICE, incidentKey: "k", fromEvents: true });
    stage.fake.asIntegration(SERVICE).resolve(id);
    const { body } = await stage.fake.waitForDelivery(() => true);
    expect(shapeOf(parseJson(body))).toEqual(shapeOf(fixture("v3-incident.resolved.by-integration.json")));
  });

  it("gives a merge as the reason of a resolution, and the merged-into incident stays", async () => {
    stage.subscribe("incident.resolved");
    const [from, into] = [await stage.open("a"), await stage.open("b")];
    stage.fake.as("PK7Q2LA").merge(from, into);
    const { body } = await stage.fake.waitForDelivery(() => true);
    expect(shapeOf(parseJson(body))).toEqual(shapeOf(fixture("v3-incident.resolved.merged.json")));
    expect([stage.fake.incident(from).status, stage.fake.incident(into).status]).toEqual(["resolved", "triggered"]);
  });

  it("holds a changed field's old value among the changed ones", async () => {
    stage.fake.account.addField({
      name: "teleport_decision",
      options: ["pending", "approve", "deny"],
      defaultValue: "pending",
    });
    stage.fake.account.addField({ name: "teleport_request_id", defaultValue: "0199b2d4" });
    const body = await bodyOf("incident.custom_field_values.updated", (id) =>
      stage.fake.as("PK7Q2LA").setField(id, "teleport_decision", "approve"),
    );
    expect(shapeOf(body)).toEqual(shapeOf(fixture("v3-incident.custom_field_values.updated.json")));
    expect(body).toMatchObject({
      event: { data: { custom_fields: [{ value: "approve" }, {}], changed_custom_fields: [{ value: "pending" }] } },
    });
  });

  it("cuts long notes and says so", async () => {
    const body = await bodyOf("incident.annotated", (id) => stage.fake.as("PK7Q2LA").note(id, "y".repeat(3000)));
    expect(body).toMatchObject({ event: { data: { trimmed: true, content: "y".repeat(2000) } } });
  });

  it("pings with an agent of id and type only", async () => {
    const { endpoint } = stage.subscribe("incident.triggered");
    stage.fake.ping(endpoint.id, "PK7Q2LA");
    const { body } = await stage.fake.waitForDelivery(({ eventType }) => eventType === "pagey.ping");
    expect(shapeOf(parseJson(body))).toEqual(shapeOf(fixture("v3-pagey.ping.json")));
  });
});
