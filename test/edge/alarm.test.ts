import { beforeEach, describe, expect, it } from "vitest";
import { Alarm } from "../../edge/alarm.ts";

let set: number[];
let nowMs: number;
const alarm = (armedMs: number | null = null) =>
  new Alarm({ armedMs, set: (atMs) => void set.push(atMs), now: () => nowMs });

beforeEach(() => {
  set = [];
  nowMs = 1_000_000;
});

describe("the alarm", () => {
  it("is set for the earliest of what is wanted, and never for the past", () => {
    alarm().armBy(nowMs + 2, null, nowMs + 1);
    alarm().armBy(nowMs - 5);
    expect(set).toEqual([nowMs + 1, nowMs]);
  });

  it("is not set when nothing is wanted", () => {
    alarm().armBy(null, null);
    expect(set).toEqual([]);
  });

  it("that is late is waited for no more once all was looked after that it could be for", () => {
    const late = alarm(nowMs - 1);
    late.overtaken();
    late.armBy(nowMs + 10);
    const early = alarm(nowMs + 1);
    early.overtaken();
    early.armBy(nowMs + 10);
    expect(set).toEqual([nowMs + 10]);
  });

  it("is set again only to come sooner", () => {
    const armed = alarm(nowMs + 10);
    armed.armBy(nowMs + 10);
    armed.armBy(nowMs + 11);
    armed.armBy(nowMs + 9);
    armed.armBy(nowMs + 10);
    expect(set).toEqual([nowMs + 9]);
  });

  it("is set anew once it rang, or when it should have rung long ago", () => {
    const armed = alarm(nowMs + 10);
    armed.rang();
    armed.armBy(nowMs + 20);
    nowMs += 20 + 14_999;
    armed.armBy(nowMs + 30_000);
    nowMs += 1;
    armed.armBy(nowMs + 40_000);
    expect(set).toEqual([1_000_020, nowMs + 40_000]);
  });
});
