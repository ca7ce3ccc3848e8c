import { describe, expect, it } from "vitest";
import { bound } from "../../../edge/steps/binding.ts";
import { requestSeen } from "../../../edge/steps/request.ts";
import { accessRequest, NOW, OPENED, paged, SERVICE, wanted } from "../samples.ts";

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
