import { describe, expect, it } from "vitest";
import type { DecideBy } from "../../relay/commands/check/role.ts";
import { CLAIM_LEASE_MS, claimIn, claimText } from "../../relay/decider/claim.ts";
import { settled } from "../fakes/clock.ts";
import type { MemoryTeleport, MemoryTeleportCall } from "../fakes/memory-teleport.ts";
import {
  boundData,
  decideOf,
  liveOf,
  NOW_MS,
  noteEvidence,
  policyOf,
  REQUEST_ID,
  requestOf,
  SECRET,
  signedBy,
  wordOf,
} from "./clicks.ts";
import { deciding, FORBIDDEN, never, type RelayHalf, TIMEOUT, UNAVAILABLE } from "./deciding.ts";

const APPROVED = { result: "applied", state: "APPROVED" };
const DENIED = { result: "applied", state: "DENIED" };
const DENY = { id: "EVENT2", verdict: "deny" } as const;

function refused(refusal: string): unknown {
  return expect.objectContaining({ result: "refused", refusal });
}

function statesSet({ verdicts }: MemoryTeleport): string[] {
  return verdicts.map(({ state }) => state);
}

/** Fails the next calls of one kind, before their effect or after it. */
function failNext(teleport: MemoryTeleport, when: "before" | "after", call: MemoryTeleportCall, errors: Error[]): void {
  teleport[when] = (name) => {
    const error = name === call ? errors.shift() : undefined;
    if (error !== undefined) throw error;
  };
}

