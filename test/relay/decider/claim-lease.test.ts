import { describe, expect, it } from "vitest";
import { CLAIM_LEASE_MS } from "../../../relay/decider/claim.ts";
import { ClaimLeases } from "../../../relay/decider/claim-lease.ts";
import { verifiedClick } from "../../../relay/decider/evidence.ts";
import { ManualClock } from "../../fakes/clock.ts";
import { MemoryTeleport } from "../../fakes/memory-teleport.ts";
import { liveOf, NOW_MS, noteEvidence, REQUEST_ID, verifiersOf } from "../clicks.ts";
import { UNAVAILABLE } from "../deciding.ts";

function leasing() {
  const clock = new ManualClock(NOW_MS);
  const teleport = new MemoryTeleport();
  teleport.put(liveOf());
  let ids = 0;
  const claims = new ClaimLeases({ teleport, clock, randomId: () => `attempt-${++ids}` });
  const click = verifiedClick(noteEvidence(), "EVENT1", verifiersOf());
  if (click === undefined) throw new Error("the note shows no click");
  const data = () => teleport.data.get(REQUEST_ID) ?? {};
  return { clock, teleport, claims, click, data, isOver: () => claims.isOver(REQUEST_ID, data(), clock.now()) };
}

describe("the lease of a claim", () => {
  it("is nobody's before there is one", () => {
    expect(leasing().isOver()).toBe(true);
  });

  it("of another lasts from when it was first seen", async () => {
    const { clock, claims } = leasing();
    const data = { decision: "approve theirs EVENT1" };
    expect(claims.isOver(REQUEST_ID, data, clock.now())).toBe(false);
    await clock.pass(CLAIM_LEASE_MS - 1);
    expect(claims.isOver(REQUEST_ID, data, clock.now())).toBe(false);
    await clock.pass(1);
    expect(claims.isOver(REQUEST_ID, data, clock.now())).toBe(true);
  });

  it("begins anew with each attempt of another", async () => {
    const { clock, claims } = leasing();
    claims.isOver(REQUEST_ID, { decision: "approve one EVENT1" }, clock.now());
    await clock.pass(CLAIM_LEASE_MS);
    expect(claims.isOver(REQUEST_ID, { decision: "approve two EVENT1" }, clock.now())).toBe(false);
  });

  it("is not over for a reading that began before it was", async () => {
    const { clock, claims } = leasing();
    const data = { decision: "approve theirs EVENT1" };
    claims.isOver(REQUEST_ID, data, clock.now());
    const readMs = clock.now() + CLAIM_LEASE_MS - 1;
    await clock.pass(CLAIM_LEASE_MS * 2);
    expect(claims.isOver(REQUEST_ID, data, readMs)).toBe(false);
  });

  it("of ours counts from the call on, and not before there is one", async () => {
    const { clock, claims, click, isOver, data } = leasing();
    expect(await claims.take(REQUEST_ID, click, data())).toBe(true);
    expect(data()).toEqual({ decision: "approve attempt-1 EVENT1" });
    expect(isOver()).toBe(true);
    await clock.pass(1_000);
    claims.begin(REQUEST_ID);
    expect(isOver()).toBe(false);
    await clock.pass(CLAIM_LEASE_MS);
    expect(isOver()).toBe(true);
  });

  it("of ours needs no answer to be known as ours", async () => {
    const { teleport, claims, click, isOver, data } = leasing();
    teleport.after = () => {
      throw UNAVAILABLE;
    };
    await expect(claims.take(REQUEST_ID, click, data())).rejects.toBe(UNAVAILABLE);
    expect(data()).toHaveProperty("decision");
    expect(isOver()).toBe(true);
  });

  it("is had by one of two that take it from the same reading", async () => {
    const { teleport, clock, claims, click, data } = leasing();
    const others = new ClaimLeases({ teleport, clock, randomId: () => "theirs" });
    const read = data();
    expect(await Promise.all([claims.take(REQUEST_ID, click, read), others.take(REQUEST_ID, click, read)])).toEqual([
      true,
      false,
    ]);
  });

  it("is taken over from the very claim that was read, and from no other", async () => {
    const { teleport, claims, click } = leasing();
    teleport.data.set(REQUEST_ID, { decision: "approve newer EVENT1" });
    expect(await claims.take(REQUEST_ID, click, { decision: "approve older EVENT1" })).toBe(false);
    expect(await claims.take(REQUEST_ID, click, { decision: "approve newer EVENT1" })).toBe(true);
  });
});
