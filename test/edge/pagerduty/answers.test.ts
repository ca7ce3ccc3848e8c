import { describe, expect, it } from "vitest";
import {
  incidentSchema,
  noteSchema,
  prioritySchema,
  serviceSchema,
  subscriptionSchema,
  userSchema,
} from "../../../edge/pagerduty/answers.ts";

describe("an answer with only what is used of it", () => {
  it("is an incident", () => {
    expect(incidentSchema.parse({ id: "Q1", status: "triggered" })).toMatchObject({
      id: "Q1",
      key: null,
      status: "triggered",
      title: "",
      serviceId: null,
      escalationPolicyId: null,
      url: null,
      body: null,
      mergedInto: null,
    });
  });

  it.each([
    ["a note", noteSchema, { id: "N1", content: "/approve" }, { id: "N1", content: "/approve", userId: null }],
    ["a user", userSchema, { id: "P1", email: "a@example.com" }, { id: "P1", name: "", email: "a@example.com" }],
    [
      "a service",
      serviceSchema,
      { id: "P1" },
      { id: "P1", name: "", escalationPolicyId: null, autoResolveSeconds: null, teamIds: [] },
    ],
    ["a priority", prioritySchema, { id: "P1" }, { id: "P1", name: "" }],
    [
      "a subscription",
      subscriptionSchema,
      { id: "P1", delivery_method: {}, events: [], filter: { type: "account_reference" } },
      { id: "P1", url: null, state: "enabled", events: [], filter: { type: "account_reference", id: null } },
    ],
  ])("is %s", (_, schema, answer, expected) => {
    expect(schema.parse(answer)).toMatchObject(expected);
  });
});

describe("an answer without what is used of it", () => {
  it.each([
    ["an incident's id", incidentSchema, { status: "triggered" }],
    ["an incident's status", incidentSchema, { id: "Q1" }],
    ["an incident's status as we know them", incidentSchema, { id: "Q1", status: "suppressed" }],
    ["a note's text", noteSchema, { id: "N1" }],
    ["a user's address", userSchema, { id: "P1" }],
    ["a service's id", serviceSchema, { name: "Web" }],
  ])("is not taken: %s", (_, schema, answer) => {
    expect(schema.safeParse(answer).success).toBe(false);
  });
});

describe("times of any shape", () => {
  it.each([undefined, null, "yesterday", 5])("do not matter: %j", (created_at) => {
    expect(incidentSchema.safeParse({ id: "Q1", status: "resolved", created_at }).success).toBe(true);
    expect(noteSchema.safeParse({ id: "N1", content: "", created_at }).success).toBe(true);
  });
});
