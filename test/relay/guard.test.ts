import { describe, expect, it } from "vitest";
import { type Case, judge } from "../../relay/guard.ts";
import { incidentKeyFor } from "../../shared/incident-key.ts";
import { BOB, boundData, CLUSTER, INCIDENT_ID, liveOf, NOW_MS, policyOf, requestOf, wordOf } from "./clicks.ts";
import { approval, clicked, governed, refusalOf, requested } from "./guard/cases.ts";

describe("the cluster", () => {
  it.each([
    ["another cluster's", incidentKeyFor("other.example.com", "1", 1), "wrong_cluster"],
    ["our own", incidentKeyFor(CLUSTER, "1", 2), "submit"],
    ["the predecessor's, which names none", "teleport-access-request/1", "submit"],
    ["nobody's", "something-else/other.example.com/1", "submit"],
    ["an empty", "", "submit"],
  ])("is judged by %s incident key too", (_, incidentKey, expected) => {
    expect(refusalOf(judge(clicked(approval(), { incidentKey })))).toBe(expected);
  });
});

describe("a request that is not pending", () => {
  it.each(["NONE", "APPROVED", "DENIED", "PROMOTED"] as const)("takes no click once it is %s", (state) => {
    expect(judge(requested(approval(), { state }))).toMatchObject({ refusal: "not_pending", state, detail: "" });
  });

  it("tells who denies too late when the access ends and how to end it now", () => {
    const judged = clicked(requested(approval(), { state: "APPROVED", user: "alice" }), { verdict: "deny" });
    expect(judge(judged)).toMatchObject({
      detail: "The access ends at 2026-01-01T02:00:00.000Z. To end it now, run: tctl lock --user=alice",
    });
    expect(judge(requested(judged, { accessExpiresMs: null }))).toMatchObject({
      detail: "To end it now, run: tctl lock --user=alice",
    });
  });

  it.each(["NONE", "DENIED", "PROMOTED"] as const)("tells of no access that a %s request has not given", (state) => {
    expect(judge(clicked(requested(approval(), { state }), { verdict: "deny" }))).toMatchObject({ detail: "" });
  });

  it.each(["alice; reboot", "$(reboot)", "a\nb", "`id`", "--help me"])(
    "puts no user's name into a command that would do something else: %j",
    (user) => {
      const judged = clicked(requested(approval(), { state: "APPROVED", user }), { verdict: "deny" });
      const named = expect.stringMatching(/run: tctl lock --user='the name of the user'$/);
      expect(judge(judged)).toMatchObject({ detail: named });
    },
  );
});

describe("the binding", () => {
  it.each([
    ["nothing", {}],
    ["the predecessor's incident alone", { incident_id: INCIDENT_ID, service_id: "P1" }],
    ["incidents that cannot be read", { incidents: "no colon,,:x,x:" }],
  ])("is waited for while plugin data holds %s", (_, pluginData) => {
    expect(judge(approval({ pluginData }))).toEqual({ kind: "wait" });
    expect(judge(clicked(approval({ pluginData }), { verdict: "deny" }))).toEqual({ kind: "wait" });
  });

  it("is not waited for once the request has ended", () => {
    expect(refusalOf(judge(requested(approval({ pluginData: {} }), { state: "DENIED" })))).toBe("not_pending");
  });

  it("counts each of several incidents, and no part of their names", () => {
    const pluginData = { ...boundData(), incidents: "P1:QONE,P2:QTWO" };
    const onIncident = (incidentId: string): Case => clicked(approval({ pluginData }), { incidentId });
    expect(refusalOf(judge(onIncident("QTWO")))).toBe("submit");
    expect(refusalOf(judge(onIncident("QTW")))).toBe("wrong_incident");
    expect(refusalOf(judge(onIncident("P1")))).toBe("wrong_incident");
  });

  it("lets a click for one request decide no other", () => {
    const other = requestOf({ id: "another-request" });
    const judged = approval({ live: { ...liveOf(), request: other }, pluginData: boundData(other, "QOTHER") });
    expect(refusalOf(judge(judged))).toBe("wrong_incident");
  });
});

