import { describe, expect, it } from "vitest";
import { CLAIM_LEASE_MS } from "../../../relay/decider/claim.ts";
import { TeleportError } from "../../../relay/teleport/error.ts";
import type { MemoryTeleport } from "../../fakes/memory-teleport.ts";
import { BOB, decideOf, liveOf, policyOf, REQUEST_ID, wordOf } from "../clicks.ts";
import { deciding, never, settled, TIMEOUT } from "../deciding.ts";

const TWO_APPROVALS = { thresholds: [{ approve: 2, filter: "" }] };
const PENDING = { result: "applied", state: "PENDING" };
const APPROVED = { result: "applied", state: "APPROVED" };
const NEEDS_MORE = expect.objectContaining({ result: "refused", refusal: "needs_more_approvals" });
const TOO_LATE = expect.objectContaining({ result: "refused", refusal: "not_pending" });
const SECOND = { id: "EVENT2" };
const DENY = { id: "EVENT3", verdict: "deny" } as const;

function proposed({ reviews }: MemoryTeleport): string[] {
  return reviews.map(({ review }) => `${review.author ?? "own"} ${review.proposedState}`);
}

describe("a click by review", () => {
  it("that is enough resolves the request, with the line before the call", async () => {
    const { relay, teleport } = deciding({}, "review");
    const onDisk: string[][] = [];
    teleport.before = (call) => {
      if (call === "submitReview") onDisk.push(relay.audit.kinds);
    };
    relay.decider.decide(decideOf());
    await settled();
    expect(proposed(teleport)).toEqual(["own APPROVED"]);
    expect(onDisk).toEqual([["intent"]]);
    expect(relay.outcomes).toEqual([["EVENT1", APPROVED]]);
    expect(relay.ended).toMatchObject([{ state: "APPROVED" }]);
  });

  it("that denies is a review too", async () => {
    const { relay, teleport } = deciding({}, "review");
    relay.decider.decide(decideOf(DENY));
    await settled();
    expect(proposed(teleport)).toEqual(["own DENIED"]);
    expect(relay.outcomeOf("EVENT3")).toEqual({ result: "applied", state: "DENIED" });
  });

  it("that is not enough says so; the claim stays, and the next click is told to decide in Teleport", async () => {
    const { relay, teleport, clock } = deciding({}, "review");
    teleport.put(liveOf({}, TWO_APPROVALS));
    relay.decider.decide(decideOf());
    await settled();
    expect(relay.outcomes).toEqual([["EVENT1", PENDING]]);
    expect(relay.ended).toEqual([]);
    expect(teleport.data.get(REQUEST_ID)?.decision).toMatch(/^approve .* EVENT1$/);
    relay.decider.decide(decideOf(SECOND));
    relay.decider.decide(decideOf(DENY));
    await clock.pass(0);
    expect(relay.outcomeOf("EVENT2")).toEqual(NEEDS_MORE);
    expect(relay.outcomeOf("EVENT3")).toEqual(NEEDS_MORE);
    expect(teleport.reviews).toHaveLength(1);
  });

  it("is given once although the answer was lost, and is found by reading", async () => {
    const { relay, teleport, clock } = deciding({}, "review");
    teleport.put(liveOf({}, TWO_APPROVALS));
    let lost = 0;
    teleport.after = (call) => {
      if (call === "submitReview" && lost++ === 0) throw TIMEOUT;
    };
    relay.decider.decide(decideOf());
    await clock.pass(CLAIM_LEASE_MS + 5_000);
    expect(teleport.count("submitReview")).toBe(1);
    expect(relay.outcomes).toEqual([["EVENT1", PENDING]]);
    expect(relay.audit.kinds).toEqual(["intent", "outcome"]);
  });

  const POINTS = (["before", "after"] as const).flatMap((when) => [1, 2, 3, 4, 5].map((call) => [when, call] as const));
  it.each(POINTS)("is given once although the relay died %s call %d", async (when, call) => {
    const { relay, teleport, clock, another } = deciding({}, "review");
    teleport.put(liveOf({}, TWO_APPROVALS));
    teleport[when] = () => (teleport.calls.length === call ? never() : undefined);
    relay.decider.decide(decideOf());
    await clock.pass(1_000);
    teleport[when] = () => {};
    const next = another();
    next.decider.decide(decideOf());
    await clock.pass(CLAIM_LEASE_MS + 5_000);
    expect(teleport.reviews).toHaveLength(1);
    expect(next.outcomes).toEqual([["EVENT1", PENDING]]);
  });

  it("that another's review then made enough is told as what became of the request", async () => {
    const { relay, teleport, another } = deciding({}, "review");
    teleport.put(liveOf({}, TWO_APPROVALS));
    relay.decider.decide(decideOf());
    await settled();
    teleport.resolve(REQUEST_ID, "APPROVED");
    const next = another();
    next.decider.decide(decideOf());
    await settled();
    expect(next.outcomes).toEqual([["EVENT1", APPROVED]]);
  });

  it("that another's denial overruled came too late, whether that showed at once or later", async () => {
    const { relay, teleport, another } = deciding({}, "review");
    teleport.put(liveOf({}, TWO_APPROVALS));
    relay.decider.decide(decideOf());
    await settled();
    teleport.resolve(REQUEST_ID, "DENIED");
    const next = another();
    next.decider.decide(decideOf());
    await settled();
    expect(next.outcomes).toEqual([["EVENT1", TOO_LATE]]);

    const overruled = deciding({}, "review");
    overruled.teleport.submitReview = async () => {
      overruled.teleport.resolve(REQUEST_ID, "DENIED");
      return liveOf({ state: "DENIED" });
    };
    overruled.relay.decider.decide(decideOf());
    await overruled.clock.pass(30_000);
    expect(overruled.relay.outcomes).toEqual([["EVENT1", TOO_LATE]]);
  });

  it("never resolves what was resolved meanwhile", async () => {
    const { relay, teleport, clock } = deciding({}, "review");
    teleport.before = (call) => {
      if (call === "submitReview") teleport.resolve(REQUEST_ID, "DENIED");
    };
    relay.decider.decide(decideOf());
    await clock.pass(30_000);
    expect(teleport.reviews).toEqual([]);
    expect(relay.outcomes).toEqual([["EVENT1", TOO_LATE]]);
  });
});

