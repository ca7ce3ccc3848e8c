import { describe, expect, it } from "vitest";
import { Outcomes } from "../../../relay/decider/outcomes.ts";
import { decideOf } from "../clicks.ts";

const APPLIED = { result: "applied", state: "APPROVED" } as const;

describe("outcomes", () => {
  it("are those of a click on a request, whoever asks and when", () => {
    const outcomes = new Outcomes();
    outcomes.set(decideOf(), APPLIED);
    expect(outcomes.get(decideOf({}, { epoch: 9, seq: 9 }))).toBe(APPLIED);
    expect(outcomes.get(decideOf({}, { requestId: "another" }))).toBeUndefined();
    expect(outcomes.get(decideOf({ id: "EVENT2" }))).toBeUndefined();
  });

  it("are kept for the newest ten thousand", () => {
    const outcomes = new Outcomes();
    const frame = decideOf();
    for (let count = 0; count <= 10_000; count++) outcomes.set({ ...frame, clickId: `C${count}` }, APPLIED);
    expect(outcomes.get({ ...frame, clickId: "C0" })).toBeUndefined();
    expect(outcomes.get({ ...frame, clickId: "C1" })).toBe(APPLIED);
  });
});