describe("a click", () => {
  it("that approves reaches Teleport with who and why, is on disk before, and is told when it shows", async () => {
    const { relay, teleport } = deciding();
    const onDisk: string[][] = [];
    teleport.before = (call) => {
      if (call === "setState") onDisk.push(relay.audit.kinds);
    };
    relay.decider.decide(decideOf({ reason: "go on" }));
    await settled();
    expect(teleport.verdicts).toEqual([
      {
        requestId: REQUEST_ID,
        state: "APPROVED",
        words: { delegator: "pagerduty:bob@example.com", reason: "go on [pd:EVENT1]", assumeStartMs: null },
      },
    ]);
    expect(onDisk).toEqual([["intent"]]);
    expect(relay.audit.kinds).toEqual(["intent", "outcome"]);
    expect(relay.outcomes).toEqual([["EVENT1", APPROVED]]);
    expect(relay.ended).toMatchObject([{ id: REQUEST_ID, state: "APPROVED", resolveReason: "go on [pd:EVENT1]" }]);
    expect(relay.decider.undecidedCount).toBe(0);
  });

  it("that denies reaches Teleport, by the person's ID where no address is known", async () => {
    const { relay, teleport } = deciding();
    relay.decider.decide(decideOf(DENY, { word: wordOf({ email: null }) }));
    await settled();
    expect(teleport.verdicts).toMatchObject([
      { state: "DENIED", words: { delegator: "pagerduty:PBOB123", reason: "[pd:EVENT2]" } },
    ]);
    expect(relay.outcomes).toEqual([["EVENT2", DENIED]]);
  });

  it("takes the claim before the call, in its own name", async () => {
    const { relay, teleport } = deciding();
    const claims: unknown[] = [];
    teleport.before = (call) => {
      if (call === "setState") claims.push(claimIn(teleport.data.get(REQUEST_ID) ?? {}));
    };
    relay.decider.decide(decideOf());
    await settled();
    expect(claims).toEqual([expect.objectContaining({ verdict: "approve", clickId: "EVENT1" })]);
  });

  it.each([
    ["a refused one", decideOf({}, { word: wordOf({ shown: false }) }), "not_shown"],
    [
      "a forged one",
      decideOf({}, { evidence: signedBy("another-secret-altogether", new Uint8Array()) }),
      "bad_evidence",
    ],
    [
      "one nested 100,000 deep under a valid signature",
      decideOf({}, { evidence: signedBy(SECRET, new TextEncoder().encode("[".repeat(100_000))) }),
      "bad_evidence",
    ],
    ["one under another's id", decideOf({}, { clickId: "OTHER" }), "bad_evidence"],
    ["one for another cluster", decideOf({}, { cluster: "other.example.com" }), "wrong_cluster"],
    ["one for a request that is not there", decideOf({}, { requestId: "nobody" }), "gone"],
  ])("is answered, noted in the audit log and changes nothing: %s", async (_, frame, refusal) => {
    const { relay, teleport } = deciding();
    relay.decider.decide(frame);
    await settled();
    expect(relay.outcomes).toEqual([[frame.clickId, refused(refusal)]]);
    expect(relay.audit.records).toMatchObject([{ kind: "refusal", refusal, requestId: frame.requestId }]);
    expect(teleport.verdicts).toEqual([]);
    expect(teleport.data.get(REQUEST_ID)).toEqual(boundData());
  });

  it("says what its bytes say, whatever its envelope does", async () => {
    const { relay, teleport } = deciding();
    relay.decider.decide(decideOf({}, { evidence: noteEvidence({ verdict: "deny" }) }));
    await settled();
    expect(statesSet(teleport)).toEqual(["DENIED"]);
  });

  it("delivered a hundred times has one effect, and one line", async () => {
    const { relay, teleport, clock } = deciding();
    for (let time = 0; time < 100; time++) relay.decider.decide(decideOf());
    await clock.pass(60_000);
    for (let time = 0; time < 100; time++) relay.decider.decide(decideOf());
    await clock.pass(60_000);
    expect(statesSet(teleport)).toEqual(["APPROVED"]);
    expect(relay.audit.kinds).toEqual(["intent", "outcome"]);
    expect(new Set(relay.outcomes.map(([, outcome]) => outcome.result))).toEqual(new Set(["applied"]));
  });

  it("delivered a hundred times while Teleport is away leaves one timer, not a hundred", async () => {
    const { relay, teleport, clock } = deciding();
    teleport.before = () => {
      throw UNAVAILABLE;
    };
    for (let time = 0; time < 100; time++) {
      relay.decider.decide(decideOf());
      await settled();
    }
    expect(clock.timerCount).toBe(1);
  });

  it("gets the same answer again from memory, in the epoch of whoever asks", async () => {
    const { relay, teleport } = deciding();
    relay.decider.decide(decideOf());
    await settled();
    const calls = teleport.calls.length;
    relay.decider.decide(decideOf({}, { epoch: 7 }));
    await settled();
    expect(teleport.calls).toHaveLength(calls);
    expect(relay.frames.at(-1)).toEqual({
      type: "outcome",
      epoch: 7,
      requestId: REQUEST_ID,
      clickId: "EVENT1",
      outcome: APPROVED,
    });
  });

  it("is answered in the last epoch in which it was asked for", async () => {
    const { relay, teleport } = deciding();
    teleport.before = (call) => {
      if (call === "setState") relay.decider.decide(decideOf({}, { epoch: 9 }));
    };
    relay.decider.decide(decideOf());
    await settled();
    expect(relay.frames).toMatchObject([{ type: "outcome", epoch: 9 }]);
  });

  it("that came for the wrong request first still decides its own", async () => {
    const { relay, teleport } = deciding();
    teleport.put(liveOf({ id: "another" }));
    teleport.data.set("another", { ...boundData(requestOf({ id: "another" }), "QOTHER") });
    relay.decider.decide(decideOf({}, { requestId: "another" }));
    await settled();
    relay.decider.decide(decideOf());
    await settled();
    expect(relay.outcomes).toEqual([
      ["EVENT1", refused("wrong_incident")],
      ["EVENT1", APPROVED],
    ]);
    expect(teleport.verdicts).toMatchObject([{ requestId: REQUEST_ID }]);
  });

  it("waits for an incident that is still to be bound beside those that are", async () => {
    let isBeingBound = true;
    const { relay, teleport } = deciding({ isBeingBound: () => isBeingBound });
    teleport.data.set(REQUEST_ID, { ...boundData(requestOf(), "QFIRST") });
    relay.decider.decide(decideOf());
    await settled();
    expect(relay.outcomes).toEqual([]);
    isBeingBound = false;
    teleport.data.set(REQUEST_ID, { ...boundData() });
    relay.decider.settle(REQUEST_ID);
    await settled();
    expect(relay.outcomes).toEqual([["EVENT1", APPROVED]]);
  });

  it("waits for no binding when that is not what speaks against it", async () => {
    const { relay } = deciding({ isBeingBound: () => true });
    relay.decider.decide(decideOf({}, { word: wordOf({ shown: false }) }));
    await settled();
    expect(relay.outcomes).toEqual([["EVENT1", refused("not_shown")]]);
  });

  it("that would set the state passes no threshold that asks for more than one approval by", async () => {
    const { relay, teleport } = deciding();
    teleport.put(liveOf({}, { thresholds: [{ approve: 2, filter: "" }] }));
    relay.decider.decide(decideOf());
    await settled();
    expect(relay.outcomes).toEqual([["EVENT1", refused("needs_more_approvals")]]);
    expect(teleport.verdicts).toEqual([]);
  });

  it.each([
    ["nobody's claim", {}],
    ["another click's claim", { decision: claimText({ verdict: "approve", attempt: "x", clickId: "EVENT9" }) }],
  ])("that wants what others have brought about came too late all the same: by %s", async (_, claim) => {
    const { relay, teleport } = deciding();
    teleport.data.set(REQUEST_ID, { ...boundData(), ...claim });
    teleport.resolve(REQUEST_ID, "APPROVED");
    relay.decider.decide(decideOf());
    await settled();
    expect(relay.outcomes).toEqual([["EVENT1", refused("not_pending")]]);
    expect(relay.audit.kinds).toEqual(["refusal"]);
  });

  it("that decides two requests at a mistaken edge has its line for each", async () => {
    const { relay, teleport } = deciding();
    teleport.put(liveOf({ id: "another" }));
    teleport.data.set("another", { ...boundData(requestOf({ id: "another" })) });
    failNext(teleport, "before", "updatePluginData", [UNAVAILABLE]);
    relay.decider.decide(decideOf());
    await settled();
    relay.decider.decide(decideOf({}, { requestId: "another" }));
    await settled();
    expect(teleport.verdicts).toMatchObject([{ requestId: "another" }]);
    expect(relay.audit.records).toMatchObject([
      { kind: "intent", requestId: REQUEST_ID },
      { kind: "intent", requestId: "another" },
      { kind: "outcome", requestId: "another" },
    ]);
  });
});

