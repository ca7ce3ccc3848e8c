import { describe, expect, it } from "vitest";
import type { DecideBy } from "../../../relay/commands/check/role.ts";
import { type Author, wayToDecide } from "../../../relay/decider/ways-to-decide.ts";
import type { Policy } from "../../../relay/guard.ts";
import type { Click } from "../../../shared/click.ts";
import { ManualClock } from "../../fakes/clock.ts";
import { MemoryTeleport } from "../../fakes/memory-teleport.ts";
import { BOB, INCIDENT_ID, liveOf, NOW_MS, policyOf, REQUEST_ID, wordOf } from "../clicks.ts";
import { FORBIDDEN, UNAVAILABLE } from "../deciding.ts";

const CLICK: Click = {
  id: "EVENT1",
  channel: "note",
  verdict: "approve",
  agent: { id: BOB, type: "user_reference" },
  incidentId: INCIDENT_ID,
  incidentKey: null,
  occurredMs: NOW_MS,
  reason: "go on",
};
const START_MS = NOW_MS + 86_400_000;
const OWN: Author = { kind: "own" };

function deciding(decideBy: DecideBy, policy: Partial<Policy> = {}) {
  const teleport = new MemoryTeleport();
  const live = liveOf({}, { assumeStartMs: START_MS });
  teleport.put(live);
  const clock = new ManualClock(NOW_MS);
  const way = wayToDecide(decideBy, { teleport, ownUser: teleport.ownUser, policy: policyOf(policy), clock });
  return { teleport, live, way };
}

describe("decide_by", () => {
  it("state sets the state, with who, why and the start that was suggested", async () => {
    const { teleport, live, way } = deciding("state");
    expect(await way.carryOut({ click: CLICK, word: wordOf(), live, author: OWN })).toBe("taken");
    const words = { delegator: "pagerduty:bob@example.com", reason: "go on [pd:EVENT1]", assumeStartMs: START_MS };
    expect(teleport.verdicts).toEqual([{ requestId: REQUEST_ID, state: "APPROVED", words }]);
    expect(way.passesThresholds).toBe(true);
  });

  it.each([
    ["approve", "APPROVED"],
    ["deny", "DENIED"],
  ] as const)("review submits the relay's own review and says who decided: %s", async (verdict, state) => {
    const { teleport, live, way } = deciding("review");
    const click = { ...CLICK, verdict };
    expect(await way.authorOf(click, wordOf())).toEqual(OWN);
    expect(await way.carryOut({ click, word: wordOf(), live, author: OWN })).toMatchObject({ request: { state } });
    expect(teleport.reviews).toEqual([
      {
        requestId: REQUEST_ID,
        review: {
          author: null,
          proposedState: state,
          reason: "pagerduty:bob@example.com: go on [pd:EVENT1]",
          createdMs: NOW_MS,
          assumeStartMs: START_MS,
        },
      },
    ]);
    expect(way.passesThresholds).toBe(false);
  });

  it("review_on_behalf submits the review in the person's name", async () => {
    const { teleport, live, way } = deciding("review_on_behalf", { users: { [BOB]: ["bob"] } });
    const author = await way.authorOf(CLICK, wordOf());
    await way.carryOut({ click: CLICK, word: wordOf(), live, author });
    expect(teleport.reviews).toMatchObject([{ review: { author: "bob", reason: "go on [pd:EVENT1]" } }]);
  });

  it("review leaves to a reading what an answer does not tell", async () => {
    const { teleport, live, way } = deciding("review");
    await way.carryOut({ click: CLICK, word: wordOf(), live, author: OWN });
    expect(await way.carryOut({ click: CLICK, word: wordOf(), live, author: OWN })).toBe("unclear");
    teleport.drop(REQUEST_ID);
    expect(await way.carryOut({ click: CLICK, word: wordOf(), live, author: OWN })).toBe("unclear");
  });

  it("knows whose review a request has", () => {
    const { way } = deciding("review_on_behalf");
    const review = { author: "bob", proposedState: "APPROVED", reason: "", createdMs: null } as const;
    const live = liveOf({ reviews: [review] });
    expect(way.hasReviewed({ kind: "user", name: "bob" }, live)).toBe(true);
    expect(way.hasReviewed({ kind: "user", name: "carol" }, live)).toBe(false);
    expect(way.hasReviewed(OWN, live)).toBe(false);
    expect(way.hasReviewed(OWN, liveOf({ reviews: [{ ...review, author: "access-plugin" }] }))).toBe(true);
    expect(deciding("state").way.hasReviewed(OWN, live)).toBe(false);
  });
});

describe("the author of a review on behalf", () => {
  const bob = { kind: "user", name: "bob@example.com" };
  const unknown = expect.objectContaining({ kind: "unknown" });
  it.each([
    ["the one mapped user", { users: { [BOB]: ["bobby"] } }, {}, { kind: "user", name: "bobby" }],
    [
      "the mapped user, whatever the address",
      { users: { [BOB]: ["bobby"] } },
      { email: "eve@example.com" },
      { kind: "user", name: "bobby" },
    ],
    ["of several mapped users the one of that name", { users: { [BOB]: ["bobby", "bob@example.com"] } }, {}, bob],
    ["nobody of several mapped users of other names", { users: { [BOB]: ["bobby", "rob"] } }, {}, unknown],
    ["the user whose name is the address", {}, {}, bob],
    ["nobody by an address in other letters", {}, { email: "Bob@example.com" }, unknown],
    ["nobody by an address that is no user's", {}, { email: "carol@example.com" }, unknown],
    ["nobody without an address", {}, { email: null }, unknown],
    ["nobody by an address where only the mapping can tell", { identity: "mapped" }, {}, unknown],
    ["nobody by a name that is mapped to another", { users: { PCAROL1: ["BOB@example.com"] } }, {}, unknown],
    ["nobody by a name that every object has", { users: {} }, { email: "constructor" }, unknown],
  ] as const)("is %s", async (_, policy, word, author) => {
    const { teleport, way } = deciding("review_on_behalf", policy as Partial<Policy>);
    teleport.users.set("bob@example.com", {});
    expect(await way.authorOf(CLICK, wordOf(word))).toEqual(author);
  });

  it("is the relay itself for a denial by nobody that is known", async () => {
    const { way } = deciding("review_on_behalf");
    expect(await way.authorOf({ ...CLICK, verdict: "deny" }, wordOf())).toEqual(OWN);
  });

  it("is nobody where users may not be read, and is asked again where Teleport is away", async () => {
    const { teleport, way } = deciding("review_on_behalf");
    teleport.users.set("bob@example.com", {});
    teleport.before = () => {
      throw FORBIDDEN;
    };
    expect(await way.authorOf(CLICK, wordOf())).toEqual(unknown);
    teleport.before = () => {
      throw UNAVAILABLE;
    };
    await expect(way.authorOf(CLICK, wordOf())).rejects.toBe(UNAVAILABLE);
  });
});
