import { describe, expect, it } from "vitest";
import { bindingData, bindingExpectation, boundIncidents, resolutionData } from "../../relay/plugin-data.ts";
import { requestOf } from "./clicks.ts";

describe("boundIncidents", () => {
  it.each([
    [{}, []],
    [{ incidents: "" }, []],
    [{ incidents: "P1:Q1" }, [{ service: "P1", incident: "Q1" }]],
    [
      { incidents: "P1:Q1,P2:Q2" },
      [
        { service: "P1", incident: "Q1" },
        { service: "P2", incident: "Q2" },
      ],
    ],
    [{ incidents: "P1:Q1,,P2:,:Q2,P3,a:b:c" }, [{ service: "P1", incident: "Q1" }]],
    [{ incident_id: "Q1", service_id: "P1" }, []],
  ])("in %j are %j", (data, incidents) => {
    expect(boundIncidents(data)).toEqual(incidents);
  });

  it("are those that were bound", () => {
    const incidents = [
      { service: "P1", incident: "Q1" },
      { service: "P2", incident: "Q2" },
    ];
    expect(boundIncidents(bindingData(requestOf(), "digest", incidents))).toEqual(incidents);
  });
});

describe("bindingData", () => {
  it("has the predecessor's nine keys, incidents and digest, and no claim", () => {
    const request = requestOf({
      roles: ["a", "b"],
      createdMs: 1_999,
      reviews: [{ author: "x", proposedState: "DENIED", reason: "", createdMs: null }],
    });
    expect(bindingData(request, "d1gest", [{ service: "P1", incident: "Q1" }])).toEqual({
      user: "alice@example.com",
      roles: "a,b",
      created: "1",
      request_reason: "on fire",
      reviews_count: "1",
      resolution: "",
      resolve_reason: "",
      incident_id: "Q1",
      service_id: "P1",
      incidents: "P1:Q1",
      digest: "d1gest",
    });
  });

  it("of no incident binds none", () => {
    expect(boundIncidents(bindingData(requestOf({ createdMs: null }), "d", []))).toEqual([]);
  });
});

describe("bindingExpectation", () => {
  it("is what was read, and absence where nothing was", () => {
    expect(bindingExpectation({ incidents: "P1:Q1", digest: "d", decision: "x" })).toEqual({
      incidents: "P1:Q1",
      digest: "d",
    });
    expect(bindingExpectation({})).toEqual({ incidents: "", digest: "" });
  });
});

describe("resolutionData", () => {
  it.each([
    ["approved", "approved"],
    ["denied", "denied"],
    ["expired", "expired"],
    ["promoted", "promoted"],
    ["deleted", "expired"],
  ] as const)("tells of %s as the predecessor did: %s", (end, resolution) => {
    expect(resolutionData(end, "why")).toEqual({ resolution, resolve_reason: "why" });
  });
});