describe("clicks that disagree", () => {
  it.each([
    ["approve first", [decideOf(), decideOf(DENY)]],
    ["deny first", [decideOf(DENY), decideOf()]],
  ])("are judged together, and the denial wins: %s", async (_, frames) => {
    const { relay, teleport } = deciding();
    for (const frame of frames) relay.decider.decide(frame);
    await settled();
    expect(statesSet(teleport)).toEqual(["DENIED"]);
    expect(relay.outcomeOf("EVENT2")).toEqual(DENIED);
    expect(relay.outcomeOf("EVENT1")).toEqual(refused("not_pending"));
  });

  it("are judged together even when the denial comes as the claim is taken", async () => {
    const { relay, teleport } = deciding();
    teleport.before = (call) => {
      if (call === "updatePluginData") relay.decider.decide(decideOf(DENY));
    };
    relay.decider.decide(decideOf());
    await settled();
    expect(statesSet(teleport)).toEqual(["DENIED"]);
  });

  it("come too late once a call has begun, and the denial is told how to end the access", async () => {
    const { relay, teleport } = deciding();
    teleport.before = (call) => {
      if (call === "setState") relay.decider.decide(decideOf(DENY));
    };
    relay.decider.decide(decideOf());
    await settled();
    expect(statesSet(teleport)).toEqual(["APPROVED"]);
    expect(relay.outcomeOf("EVENT2")).toMatchObject({
      refusal: "not_pending",
      detail: expect.stringContaining("tctl lock"),
    });
  });

  it("do not hinder one another when the denial is refused", async () => {
    const { relay, teleport } = deciding();
    relay.decider.decide(decideOf(DENY, { word: wordOf({ onCallLevels: [] }) }));
    relay.decider.decide(decideOf());
    await settled();
    expect(statesSet(teleport)).toEqual(["APPROVED"]);
    expect(relay.outcomeOf("EVENT2")).toEqual(refused("not_on_call"));
  });

  it("come to one verdict also when the answer to the first call is lost and its effect is late", async () => {
    const { relay, teleport, clock } = deciding();
    let late = (): void => {};
    teleport.before = (call) => {
      if (call !== "setState" || teleport.count("setState") > 1) return;
      late = () => teleport.resolve(REQUEST_ID, "APPROVED");
      throw TIMEOUT;
    };
    relay.decider.decide(decideOf());
    await settled();
    relay.decider.decide(decideOf(DENY));
    await clock.pass(8_000);
    expect(teleport.count("setState")).toBe(1);
    late();
    await clock.pass(30_000);
    expect(teleport.verdicts).toEqual([]);
    expect(relay.outcomeOf("EVENT1")).toEqual(APPROVED);
    expect(relay.outcomeOf("EVENT2")).toEqual(refused("not_pending"));
  });
});

