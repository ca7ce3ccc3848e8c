import { describe, expect, it } from "vitest";
import { bound, boundLate } from "../../../edge/steps/binding.ts";
import { incidentOpened } from "../../../edge/steps/paging.ts";
import { requestSeen } from "../../../edge/steps/request.ts";
import { accessRequest, NOW, OPENED, paged, SERVICE, wanted } from "../samples.ts";

const SECOND = { service: "PSECOND", incident: "Q1SECOND" };

/** A request with an open incident on each of two services. */
function wantedOnBoth() {
  const first = incidentOpened(wanted({}, [SERVICE, "PSECOND"]), `${SERVICE}/1`, OPENED, { shown: true, nowMs: NOW });
  return incidentOpened(first, "PSECOND/1", { ...OPENED, incidentId: SECOND.incident }, { shown: true, nowMs: NOW });
}

const incidents = [{ service: SERVICE, incident: OPENED.incidentId }];

describe("bound", () => {
  it("marks the incidents that Teleport holds, once", () => {
    const once = bound(paged(), { digest: paged().digest, incidents }, NOW + 5);
    expect(once.pagings[0]).toMatchObject({ bound: true, boundMs: NOW + 5 });
    expect(bound(once, { digest: once.digest, incidents }, NOW + 9)).toEqual(once);
  });

  it.each([
    ["another digest", paged(), { digest: "another", incidents }],
    ["another incident", paged(), { digest: paged().digest, incidents: [{ service: SERVICE, incident: "QX" }] }],
    ["none", paged(), { digest: paged().digest, incidents: [] }],
    ["an incident that is still opening", wanted(), { digest: wanted().digest, incidents }],
    ["what has changed since", requestSeen(paged(), accessRequest({ reason: "x" }), NOW), { digest: "new", incidents }],
  ])("marks nothing for %s", (_, record, answer) => {
    expect(bound(record, answer, NOW).pagings.some((paging) => paging.bound)).toBe(false);
  });
});

describe("bound late", () => {
  const two = bound(wantedOnBoth(), { digest: paged().digest, incidents: [...incidents, SECOND] }, NOW);

  it("leaves what was overwritten to be bound again", () => {
    expect(boundLate(two, { incidents }).pagings.map((paging) => paging.bound)).toEqual([false, false]);
  });

  it("changes nothing where the same was written", () => {
    expect(boundLate(two, { incidents: [SECOND, ...incidents] })).toBe(two);
  });
});
