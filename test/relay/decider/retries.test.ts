import { describe, expect, it } from "vitest";
import { TeleportError } from "../../../relay/teleport/error.ts";
import { decideOf, REQUEST_ID } from "../clicks.ts";
import { deciding } from "../deciding.ts";

const APPROVED = { result: "applied", state: "APPROVED" };

describe("a click that waits for an admin", () => {
  const MFA = new TeleportError({ code: "permission_denied", problem: "MFA is wanted.", mend: "Use Machine ID." });

  it("tells so once for each problem, and again to an edge that asks again; it is not lost", async () => {
    const { relay, teleport, clock } = deciding();
    teleport.before = (call) => {
      if (call === "setState") throw MFA;
    };
    relay.decider.decide(decideOf());
    await clock.pass(300_000);
    const told = () => relay.frames.filter(({ type }) => type === "waiting");
    const waiting = { type: "waiting", epoch: 1, requestId: REQUEST_ID, problem: "MFA is wanted. Use Machine ID." };
    expect(told()).toEqual([waiting]);
    expect(teleport.count("setState")).toBeLessThanOrEqual(6);
    relay.decider.decide(decideOf({}, { epoch: 2 }));
    await clock.pass(20_000);
    expect(told()).toEqual([waiting, { ...waiting, epoch: 2 }]);
    teleport.before = () => {};
    await clock.pass(61_000);
    expect(relay.outcomes).toEqual([["EVENT1", APPROVED]]);
  });

  it("goes stale while it waits", async () => {
    const { relay, teleport, clock } = deciding();
    teleport.before = (call) => {
      if (call === "setState") throw MFA;
    };
    relay.decider.decide(decideOf());
    await clock.pass(700_000);
    expect(relay.outcomes).toEqual([["EVENT1", expect.objectContaining({ refusal: "stale" })]]);
  });
});