describe("an answer that is lost", () => {
  it("after the effect is found by reading, and not repeated", async () => {
    const { relay, teleport, clock } = deciding();
    failNext(teleport, "after", "setState", [UNAVAILABLE]);
    relay.decider.decide(decideOf());
    await clock.pass(5_000);
    expect(statesSet(teleport)).toEqual(["APPROVED"]);
    expect(teleport.count("setState")).toBe(1);
    expect(relay.outcomes).toEqual([["EVENT1", APPROVED]]);
    expect(relay.audit.kinds).toEqual(["intent", "outcome"]);
  });

  it("without an effect is asked again once the call can have none any more", async () => {
    const { relay, teleport, clock } = deciding();
    failNext(teleport, "before", "setState", [TIMEOUT]);
    relay.decider.decide(decideOf());
    await clock.pass(CLAIM_LEASE_MS - 1);
    expect(teleport.count("setState")).toBe(1);
    await clock.pass(5_000);
    expect(statesSet(teleport)).toEqual(["APPROVED"]);
    expect(relay.audit.kinds).toEqual(["intent", "outcome"]);
  });

  it("to the claim costs no more than another try", async () => {
    const { relay, teleport, clock } = deciding();
    failNext(teleport, "after", "updatePluginData", [UNAVAILABLE]);
    relay.decider.decide(decideOf());
    await clock.pass(2_000);
    expect(statesSet(teleport)).toEqual(["APPROVED"]);
  });

  it("to the reading afterwards ends as what Teleport says", async () => {
    const { relay, teleport, clock } = deciding();
    teleport.before = (call) => {
      if (call === "read" && teleport.verdicts.length > 0 && teleport.count("read") < 4) throw UNAVAILABLE;
    };
    relay.decider.decide(decideOf());
    await clock.pass(30_000);
    expect(teleport.count("setState")).toBe(1);
    expect(relay.outcomes).toEqual([["EVENT1", APPROVED]]);
  });

  it("because the request went as it was decided is told as no state", async () => {
    const { relay, teleport } = deciding();
    teleport.after = (call) => {
      if (call === "setState") teleport.drop(REQUEST_ID);
    };
    relay.decider.decide(decideOf());
    await settled();
    expect(relay.outcomes).toEqual([["EVENT1", { result: "applied", state: "NONE" }]]);
    expect(relay.ended).toEqual([]);
  });
});

