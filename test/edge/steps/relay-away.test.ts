import { describe, expect, it } from "vitest";
import { relayAway } from "../../../edge/steps/relay-away.ts";
import { requestEnded } from "../../../edge/steps/request.ts";
import { NOW, paged, RETAIN_MS, wanted } from "../samples.ts";

const notesOf = (record: ReturnType<typeof paged>) =>
  record.pagings.flatMap(({ notes }) => notes.map(({ text }) => text));

describe("a pending request that no relay looks after", () => {
  it("has its incident say since when, and what becomes of answers, once for each absence", () => {
    const told = relayAway(paged(), NOW, NOW + 1);
    expect(notesOf(told)).toEqual([
      "Teleport cannot be reached from here since 2026-11-20 12:00:00 UTC. Answers are kept and carried out when it can, if they are not too old by then. What is urgent is to be decided in Teleport.",
    ]);
    expect(relayAway(told, NOW, NOW + 2)).toBe(told);
    expect(notesOf(relayAway(told, NOW + 5000, NOW + 6000))).toHaveLength(2);
  });

  it("says nothing where there is no incident yet, or the request has ended", () => {
    expect(notesOf(relayAway(wanted(), NOW, NOW))).toEqual([]);
    const ended = requestEnded(paged(), { end: "denied", who: null, why: null, clickId: null }, NOW, RETAIN_MS);
    expect(relayAway(ended, NOW, NOW)).toBe(ended);
  });
});
