import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { incidentKeyFor, parseIncidentKey } from "../../shared/incident-key.ts";

const ID = "0199b2d4-6c1e-7a53-9f0b-2d8c41e7a6f3";
const CLUSTER = "teleport.example.com";

describe("incidentKeyFor", () => {
  it.each([
    [1, `teleport-access-request/${CLUSTER}/${ID}`],
    [2, `teleport-access-request/${CLUSTER}/${ID}/2`],
    [10, `teleport-access-request/${CLUSTER}/${ID}/10`],
  ])("writes paging %i as %s", (paging, key) => {
    expect(incidentKeyFor(CLUSTER, ID, paging)).toBe(key);
  });

  it("comes back whole from parseIncidentKey, and no two pagings share a key", () => {
    const name = fc.string({ minLength: 1, unit: "grapheme" }).filter((text) => !text.includes("/"));
    const paging = fc.integer({ min: 1, max: 999_999 });
    fc.assert(
      fc.property(name, name, paging, (cluster, requestId, paging) => {
        expect(parseIncidentKey(incidentKeyFor(cluster, requestId, paging))).toEqual({ cluster, requestId, paging });
      }),
    );
  });
});

describe("parseIncidentKey", () => {
  it("reads the predecessor's key, which names no cluster", () => {
    expect(parseIncidentKey(`teleport-access-request/${ID}`)).toEqual({ cluster: null, requestId: ID, paging: 1 });
  });

  it.each([
    "",
    "/",
    "teleport-access-request",
    "teleport-access-request/",
    `teleport-access-request//${ID}`,
    `teleport-access-request/${CLUSTER}/`,
    `teleport-access-request/${CLUSTER}/${ID}/`,
    `teleport-access-request/${CLUSTER}/${ID}/0`,
    `teleport-access-request/${CLUSTER}/${ID}/1`,
    `teleport-access-request/${CLUSTER}/${ID}/01`,
    `teleport-access-request/${CLUSTER}/${ID}/-2`,
    `teleport-access-request/${CLUSTER}/${ID}/2e3`,
    `teleport-access-request/${CLUSTER}/${ID}/1000000`,
    `teleport-access-request/${CLUSTER}/${ID}/２`,
    `teleport-access-request/${CLUSTER}/${ID}/2/3`,
    `Teleport-access-request/${CLUSTER}/${ID}`,
    ` teleport-access-request/${CLUSTER}/${ID}`,
    `x/teleport-access-request/${CLUSTER}/${ID}`,
  ])("does not take %j for a key of ours", (key) => {
    expect(parseIncidentKey(key)).toBeUndefined();
  });

  it("reads only what it would write, but for the predecessor's form", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "1", "2", "02", "", " ")), (parts) => {
        const key = ["teleport-access-request", ...parts].join("/");
        const read = parseIncidentKey(key);
        if (read === undefined || read.cluster === null) return;
        expect(incidentKeyFor(read.cluster, read.requestId, read.paging)).toBe(key);
      }),
    );
  });
});