describe("a crash", () => {
  const POINTS = (["before", "after"] as const).flatMap((when) => [1, 2, 3, 4, 5].map((call) => [when, call] as const));

  it.each(POINTS)("%s call %d of a decision leaves one verdict and no lost click", async (when, call) => {
    const { relay, teleport, clock, another } = deciding();
    teleport[when] = () => (teleport.calls.length === call ? never() : undefined);
    relay.decider.decide(decideOf());
    await clock.pass(1_000);
    teleport[when] = () => {};
    const next = another();
    next.decider.decide(decideOf());
    await clock.pass(CLAIM_LEASE_MS + 5_000);
    expect(statesSet(teleport)).toEqual(["APPROVED"]);
    expect(next.outcomes).toEqual([["EVENT1", APPROVED]]);
  });

  it("after the audit line and before the claim is made good at once", async () => {
    const { relay, teleport, another } = deciding();
    failNext(teleport, "before", "updatePluginData", []);
    relay.audit.before = never;
    relay.decider.decide(decideOf());
    await settled();
    const next = another();
    next.decider.decide(decideOf());
    await settled();
    expect(statesSet(teleport)).toEqual(["APPROVED"]);
  });

  it("after the claim is made good once nobody can be calling by it, and no sooner", async () => {
    const { teleport, clock, relay } = deciding();
    const claim = claimText({ verdict: "approve", attempt: "before-the-crash", clickId: "EVENT1" });
    teleport.data.set(REQUEST_ID, { ...boundData(), decision: claim });
    relay.decider.decide(decideOf());
    await clock.pass(CLAIM_LEASE_MS - 1);
    expect(teleport.count("setState")).toBe(0);
    await clock.pass(2_000);
    expect(teleport.count("setState")).toBe(1);
    expect(relay.outcomes).toEqual([["EVENT1", APPROVED]]);
  });

  it("after the call is found by reading", async () => {
    const { teleport, relay } = deciding();
    const claim = claimText({ verdict: "approve", attempt: "before-the-crash", clickId: "EVENT1" });
    teleport.data.set(REQUEST_ID, { ...boundData(), decision: claim });
    teleport.resolve(REQUEST_ID, "APPROVED");
    relay.decider.decide(decideOf());
    await settled();
    expect(relay.outcomes).toEqual([["EVENT1", APPROVED]]);
    expect(relay.audit.kinds).toEqual(["outcome"]);
    expect(teleport.count("setState")).toBe(0);
  });

  it("leaves a claim that another's end does not fulfil: the click came too late", async () => {
    const { teleport, relay } = deciding();
    const claim = claimText({ verdict: "approve", attempt: "x", clickId: "EVENT1" });
    teleport.data.set(REQUEST_ID, { ...boundData(), decision: claim });
    teleport.resolve(REQUEST_ID, "DENIED");
    relay.decider.decide(decideOf());
    await settled();
    expect(relay.outcomes).toEqual([["EVENT1", refused("not_pending")]]);
  });

  it("leaves no claim that can be read, and is waited for all the same", async () => {
    const { teleport, clock, relay } = deciding();
    teleport.data.set(REQUEST_ID, { ...boundData(), decision: "?" });
    relay.decider.decide(decideOf());
    await clock.pass(CLAIM_LEASE_MS - 1);
    expect(teleport.count("setState")).toBe(0);
    await clock.pass(2_000);
    expect(teleport.count("setState")).toBe(1);
  });
});

/** Numbers that look random, from a seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How long a client waits for Teleport, as the real one does. */
const DEADLINE_MS = 10_000;

/**
 * Runs relays over one Teleport whose calls arrive, have their effect and are answered in an order and after times that a
 * seed chooses; calls that take too long are given up, and time passes in leaps.
 */
async function interleaved(seed: number, begin: (relays: readonly RelayHalf[]) => void, decideBy: DecideBy = "state") {
  const random = randomFrom(seed);
  const { relay, teleport, clock, another } = deciding({}, decideBy);
  if (decideBy !== "state") teleport.put(liveOf({}, { thresholds: [{ approve: 2, filter: "" }] }));
  const relays = [relay, another()];
  const held: (() => void)[] = [];
  let unlogged = 0;
  const hold = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const cancel = clock.after(DEADLINE_MS / 2, () => {
        held.splice(held.indexOf(release), 1);
        reject(TIMEOUT);
      });
      const release = (): void => {
        cancel();
        resolve();
      };
      held.push(release);
    });
  teleport.before = async (call) => {
    await hold();
    const isVerdict = call === "setState" || call === "submitReview";
    const approves = isVerdict && claimIn(teleport.data.get(REQUEST_ID) ?? {})?.verdict === "approve";
    if (approves && !relays.some(({ audit }) => audit.kinds.includes("intent"))) unlogged++;
    if (random() < 0.05) throw UNAVAILABLE;
  };
  teleport.after = async () => {
    await hold();
    if (random() < 0.1) throw UNAVAILABLE;
  };
  for (const { audit } of relays) audit.before = hold;
  begin(relays);
  for (let step = 0; step < 300 && relays.some(({ decider }) => decider.undecidedCount > 0); step++) {
    await settled();
    if (held.length > 0 && random() < 0.8) held.splice(Math.floor(random() * held.length), 1)[0]?.();
    else await clock.pass(random() < 0.7 ? random() * 800 : random() * 12_000);
  }
  teleport.before = teleport.after = () => {};
  for (const { audit } of relays) audit.before = () => {};
  for (const release of held.splice(0)) release();
  await clock.pass(120_000);
  expect({ seed, unlogged }).toEqual({ seed, unlogged: 0 });
  return { teleport, relays };
}