describe("the agent", () => {
  it.each([
    ["nobody", null],
    ["an app", { id: BOB, type: "app_reference" }],
    ["a service", { id: BOB, type: "service_reference" }],
    ["an inbound integration", { id: BOB, type: "inbound_integration_reference" }],
    ["something that is almost a person", { id: BOB, type: "User_Reference" }],
    ["our own user", { id: "PBOT000", type: "user_reference" }],
  ])("must be a person: not %s", (_, agent) => {
    const judged = clicked(approval({ policy: policyOf({ approvers: ["*"] }) }), { agent });
    expect(refusalOf(judge(judged))).toBe("no_agent");
    expect(refusalOf(judge(clicked(judged, { verdict: "deny" })))).toBe("no_agent");
  });
});

describe("the time of a click", () => {
  it.each([
    ["at the limit", -600_000, "submit"],
    ["a millisecond past it", -600_001, "stale"],
    ["60 s ahead", 60_000, "submit"],
    ["more than 60 s ahead", 60_001, "stale"],
  ])("counts %s", (_, offsetMs, expected) => {
    expect(refusalOf(judge(clicked(approval(), { occurredMs: NOW_MS + offsetMs })))).toBe(expected);
  });

  it("does not count for a denial, however old or far ahead", () => {
    for (const occurredMs of [0, NOW_MS - 172_800_000, NOW_MS * 2])
      expect(refusalOf(judge(clicked(approval(), { verdict: "deny", occurredMs })))).toBe("submit");
  });
});

describe("approvers", () => {
  const NOBODY_ON_CALL = wordOf({ onCallLevels: null });
  it.each([
    ["the user ID", ["PBOB123"], NOBODY_ON_CALL, "submit"],
    ["the user ID in other letters", ["pbob123"], NOBODY_ON_CALL, "not_an_approver"],
    ["the address", ["bob@example.com"], NOBODY_ON_CALL, "submit"],
    ["the address in other letters", ["BOB@Example.COM"], NOBODY_ON_CALL, "submit"],
    ["the edge's address in other letters", ["bob@example.com"], wordOf({ email: "Bob@EXAMPLE.com" }), "submit"],
    ["anybody", ["*"], NOBODY_ON_CALL, "submit"],
    ["anybody, of no address", ["*"], wordOf({ email: null, onCallLevels: null }), "unknown_identity"],
    ["somebody else", ["carol@example.com", "PCAROL1"], NOBODY_ON_CALL, "not_an_approver"],
    ["nobody", [], wordOf(), "not_an_approver"],
    ["on call", ["on-call"], wordOf(), "submit"],
    ["on call, when the edge did not ask", ["on-call"], NOBODY_ON_CALL, "not_on_call"],
    ["on call or Bob, who is not on call", ["on-call", "PBOB123"], NOBODY_ON_CALL, "submit"],
    ["on call or Carol", ["carol@example.com", "on-call"], wordOf({ onCallLevels: [] }), "not_on_call"],
  ])("may be %s", (_, approvers, word, expected) => {
    expect(refusalOf(judge(approval({ policy: policyOf({ approvers }), word })))).toBe(expected);
  });

  it.each(["PCAROL1", "pcarol1", "on-call", "*"])(
    "are not to be had by an edge that gives %s for an address",
    (email) => {
      const judged = approval({ policy: policyOf({ approvers: ["PCAROL1"] }), word: wordOf({ email }) });
      expect(refusalOf(judge(judged))).toBe("not_an_approver");
      const onCall = approval({ policy: policyOf(), word: wordOf({ email, onCallLevels: null }) });
      expect(refusalOf(judge(onCall))).toBe("not_on_call");
    },
  );

  it.each([
    [0, [9], "submit"],
    [1, [1], "submit"],
    [1, [2], "not_on_call"],
    [2, [3, 2], "submit"],
    [2, [3], "not_on_call"],
    [0, [0], "not_on_call"],
    [3, [-1], "not_on_call"],
  ])("with %d levels take level %j", (onCallLevels, levels, expected) => {
    const judged = approval({ policy: policyOf({ onCallLevels }), word: wordOf({ onCallLevels: levels }) });
    expect(refusalOf(judge(judged))).toBe(expected);
  });
});

