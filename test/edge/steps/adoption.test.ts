import { describe, expect, it } from "vitest";
import { adopted, notAdopted } from "../../../edge/steps/adoption.ts";
import { noteRefused, noteWritten } from "../../../edge/steps/paging.ts";
import { newRecord, requestEnded } from "../../../edge/steps/request.ts";
import { bindingToSend, pagerDutyTasks } from "../../../edge/todo.ts";
import { accessRequest, CLUSTER, NOW, POLICY, paged, REQUEST_ID, RETAIN_MS, review, SERVICE } from "../samples.ts";

const INCIDENT = {
  incidentId: "QOLD",
  key: `teleport-access-request/${REQUEST_ID}`,
  serviceId: SERVICE,
  url: null,
  escalationPolicyId: POLICY,
  covered: null,
};
const BODY = { text: "User: alice", shown: true };
const ENDING = { end: "expired", who: null, why: null, clickId: null } as const;
const PAGING = `${SERVICE}/1`;

/** A request of which the relay says that there is an incident. */
function named(reviews = 0) {
  const request = accessRequest({ reviews: Array.from({ length: reviews }, () => review()) });
  return newRecord(CLUSTER, request, { kind: "unrouted", targets: [] }, NOW, { service: null, incident: "QOLD" });
}

describe("adopted", () => {
  it("makes the incident the request's, once told and then bound, and tells no review twice", () => {
    const record = adopted(named(2), INCIDENT, BODY, NOW + 1);
    expect(record).toMatchObject({
      routing: null,
      reviewsTold: 2,
      pagings: [{ incidentId: "QOLD", key: INCIDENT.key }],
    });
    expect(pagerDutyTasks(record)).toMatchObject([{ task: "note", incidentId: "QOLD" }]);
    expect(bindingToSend(record)).toBeUndefined();
    const told = noteWritten(record, PAGING, "N1", NOW + 2);
    expect(bindingToSend(told)).toMatchObject({
      incidents: [{ service: SERVICE, incident: "QOLD" }],
      countsFromMs: NOW + 2,
    });
  });

  it("can be approved nowhere when its readers were never shown the request", () => {
    const refused = noteRefused(adopted(named(), INCIDENT, BODY, NOW), PAGING, NOW + 2);
    expect(refused.pagings).toMatchObject([{ shown: false, adoption: { sinceMs: NOW + 2 } }]);
  });

  it("is told and closed when the request is over by then", () => {
    const over = requestEnded(named(), ENDING, NOW, RETAIN_MS);
    expect(pagerDutyTasks(over)).toMatchObject([{ task: "route" }]);
    const record = adopted(over, INCIDENT, BODY, NOW);
    expect(record.pagings).toMatchObject([
      { closing: true, notes: [{}, { text: "Access request has been expired." }] },
    ]);
    expect(bindingToSend(record)).toBeUndefined();
  });

  it("changes nothing a second time", () => {
    const record = adopted(named(), INCIDENT, BODY, NOW);
    expect(adopted(record, INCIDENT, BODY, NOW)).toBe(record);
    expect(adopted(paged(), INCIDENT, BODY, NOW)).toEqual(paged());
  });
});

describe("notAdopted", () => {
  it("leaves the request to be paged like any other, unless it is over", () => {
    expect(notAdopted(named())).toMatchObject({ routing: { adopt: null, targets: [] } });
    expect(notAdopted(requestEnded(named(), ENDING, NOW, RETAIN_MS)).routing).toBeNull();
    expect(notAdopted(paged())).toEqual(paged());
  });
});