const SEEDS = Array.from({ length: 300 }, (_, index) => index + 1);

describe("two relays at once", () => {
  it("send one verdict for one click, in whatever order their calls arrive", { timeout: 60_000 }, async () => {
    for (const seed of SEEDS) {
      const { teleport, relays } = await interleaved(seed, (both) => {
        for (const { decider } of both) decider.decide(decideOf());
      });
      expect({ seed, set: statesSet(teleport) }).toEqual({ seed, set: ["APPROVED"] });
      expect({ seed, outcomes: relays.map((relay) => relay.outcomeOf("EVENT1")) }).toEqual({
        seed,
        outcomes: [APPROVED, APPROVED],
      });
    }
  });

  it("give one review for one click, which is not enough", { timeout: 60_000 }, async () => {
    const pending = { result: "applied", state: "PENDING" };
    for (const seed of SEEDS) {
      const begin = (both: readonly RelayHalf[]) => {
        for (const { decider } of both) decider.decide(decideOf());
      };
      const { teleport, relays } = await interleaved(seed, begin, "review");
      expect({ seed, reviews: teleport.reviews.length }).toEqual({ seed, reviews: 1 });
      expect({ seed, outcomes: relays.map((relay) => relay.outcomeOf("EVENT1")) }).toEqual({
        seed,
        outcomes: [pending, pending],
      });
    }
  });

  it("send one verdict for two clicks that disagree", { timeout: 60_000 }, async () => {
    for (const seed of SEEDS) {
      const { teleport, relays } = await interleaved(seed, ([one, other]) => {
        one?.decider.decide(decideOf());
        other?.decider.decide(decideOf(DENY));
      });
      expect({ seed, verdicts: teleport.verdicts.length }).toEqual({ seed, verdicts: 1 });
      expect({ seed, undecided: relays.map(({ decider }) => decider.undecidedCount) }).toEqual({
        seed,
        undecided: [0, 0],
      });
    }
  });
});

describe("an audit log that cannot be written", () => {
  it("holds approvals until they are stale, and never lets one pass", async () => {
    const { relay, teleport, clock } = deciding();
    relay.audit.isBroken = true;
    relay.decider.decide(decideOf());
    await clock.pass(599_000);
    expect(relay.outcomes).toEqual([]);
    await clock.pass(3_000);
    expect(relay.outcomes).toEqual([["EVENT1", refused("stale")]]);
    expect(teleport.count("setState")).toBe(0);
    expect(teleport.data.get(REQUEST_ID)).not.toHaveProperty("decision");
  });

  it("lets approvals pass as soon as it can be written", async () => {
    const { relay, teleport, clock } = deciding();
    relay.audit.isBroken = true;
    relay.decider.decide(decideOf());
    await clock.pass(60_000);
    relay.audit.isBroken = false;
    await clock.pass(3_000);
    expect(statesSet(teleport)).toEqual(["APPROVED"]);
    expect(relay.audit.kinds).toEqual(["resumed", "intent", "outcome"]);
  });

  it("lets denials pass, and is told of them late", async () => {
    const { relay, teleport, clock } = deciding();
    relay.audit.isBroken = true;
    relay.decider.decide(decideOf(DENY));
    await settled();
    expect(statesSet(teleport)).toEqual(["DENIED"]);
    expect(relay.outcomes).toEqual([["EVENT2", DENIED]]);
    relay.audit.isBroken = false;
    relay.decider.decide(decideOf({ id: "EVENT3" }));
    await clock.pass(2_000);
    expect(relay.audit.kinds.toSorted()).toEqual(["late", "outcome", "refusal", "resumed"]);
    expect(relay.lines.join("\n")).toContain("The audit log cannot be written");
  });

  it("that takes its time leads to another reading before the call", async () => {
    const { relay, teleport, clock } = deciding();
    relay.audit.before = () => clock.sleep(20_000);
    relay.decider.decide(decideOf());
    await clock.pass(10_000);
    teleport.resolve(REQUEST_ID, "DENIED");
    relay.audit.before = () => {};
    await clock.pass(30_000);
    expect(teleport.count("setState")).toBe(0);
    expect(relay.outcomes).toEqual([["EVENT1", refused("not_pending")]]);
  });
});