describe("self approval", () => {
  const SELF = "alice@example.com";
  it.each([
    ["the same address", SELF, SELF, "self_approval"],
    ["the address in other letters", "ALICE@Example.com", SELF, "self_approval"],
    ["another composition of the same letters", "jose\u0301@example.com", "jos\u00e9@example.com", "self_approval"],
    ["folded letters", "STRASSE@example.com", "stra\u00dfe@example.com", "self_approval"],
    ["a capital sharp s", "stra\u1e9ee@example.com", "stra\u00dfe@example.com", "self_approval"],
    ["another person", "bob@example.com", SELF, "submit"],
    ["a requester without an address", "bob@example.com", "alice", "unknown_identity"],
    ["an approver without an address", null, SELF, "unknown_identity"],
    ["an approver with half an address", "bob@", SELF, "unknown_identity"],
  ])("is found by %s", (_, email, user, expected) => {
    const judged = approval({
      word: wordOf({ email }),
      live: liveOf({ user }),
      pluginData: boundData(requestOf({ user })),
    });
    expect(refusalOf(judge(judged))).toBe(expected);
  });

  it("is found by a mapped name, whatever the edge says of the address", () => {
    const policy = policyOf({ users: { [BOB]: ["other", "ALICE@example.com"] } });
    expect(refusalOf(judge(approval({ policy })))).toBe("self_approval");
    expect(refusalOf(judge(approval({ policy, word: wordOf({ email: null }) })))).toBe("self_approval");
  });

  it("is found by an address among the requester's traits", () => {
    expect(refusalOf(judge(approval({ requesterEmails: ["x@y.z", "bob@example.com"] })))).toBe("self_approval");
  });

  it("goes when it is allowed, and leaves those unknown who were", () => {
    const allowed = governed(approval({ requesterEmails: ["BOB@example.com"] }), { allowSelfApproval: true });
    expect(refusalOf(judge(allowed))).toBe("submit");
    expect(refusalOf(judge({ ...allowed, word: wordOf({ email: null }) }))).toBe("unknown_identity");
  });
});

describe("the roles", () => {
  it.each([
    ["the one that may be", ["prod-db"], ["prod-db"], "submit"],
    ["one of two that may not be", ["prod-db"], ["prod-db", "root"], "role_not_approvable"],
    ["every role", ["*"], ["anything"], "submit"],
    ["no role where all may be", ["*"], [], "submit"],
    ["no role where some may be", ["prod-db"], [], "role_not_approvable"],
    ["any where none may be", [], ["prod-db"], "role_not_approvable"],
    ["none where none may be", [], [], "role_not_approvable"],
    ["a role in other letters", ["prod-db"], ["Prod-DB"], "role_not_approvable"],
    ["a role that looks like a pattern", ["prod-*"], ["prod-db"], "role_not_approvable"],
  ])("of a request are judged one by one: %s", (_, approvableRoles, roles, expected) => {
    const judged = approval({
      policy: policyOf({ approvableRoles }),
      live: liveOf({ roles }),
      pluginData: boundData(requestOf({ roles })),
    });
    expect(refusalOf(judge(judged))).toBe(expected);
  });
});

describe("what was shown", () => {
  it.each([
    ["a role with a character that nobody sees", ["prod-db\u200b"]],
    ["more roles than an incident holds", Array.from({ length: 500 }, (_, index) => `role-${index}-padding`)],
  ])("was not all, with %s, whatever the edge says", (_, roles) => {
    const judged = approval({
      policy: policyOf({ approvableRoles: ["*"] }),
      live: liveOf({ roles }),
      pluginData: boundData(requestOf({ roles })),
    });
    expect(refusalOf(judge(judged))).toBe("not_shown");
  });

  it.each([
    ["a role more", { roles: ["prod-db", "prod-db"] }],
    ["another reason", { reason: "on ice" }],
    ["another end", { accessExpiresMs: NOW_MS + 1 }],
    ["another user", { user: "mallory@example.com" }],
  ])("is another request with %s", (_, change) => {
    expect(refusalOf(judge(requested(approval(), change)))).toBe("request_changed");
  });

  it.each([
    ["its reviews", { reviews: [{ author: "x", proposedState: "APPROVED" as const, reason: "", createdMs: null }] }],
    ["its own end", { requestExpiresMs: 1 }],
    ["the order of its roles", { roles: ["prod-db"] }],
  ])("is the same request with %s changed", (_, change) => {
    expect(refusalOf(judge(requested(approval(), change)))).toBe("submit");
  });

  it("is no request without a digest", () => {
    expect(refusalOf(judge(approval({ pluginData: { ...boundData(), digest: "" } })))).toBe("request_changed");
  });
});

