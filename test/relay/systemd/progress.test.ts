import { expect, it } from "vitest";
import { Progress } from "../../../relay/systemd/progress.ts";

const PART = { name: "the part", withinMs: 1000 };

function atTime() {
  let nowMs = 5_000;
  const progress = new Progress({ now: () => nowMs });
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { progress, pass };
}

it("finds a part stalled once it has been silent for too long, until it beats again", () => {
  const { progress, pass } = atTime();
  const beat = progress.follow(PART);
  pass(1000);
  expect(progress.stalled()).toEqual([]);
  pass(1);
  expect(progress.stalled()).toEqual(["the part"]);
  beat();
  expect(progress.stalled()).toEqual([]);
});

it("follows each piece of work by itself, and names what is stalled once", () => {
  const { progress, pass } = atTime();
  const ends = [progress.begin(PART), progress.begin(PART), progress.begin({ name: "another", withinMs: 5000 })];
  pass(2000);
  expect(progress.stalled()).toEqual(["the part"]);
  ends[0]?.();
  expect(progress.stalled()).toEqual(["the part"]);
  ends[1]?.();
  expect(progress.stalled()).toEqual([]);
});