describe("a Teleport in trouble", () => {
  it("that is away for an hour gets the denial when it is back, and no approval that has become stale", async () => {
    const { relay, teleport, clock } = deciding();
    teleport.put(liveOf({ id: "another" }));
    teleport.data.set("another", { ...boundData(requestOf({ id: "another" })) });
    teleport.before = () => {
      throw UNAVAILABLE;
    };
    relay.decider.decide(decideOf());
    relay.decider.decide(decideOf(DENY, { requestId: "another" }));
    await clock.pass(3_600_000);
    expect(relay.outcomes).toEqual([]);
    expect(teleport.count("read")).toBeLessThan(1_000);
    teleport.before = () => {};
    await clock.pass(31_000);
    expect(relay.outcomeOf("EVENT1")).toEqual(refused("stale"));
    expect(relay.outcomeOf("EVENT2")).toEqual(DENIED);
  });

  it("that refuses the permission is asked once a minute, and the log says what to mend", async () => {
    const { relay, teleport, clock } = deciding();
    teleport.before = (call) => {
      if (call === "setState") throw FORBIDDEN;
    };
    relay.decider.decide(decideOf());
    await clock.pass(300_000);
    expect(teleport.count("setState")).toBeLessThanOrEqual(6);
    expect(relay.lines.join("\n")).toMatch(/ERROR A decision waits.*Give the role/);
    teleport.before = () => {};
    await clock.pass(61_000);
    expect(relay.outcomes).toEqual([["EVENT1", APPROVED]]);
  });

  it("is asked at once for everything that waits when it may be mended", async () => {
    const { relay, teleport, clock } = deciding();
    teleport.before = () => {
      throw FORBIDDEN;
    };
    relay.decider.decide(decideOf());
    await clock.pass(0);
    teleport.before = () => {};
    relay.decider.settleAll();
    await clock.pass(0);
    expect(relay.outcomes).toEqual([["EVENT1", APPROVED]]);
  });

  it("that says gone to what it reads as pending is not pressed", async () => {
    const { relay, teleport, clock } = deciding();
    const setState = teleport.setState.bind(teleport);
    let asked = 0;
    teleport.setState = async () => {
      asked++;
      return "gone";
    };
    relay.decider.decide(decideOf());
    await clock.pass(60_000);
    expect(asked).toBeLessThanOrEqual(5);
    teleport.setState = setState;
    await clock.pass(20_000);
    expect(relay.outcomes).toEqual([["EVENT1", APPROVED]]);
  });

  it("that shows a request as pending after taking its verdict is read, not told again at once", async () => {
    const { relay, teleport, clock } = deciding();
    teleport.after = (call) => {
      if (call === "setState") teleport.put(liveOf());
    };
    relay.decider.decide(decideOf());
    await clock.pass(7_000);
    expect(teleport.count("setState")).toBe(1);
    teleport.resolve(REQUEST_ID, "APPROVED");
    await clock.pass(5_000);
    expect(teleport.count("setState")).toBe(1);
    expect(relay.outcomes).toEqual([["EVENT1", APPROVED]]);
  });

  it("that has denied before an approval arrives ends it without a loop", async () => {
    const { relay, teleport, clock } = deciding();
    teleport.before = (call) => {
      if (call === "setState") teleport.resolve(REQUEST_ID, "DENIED");
    };
    relay.decider.decide(decideOf());
    await clock.pass(30_000);
    expect(teleport.count("setState")).toBe(1);
    expect(relay.outcomes).toEqual([["EVENT1", refused("not_pending")]]);
  });

  it("that takes long over the claim makes the click be judged again right before the call", async () => {
    const { relay, teleport, clock } = deciding();
    teleport.before = (call) => (call === "updatePluginData" ? clock.sleep(2_000) : undefined);
    relay.decider.decide(decideOf({ atMs: NOW_MS - 599_000 }));
    await clock.pass(10_000);
    expect(teleport.count("setState")).toBe(0);
    expect(relay.outcomes).toEqual([["EVENT1", refused("stale")]]);
  });
});

