import { describe, expect, it } from "vitest";
import { pagingOf, requestRecordSchema, withDecision, withNewPaging, withPaging } from "../../edge/record.ts";
import { clicked } from "../../edge/steps/click.ts";
import { click, KEY, NOW, OPENED, paged, SERVICE, wanted } from "./samples.ts";

const HERE = { serviceId: SERVICE, remarks: [] };

describe("a record", () => {
  it.each([
    ["new", wanted()],
    ["paged", paged()],
    ["clicked on", clicked(paged(), click(), { nowMs: NOW, identity: undefined })],
  ])("survives being stored: %s", (_, record) => {
    expect(requestRecordSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
  });

  it("finds the paging of an incident, and none of a stranger's", () => {
    expect(pagingOf(paged(), OPENED.incidentId)?.id).toBe(`${SERVICE}/1`);
    expect(pagingOf(paged(), "QOTHER")).toBeUndefined();
  });

  it("changes one paging and one decision alone", () => {
    const record = clicked(withNewPaging(paged(), HERE, NOW), click(), { nowMs: NOW, identity: undefined });
    const changed = withPaging(record, `${SERVICE}/2`, (paging) => ({ ...paging, attempts: 7 }));
    expect(changed.pagings.map(({ attempts }) => attempts)).toEqual([0, 7]);
    expect(
      withDecision(record, "another", () => {
        throw new Error("not this one");
      }).decisions,
    ).toEqual(record.decisions);
  });

  it("pages again under the next key of the service, whatever other services have", () => {
    const twice = withNewPaging(wanted({}, [SERVICE, "POTHER1"]), HERE, NOW);
    const thrice = withNewPaging(twice, HERE, NOW);
    expect(thrice.pagings.map(({ id, key }) => [id, key])).toEqual([
      [`${SERVICE}/1`, KEY],
      ["POTHER1/1", KEY],
      [`${SERVICE}/2`, `${KEY}/2`],
      [`${SERVICE}/3`, `${KEY}/3`],
    ]);
  });
});
