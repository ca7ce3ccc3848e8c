import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Agenda } from "../../../edge/ledger/agenda.ts";

describe("an agenda", () => {
  it("tells what is due, longest due first and by id at the same time, and when the next is", () => {
    const agenda = new Agenda();
    for (const [id, atMs] of [
      ["c", 5],
      ["a", 7],
      ["b", 5],
      ["d", 9],
    ] as const)
      agenda.put(id, atMs);
    expect([agenda.dueBy(4, 9), agenda.nextAfter(4)]).toEqual([[], 5]);
    expect([agenda.dueBy(5, 9), agenda.nextAfter(5)]).toEqual([["b", "c"], 7]);
    expect([agenda.dueBy(8, 2), agenda.nextAfter(9)]).toEqual([["b", "c"], null]);
  });

  it("has each id once, where it was put last, whatever came before", () => {
    const puts = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.option(fc.nat(5))), { maxLength: 40 });
    fc.assert(
      fc.property(puts, fc.nat(6), fc.nat(5), (steps, nowMs, limit) => {
        const agenda = new Agenda();
        for (const [id, atMs] of steps) agenda.put(id, atMs);
        const left = [...new Map(steps)].flatMap(([id, atMs]) => (atMs === null ? [] : [{ id, atMs }]));
        const inOrder = left.sort((one, other) => one.atMs - other.atMs || (one.id < other.id ? -1 : 1));
        const due = inOrder.filter(({ atMs }) => atMs <= nowMs).map(({ id }) => id);
        expect(agenda.dueBy(nowMs, limit)).toEqual(due.slice(0, limit));
        expect(agenda.nextAfter(nowMs)).toBe(inOrder.find(({ atMs }) => atMs > nowMs)?.atMs ?? null);
      }),
    );
  });
});