describe("a click by review in the person's name", () => {
  const policy = policyOf({ users: { [BOB]: ["bob"], PCAROL1: ["carol"] } });

  it("adds up with those of others until it is enough", async () => {
    const { relay, teleport, clock } = deciding({ policy }, "review_on_behalf");
    teleport.put(liveOf({}, TWO_APPROVALS));
    relay.decider.decide(decideOf());
    await settled();
    relay.decider.decide(decideOf(SECOND));
    await clock.pass(0);
    relay.decider.decide(decideOf({ id: "EVENT4", person: "PCAROL1" }));
    await clock.pass(0);
    expect(proposed(teleport)).toEqual(["bob APPROVED", "carol APPROVED"]);
    expect(relay.outcomes).toEqual([
      ["EVENT1", PENDING],
      ["EVENT2", NEEDS_MORE],
      ["EVENT4", APPROVED],
    ]);
  });

  it("is refused when nobody can be named, with what to mend; a denial is the relay's own", async () => {
    const { relay, teleport } = deciding({ policy: policyOf({ users: {} }) }, "review_on_behalf");
    relay.decider.decide(decideOf());
    await settled();
    expect(relay.outcomes).toEqual([
      [
        "EVENT1",
        expect.objectContaining({ refusal: "unknown_identity", detail: expect.stringContaining("[policy.users]") }),
      ],
    ]);
    relay.decider.decide(decideOf(DENY));
    await settled();
    expect(proposed(teleport)).toEqual(["own DENIED"]);
  });

  it("that one person may not give does not keep another's from being given", async () => {
    const { relay, teleport, clock } = deciding({ policy }, "review_on_behalf");
    const submit = teleport.submitReview.bind(teleport);
    teleport.submitReview = async (requestId, review) => {
      if (review.author === "bob") {
        throw new TeleportError({ code: "permission_denied", problem: "Bob may not.", mend: "Let him." });
      }
      return submit(requestId, review);
    };
    relay.decider.decide(decideOf());
    await settled();
    relay.decider.decide(
      decideOf({ id: "EVENT4", person: "PCAROL1" }, { word: wordOf({ email: "carol@example.com" }) }),
    );
    await clock.pass(0);
    expect(proposed(teleport)).toEqual(["carol APPROVED"]);
  });
});