describe("a click whose incident is not bound yet", () => {
  it("waits, and is carried out when it is", async () => {
    const { relay, teleport, clock } = deciding();
    teleport.data.clear();
    relay.decider.decide(decideOf());
    await clock.pass(60_000);
    expect(relay.outcomes).toEqual([]);
    teleport.data.set(REQUEST_ID, { ...boundData() });
    relay.decider.settle(REQUEST_ID);
    await settled();
    expect(relay.outcomes).toEqual([["EVENT1", APPROVED]]);
  });

  it("goes stale while it waits", async () => {
    const { relay, teleport, clock } = deciding();
    teleport.data.clear();
    relay.decider.decide(decideOf());
    await clock.pass(600_001);
    teleport.data.set(REQUEST_ID, { ...boundData() });
    relay.decider.settle(REQUEST_ID);
    await settled();
    expect(relay.outcomes).toEqual([["EVENT1", refused("stale")]]);
  });

  it("is answered when the request ends before", async () => {
    const { relay, teleport } = deciding();
    teleport.data.clear();
    relay.decider.decide(decideOf());
    await settled();
    teleport.resolve(REQUEST_ID, "DENIED");
    relay.decider.settle(REQUEST_ID);
    await settled();
    expect(relay.outcomes).toEqual([["EVENT1", refused("not_pending")]]);
  });
});

describe("the policy", () => {
  it("is applied to the person of the signed bytes", async () => {
    const { relay, teleport } = deciding({ policy: policyOf({ approvers: ["PCAROL1"] }) });
    relay.decider.decide(decideOf());
    relay.decider.decide(decideOf({ id: "EVENT9", person: "PCAROL1" }));
    await settled();
    expect(relay.outcomeOf("EVENT1")).toEqual(refused("not_an_approver"));
    expect(relay.outcomeOf("EVENT9")).toEqual(APPROVED);
    expect(teleport.verdicts).toHaveLength(1);
  });

  it("is applied with the secrets of the moment", async () => {
    const secrets: string[] = [];
    const { relay } = deciding({
      verifiers: () => ({
        decisions: {
          channels: ["note"],
          workflowTriggers: { approve: "", deny: "" },
          field: "",
          onResolve: "nothing",
        },
        webhookSecrets: secrets,
        actionTokens: null,
      }),
    });
    relay.decider.decide(decideOf());
    await settled();
    secrets.push(SECRET);
    relay.decider.decide(decideOf({ id: "EVENT2" }));
    await settled();
    expect(relay.outcomes).toEqual([
      ["EVENT1", refused("bad_evidence")],
      ["EVENT2", APPROVED],
    ]);
  });
});

describe("the requester's e-mail addresses", () => {
  it("refuse an approval by whoever has one of them", async () => {
    const { relay, teleport } = deciding({ requesterEmails: async () => ["BOB@example.com"] });
    teleport.put(liveOf({ user: "robert" }));
    relay.decider.decide(decideOf());
    await settled();
    expect(relay.outcomes).toEqual([["EVENT1", refused("self_approval")]]);
    expect(teleport.verdicts).toEqual([]);
  });

  it("make the decision wait while they cannot be read, and it is refused or carried out then", async () => {
    let isAway = true;
    const asked: string[] = [];
    const { relay, teleport, clock } = deciding({
      requesterEmails: async (user) => {
        asked.push(user);
        if (isAway) throw UNAVAILABLE;
        return [];
      },
    });
    relay.decider.decide(decideOf());
    await settled();
    expect([relay.outcomes, teleport.verdicts]).toEqual([[], []]);
    isAway = false;
    await clock.pass(10_000);
    expect([relay.outcomes, asked]).toEqual([[["EVENT1", APPROVED]], ["alice@example.com", "alice@example.com"]]);
  });

  it("are not asked for when the request is over", async () => {
    const asked: string[] = [];
    const { relay, teleport } = deciding({
      requesterEmails: async (user) => {
        asked.push(user);
        return [];
      },
    });
    teleport.put(liveOf({ state: "DENIED" }));
    relay.decider.decide(decideOf());
    await settled();
    expect([relay.outcomes, asked]).toEqual([[["EVENT1", refused("not_pending")]], []]);
  });
});
