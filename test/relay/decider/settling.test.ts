import { describe, expect, it } from "vitest";
import type { OpenIntent } from "../../../relay/audit/tail.ts";
import { CLAIM_LEASE_MS, claimText } from "../../../relay/decider/claim.ts";
import { settleIntents } from "../../../relay/decider/settling.ts";
import { boundData, decideOf, REQUEST_ID } from "../clicks.ts";
import { deciding, settled, UNAVAILABLE } from "../deciding.ts";

const INTENT: OpenIntent = { requestId: REQUEST_ID, clickId: "EVENT1", verdict: "approve" };
const CLAIM = claimText({ verdict: "approve", attempt: "before-the-crash", clickId: "EVENT1" });

/** A relay that finds intents in its audit log when it starts. */
function starting(intents: readonly OpenIntent[] = [INTENT]) {
  const stage = deciding();
  const { relay, teleport, clock } = stage;
  const stopping = new AbortController();
  const { lanes, claims, trail, log } = relay;
  const start = (): void =>
    settleIntents({ teleport, lanes, claims, trail, clock, random: () => 0.5, log }, intents, stopping.signal);
  return { ...stage, start, stopping };
}

describe("an intent without an outcome, at the start", () => {
  it.each([
    ["APPROVED", "as its claim asked", CLAIM],
    ["DENIED", "by somebody else", CLAIM],
    ["PROMOTED", "by somebody else, before there was a claim", ""],
  ] as const)("gets the outcome %s when Teleport says so: %s", async (state, _, decision) => {
    const { relay, teleport, start } = starting();
    teleport.data.set(REQUEST_ID, { ...boundData(), ...(decision !== "" && { decision }) });
    teleport.resolve(REQUEST_ID, state);
    start();
    await settled();
    expect(relay.audit.records).toMatchObject([{ kind: "outcome", ...INTENT, state }]);
    expect(teleport.count("setState")).toBe(0);
  });

  it("gets the outcome PENDING at once when it was never claimed, and sends nothing", async () => {
    const { relay, teleport, start } = starting();
    start();
    await settled();
    expect(relay.audit.records).toMatchObject([{ kind: "outcome", ...INTENT, state: "PENDING" }]);
    expect(teleport.verdicts).toEqual([]);
  });

  it("waits until no call can be under way by its claim, and takes a late effect for what it is", async () => {
    const { relay, teleport, clock, start } = starting();
    teleport.data.set(REQUEST_ID, { ...boundData(), decision: CLAIM });
    start();
    await clock.pass(CLAIM_LEASE_MS - 1_000);
    expect(relay.audit.kinds).toEqual([]);
    teleport.resolve(REQUEST_ID, "APPROVED");
    await clock.pass(5_000);
    expect(relay.audit.records).toMatchObject([{ kind: "outcome", state: "APPROVED" }]);
  });

  it("gets the outcome NONE when the request is proven to be gone", async () => {
    const { relay, teleport, start } = starting();
    teleport.drop(REQUEST_ID);
    start();
    await settled();
    expect(relay.audit.records).toMatchObject([{ kind: "outcome", state: "NONE" }]);
  });

  it("is settled before anything else is done for its request, however long Teleport is away", async () => {
    const { relay, teleport, clock, start } = starting();
    let isAway = true;
    teleport.before = (call) => {
      if (isAway && call === "read") throw UNAVAILABLE;
    };
    start();
    relay.decider.decide(decideOf({ id: "EVENT2", verdict: "deny" }));
    await clock.pass(300_000);
    expect(relay.audit.kinds).toEqual([]);
    isAway = false;
    await clock.pass(60_000);
    expect(relay.audit.records).toMatchObject([
      { kind: "outcome", clickId: "EVENT1", state: "PENDING" },
      { kind: "intent", clickId: "EVENT2" },
      { kind: "outcome", clickId: "EVENT2", state: "DENIED" },
    ]);
  });

  it("is answered as always when the edge asks for it again, with no second line and no second verdict", async () => {
    const { relay, teleport, start } = starting();
    teleport.data.set(REQUEST_ID, { ...boundData(), decision: CLAIM });
    teleport.resolve(REQUEST_ID, "APPROVED");
    start();
    relay.decider.decide(decideOf());
    await settled();
    expect(relay.outcomes).toEqual([["EVENT1", { result: "applied", state: "APPROVED" }]]);
    expect(relay.audit.kinds).toEqual(["outcome"]);
    expect(teleport.verdicts).toEqual([]);
  });

  it("that never reached Teleport is carried out when the edge asks for it again", async () => {
    const { relay, teleport, start } = starting();
    start();
    relay.decider.decide(decideOf());
    await settled();
    expect(teleport.verdicts.map(({ state }) => state)).toEqual(["APPROVED"]);
    expect(relay.audit.records).toMatchObject([
      { kind: "outcome", state: "PENDING" },
      { kind: "intent" },
      { kind: "outcome", state: "APPROVED" },
    ]);
  });

  it("gives way when the relay ends", async () => {
    const { relay, teleport, clock, start, stopping } = starting();
    teleport.before = () => {
      throw UNAVAILABLE;
    };
    start();
    await clock.pass(60_000);
    stopping.abort();
    await settled();
    expect([clock.timerCount, relay.audit.kinds]).toEqual([0, []]);
  });
});