describe("thresholds", () => {
  it.each([
    ["none", [], "submit"],
    ["one approval", [{ approve: 1, filter: "" }], "submit"],
    ["one that is unset", [{ approve: 0, filter: "" }], "submit"],
    ["two approvals", [{ approve: 2, filter: "" }], "needs_more_approvals"],
    [
      "two, beside one",
      [
        { approve: 1, filter: "" },
        { approve: 2, filter: "" },
      ],
      "needs_more_approvals",
    ],
    ["one of certain people", [{ approve: 1, filter: "reviewer.name" }], "needs_more_approvals"],
  ])("of %s are kept", (_, thresholds, expected) => {
    expect(refusalOf(judge(approval({ live: liveOf({}, { thresholds }) })))).toBe(expected);
  });

  it("are not lifted by reviews that were given", () => {
    const review = { author: "carol", proposedState: "APPROVED" as const, reason: "", createdMs: NOW_MS };
    const live = liveOf({ reviews: [review] }, { thresholds: [{ approve: 2, filter: "" }] });
    expect(refusalOf(judge(approval({ live })))).toBe("needs_more_approvals");
  });
});

describe("the way of deciding", () => {
  const way = (change: Partial<Case["way"]>): Partial<Case> => ({ way: { ...approval().way, ...change } });
  const TWO = { live: liveOf({}, { thresholds: [{ approve: 2, filter: "" }] }) };
  it.each([
    ["past thresholds is refused where one asks for more", { ...TWO }, "needs_more_approvals"],
    ["by review leaves thresholds to Teleport", { ...TWO, ...way({ passesThresholds: false }) }, undefined],
    [
      "by review is refused where the review is given",
      way({ passesThresholds: false, hasReviewed: true }),
      "needs_more_approvals",
    ],
    ["in a name is refused where nobody can be named", way({ namelessBecause: "Map them." }), "unknown_identity"],
  ] as const)("%s", (_, change, refusal) => {
    const judgement = judge(approval(change));
    expect(judgement.kind === "refuse" ? judgement.refusal : undefined).toBe(refusal);
  });

  it("refuses a denial too where Teleport could not take it", () => {
    const denial = clicked(approval(way({ hasReviewed: true })), { verdict: "deny" });
    expect(judge(denial)).toMatchObject({ kind: "refuse", refusal: "needs_more_approvals" });
  });

  it("says what to mend where nobody can be named", () => {
    expect(judge(approval(way({ namelessBecause: "Map them." })))).toMatchObject({ detail: "Map them." });
  });
});

describe("an incident that was taken over", () => {
  const adoptedAt = (adopted: string): Case => approval({ pluginData: { ...boundData(), adopted } });
  it.each([
    ["before", NOW_MS + 1],
    ["long before", NOW_MS + 3_600_000],
  ])("counts for nothing that was clicked %s, a denial included", (_, adoptedMs) => {
    for (const verdict of ["approve", "deny"] as const) {
      const judgement = judge(clicked(adoptedAt(String(adoptedMs)), { verdict }));
      expect(judgement).toMatchObject({ refusal: "wrong_incident", detail: expect.stringContaining("give it again") });
    }
  });

  it("counts from then on", () => {
    expect(judge(adoptedAt(String(NOW_MS))).kind).toBe("submit");
  });

  it.each(["soon", "-1", "1e99", "9".repeat(40)])("counts for nothing when it is not known since when: %s", (text) => {
    expect(judge(adoptedAt(text))).toMatchObject({ refusal: "wrong_incident" });
  });
});
