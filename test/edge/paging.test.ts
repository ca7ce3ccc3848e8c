import { describe, expect, it } from "vitest";
import { closed, closing, isLive, newPaging, type Paging, pagingSchema, withNote } from "../../edge/paging.ts";
import { CLUSTER, KEY, NOW, REQUEST_ID, SERVICE } from "./samples.ts";

function paging(change: Partial<Paging> = {}): Paging {
  const fresh = newPaging({
    cluster: CLUSTER,
    requestId: REQUEST_ID,
    serviceId: SERVICE,
    remarks: [],
    number: 1,
    digest: "d",
    nowMs: NOW,
  });
  return { ...fresh, ...change };
}
const open = paging({ state: "open", incidentId: "Q1" });

describe("newPaging", () => {
  it.each([
    [1, KEY],
    [2, `${KEY}/2`],
    [17, `${KEY}/17`],
  ])("is known by its number and key: %i", (number, key) => {
    const made = newPaging({
      cluster: CLUSTER,
      requestId: REQUEST_ID,
      serviceId: SERVICE,
      remarks: [],
      number,
      digest: "d",
      nowMs: NOW,
    });
    expect(made).toMatchObject({ id: `${SERVICE}/${number}`, key, state: "opening", dueMs: NOW });
    expect(pagingSchema.parse(JSON.parse(JSON.stringify(made)))).toEqual(made);
  });
});

describe("isLive", () => {
  it.each([
    ["opening", {}, true],
    ["open", { state: "open" }, true],
    ["closing", { state: "open", closing: true }, false],
    ["closed", { state: "closed" }, false],
  ] as const)("judges one that is %s", (_, change, live) => {
    expect(isLive(paging(change))).toBe(live);
  });
});

describe("withNote", () => {
  it("numbers notes for good, the written ones too", () => {
    const written = { ...withNote(open, "one", NOW), notes: [] };
    expect(withNote(written, "two", NOW).notes).toEqual([{ id: `${SERVICE}/1#2`, text: "two", onIncidentId: null }]);
  });

  it("keeps notes in their order", () => {
    expect(withNote(withNote(open, "one", NOW), "two", NOW).notes.map(({ text }) => text)).toEqual(["one", "two"]);
  });

  it.each([
    ["at rest", open, NOW],
    ["closed for good", paging({ state: "closed", closing: true, incidentId: "Q1", dueMs: NOW - 9 }), NOW],
    ["waiting to retry another", withNote({ ...open, attempts: 3 }, "x", NOW + 9), NOW + 9],
    ["waiting to be opened again", paging({ attempts: 2, dueMs: NOW + 500 }), NOW + 500],
    ["waiting to be resolved again", { ...open, closing: true, attempts: 2, dueMs: NOW + 500 }, NOW + 500],
  ])("is due at once only where nothing waits before it: %s", (_, before, dueMs) => {
    expect(withNote(before, "note", NOW).dueMs).toBe(dueMs);
  });
});

describe("an end", () => {
  it("is due at once, whatever was waited for", () => {
    expect(closing(paging({ dueMs: NOW + 60_000 }), NOW)).toMatchObject({ closing: true, dueMs: NOW });
    expect(closing(paging({ dueMs: NOW - 5 }), NOW).dueMs).toBe(NOW - 5);
  });

  it("keeps notes that are still to be written", () => {
    expect(closed(withNote(open, "late", NOW), NOW)).toMatchObject({ state: "closed", notes: [{ text: "late" }] });
  });
});
