import { describe, expect, it } from "vitest";
import { answerEventsFor, type Coverage, coverageOf, eventsFor } from "../../../edge/check/coverage.ts";
import type { Subscription } from "../../../edge/pagerduty/answers.ts";

const URL = "https://edge.example.com/v1/teleport.example.com/webhook";
const SERVICE = {
  id: "PIJ90N7",
  name: "Access",
  escalationPolicyId: null,
  autoResolveSeconds: null,
  teamIds: ["PTEAM01"],
};
const WANTED = { url: URL, events: eventsFor({ channels: ["note"] }) };

function subscription(change: Partial<Subscription> = {}): Subscription {
  return {
    id: "PSUB001",
    url: URL,
    state: "enabled",
    events: ["incident.annotated", "incident.resolved", "incident.triggered"],
    filter: { type: "service_reference", id: SERVICE.id },
    ...change,
  };
}

const problemOf = (coverage: Coverage): string => (coverage.kind === "uncovered" ? coverage.problem : "");

describe("eventsFor", () => {
  it.each([
    [[], ["incident.resolved"]],
    [["action"], ["incident.resolved"]],
    [
      ["note", "workflow", "field"],
      ["incident.annotated", "incident.workflow.started", "incident.custom_field_values.updated", "incident.resolved"],
    ],
  ] as const)("names what the channels %j need", (channels, events) => {
    expect(eventsFor({ channels: [...channels] })).toEqual(events);
  });
});

describe("answerEventsFor", () => {
  it.each([
    [["note", "action"], "nothing", ["incident.annotated"]],
    [["action"], "nothing", []],
    [["action"], "deny", ["incident.resolved"]],
    [[], "nothing", []],
  ] as const)("names what answers by %j come by when a resolve means %s", (channels, onResolve, events) => {
    expect(answerEventsFor({ channels: [...channels], onResolve })).toEqual(events);
  });
});

describe("coverageOf", () => {
  it.each([
    ["another scheme", URL.replace("https:", "http:")],
    ["other letter case in the host", URL.replace("edge.example.com", "EDGE.example.COM")],
    ["a port that goes without saying", URL.replace(".com/", ".com:443/")],
  ])("knows our address by %s", (_, url) => {
    expect(coverageOf(SERVICE, [subscription({ url })], WANTED)).toMatchObject({ kind: "covered" });
  });

  it.each([
    ["the service itself", { type: "service_reference", id: SERVICE.id }],
    ["a team of the service", { type: "team_reference", id: "PTEAM01" }],
    ["the account", { type: "account_reference", id: null }],
  ])("takes a subscription for %s", (_, filter) => {
    expect(coverageOf(SERVICE, [subscription({ filter })], WANTED)).toMatchObject({ kind: "covered" });
  });

  it.each([
    ["none at all", [], /^No webhook subscription posts to https:/],
    ["another address", [subscription({ url: `${URL}/` })], /^No webhook subscription posts to/],
    ["no address", [subscription({ url: null })], /^No webhook subscription posts to/],
    ["no real address", [subscription({ url: "edge.example.com" })], /^No webhook subscription posts to/],
    ["another service", [subscription({ filter: { type: "service_reference", id: "PANOTHER" } })], /in its filter/],
    ["another team", [subscription({ filter: { type: "team_reference", id: "PTEAM02" } })], /in its filter/],
    ["a team without a name", [subscription({ filter: { type: "team_reference", id: null } })], /in its filter/],
    ["a filter of a new kind", [subscription({ filter: { type: "planet_reference", id: null } })], /in its filter/],
    ["one that is not active", [subscription({ state: "inactive" })], /^Subscription PSUB001 is not active\.$/],
    [
      "one that PagerDuty disabled",
      [subscription({ state: "disabled" })],
      /^PagerDuty has disabled subscription PSUB001/,
    ],
    [
      "one without notes",
      [subscription({ events: ["incident.resolved"] })],
      /^Subscription PSUB001 lacks incident\.annotated\.$/,
    ],
  ])("says why %s does not cover a service", (_, subscriptions, problem) => {
    expect(problemOf(coverageOf(SERVICE, subscriptions, WANTED))).toMatch(problem);
  });

  it("names only those that bring everything, whatever else there is", () => {
    const all = [
      subscription({ id: "POLD", state: "disabled" }),
      subscription({ id: "PPART", events: [] }),
      subscription(),
    ];
    expect(coverageOf(SERVICE, all, WANTED)).toEqual({ kind: "covered", by: [subscription()] });
  });
});
