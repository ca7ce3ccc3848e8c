import { describe, expect, it } from "vitest";
import { History, MAX_HISTORY } from "../../../edge/status/history.ts";
import { incidentClosed, noteWritten } from "../../../edge/steps/paging.ts";
import { requestEnded } from "../../../edge/steps/request.ts";
import { NOW, paged, RETAIN_MS, SERVICE } from "../samples.ts";

const P1 = `${SERVICE}/1`;

function ended(id: string, atMs: number) {
  return requestEnded(paged({ id }), { end: "denied", who: null, why: null, clickId: null }, atMs, RETAIN_MS);
}

function finished(id: string, atMs: number) {
  return incidentClosed(noteWritten(ended(id, atMs), P1, "PN", atMs), P1, atMs);
}

function historyOf(...records: ReturnType<typeof finished>[]) {
  const limits: number[] = [];
  const history = new History({
    finished: (limit) => {
      limits.push(limit);
      return records;
    },
  });
  return { limits, history, ids: () => history.finished.map(({ request }) => request.id) };
}

describe("the history", () => {
  it("is read when somebody asks, once and no more than is looked at", () => {
    const { history, limits, ids } = historyOf(finished("a", NOW), finished("b", NOW + 1));
    history.changed(finished("c", NOW + 2));
    expect(limits).toEqual([]);
    expect([ids(), ids()]).toEqual([
      ["b", "a"],
      ["b", "a"],
    ]);
    expect(limits).toEqual([MAX_HISTORY]);
  });

  it("goes on with what finishes, and leaves out what lives", () => {
    const { history, ids } = historyOf(finished("a", NOW));
    expect(ids()).toEqual(["a"]);
    history.changed(ended("b", NOW + 1));
    expect(ids()).toEqual(["a"]);
    history.changed(finished("b", NOW + 1));
    history.changed(finished("b", NOW + 1));
    expect(ids()).toEqual(["b", "a"]);
    history.changed(ended("a", NOW));
    expect(ids()).toEqual(["b"]);
  });

  it("stays as short as it was", () => {
    const many = Array.from({ length: MAX_HISTORY }, (_, index) => finished(`r${index}`, NOW + index));
    const { history, ids } = historyOf(...many);
    expect(ids()).toHaveLength(MAX_HISTORY);
    history.changed(finished("new", NOW + MAX_HISTORY));
    expect([ids().length, ids()[0], ids().at(-1)]).toEqual([MAX_HISTORY, "new", "r1"]);
  });
});
