import { describe, expect, it } from "vitest";
import { decideOf, NOW_MS, REQUEST_ID } from "../clicks.ts";
import { deciding, settled } from "../deciding.ts";

const APPROVED = { result: "applied", state: "APPROVED" };

describe("a click on a request that cannot be read", () => {
  it.each([
    ["all rights are lost", { showsRequests: false, takesData: false }],
    ["the right to read is lost", { showsRequests: false }],
  ])("waits while %s, and is carried out when they are back", async (_, lost) => {
    const { relay, teleport, clock } = deciding();
    Object.assign(teleport, lost);
    relay.decider.decide(decideOf({ atMs: NOW_MS }));
    await clock.pass(90_000);
    expect(relay.outcomes).toEqual([]);
    Object.assign(teleport, { showsRequests: true, takesData: true });
    await clock.pass(61_000);
    expect(relay.outcomes).toEqual([["EVENT1", APPROVED]]);
  });

  it("is refused as gone once that is proven", async () => {
    const { relay, teleport } = deciding();
    teleport.drop(REQUEST_ID);
    relay.decider.decide(decideOf());
    await settled();
    expect(relay.outcomes).toEqual([["EVENT1", expect.objectContaining({ refusal: "gone" })]]);
  });
});
