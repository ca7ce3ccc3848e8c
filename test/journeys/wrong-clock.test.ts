import { describe, expect, it } from "vitest";
import { PEOPLE } from "../stage/stage.ts";
import { ask, boundIncidentFor, setStage, stateReached, verdictsSent, WITHIN_MS } from "./journey.ts";

const MINUTE_MS = 60_000;

/** What makes a Node process take its clock for another, in its environment. */
function clockOffBy(ms: number): Record<string, string> {
  const module = `const { now } = Date;
    globalThis.Date = class extends Date {
      constructor(...given) { given.length === 0 ? super(now() + ${ms}) : super(...given); }
      static now() { return now() + ${ms}; }
    };`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` };
}

describe("a relay whose clock is wrong", () => {
  it.each([
    ["10 minutes ahead", 10 * MINUTE_MS],
    ["10 minutes behind", -10 * MINUTE_MS],
  ])("links all the same, refuses approvals with a note and carries denials out: %s", async (_, offMs) => {
    const stage = await setStage({
      between: async ({ address }) => ({ address, env: clockOffBy(offMs), stop: async () => {} }),
    });
    await stage.relay.line(/This machine's clock is \d+ s (ahead of|behind) the edge's/);
    const requestId = ask(stage);
    const { id } = await boundIncidentFor(stage, requestId);
    const bob = stage.pagerDuty.as(PEOPLE.bob.id);
    bob.note(id, "/approve");
    await stage.pagerDuty.waitForNote(id, ({ content }) => content.startsWith("Not approved for Bob Birch"), WITHIN_MS);
    expect([stage.relay.lines.join("\n"), verdictsSent(stage, requestId)]).toEqual([
      expect.stringMatching(/Decision refused.*refusal=stale/),
      0,
    ]);

    bob.note(id, "/deny");
    await stateReached(stage, requestId, "DENIED");
    await stage.pagerDuty.waitForStatus(id, "resolved", WITHIN_MS);
    expect(verdictsSent(stage, requestId)).toBe(1);
  });
});
