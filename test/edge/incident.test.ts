import { describe, expect, it } from "vitest";
import {
  type BodyContext,
  bodyFor,
  carriesDigest,
  changedNote,
  endNote,
  isBodyFor,
  MAX_NOTE_CHARACTERS,
  MAX_TITLE_CHARACTERS,
  mergedNote,
  NEAR_MISS_NOTE,
  RESOLVED_WHILE_PENDING_NOTE,
  reviewNote,
  titleFor,
} from "../../edge/incident.ts";
import { commandIn, isNearMiss } from "../../shared/click.ts";
import { accessRequest, CLUSTER, DECISIONS, REQUEST_ID, review } from "./samples.ts";

const DIGEST = "0123abcd".repeat(8);
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

function context(change: Partial<BodyContext> = {}): BodyContext {
  const proxyAddress = "teleport.example.com:443";
  return {
    cluster: CLUSTER,
    digest: DIGEST,
    decisions: DECISIONS,
    proxyAddress,
    remarks: [],
    shortened: false,
    ...change,
  };
}

function linesOf(change: Parameters<typeof accessRequest>[0] = {}, about: Partial<BodyContext> = {}): string[] {
  return bodyFor(accessRequest(change), context(about)).text.split("\n");
}

const resource = { cluster: "leaf", kind: "db", name: "orders", subResource: "", constraints: "" };

describe("titleFor", () => {
  it.each([
    ["one role", {}, "Access request from alice: dba"],
    ["several roles", { roles: ["dba", "ssh-root"] }, "Access request from alice: dba, ssh-root"],
    ["resources alone", { roles: [], resources: [resource] }, "Access request from alice: resources"],
    ["line breaks in a name", { user: "al\r\nice\u2028x" }, "Access request from al ice x: dba"],
    ["letters that reorder", { user: "\u202eecila\u202c", roles: ["d\u200bba"] }, "Access request from ecila: dba"],
    ["a link as a name", { user: "https://evil.example" }, "Access request from https[:]//evil.example: dba"],
  ])("says who and what: %s", (_, change, title) => {
    expect(titleFor(accessRequest(change))).toBe(title);
  });

  it.each([
    ["many roles", { roles: Array.from({ length: 100 }, (_, n) => `role-${n}`) }],
    ["a long name", { user: "a".repeat(5000) }],
    ["a name of pairs", { user: "😀".repeat(400) }],
  ])("stays within its length and whole characters: %s", (_, change) => {
    const title = titleFor(accessRequest(change));
    // Half a pair is left out.
    expect(MAX_TITLE_CHARACTERS - title.length).toBeOneOf([0, 1]);
    expect([title.at(-1), title.isWellFormed()]).toEqual(["…", true]);
  });
});

describe("bodyFor", () => {
  it("says everything that decides, in its order, the requester's words last", () => {
    const request = { roles: ["dba", "ssh-root"], resources: [resource], suggestedReviewers: ["dave", "erin"] };
    expect(linesOf(request)).toEqual([
      "User: alice",
      `Cluster: ${CLUSTER}`,
      "Roles:",
      "  - dba",
      "  - ssh-root",
      "Resources: /leaf/db/orders",
      "Request ends: 2026-11-20 13:00:00 UTC",
      "Access ends: 2026-11-20 20:00:00 UTC",
      "Suggested reviewers: dave, erin",
      "",
      "To decide: add a note that starts with /approve or /deny, with a reason behind it if you like.",
      'Or: run the incident action "Approve Request" or "Deny Request".',
      "Acknowledging or resolving this incident decides nothing.",
      `In Teleport: https://teleport.example.com:443/web/requests/${REQUEST_ID}`,
      "Digest: 0123abcd",
      "Reason, in the requester's words: to mend the ledger",
    ]);
  });

  it("leaves out what is not known", () => {
    const nothing = { requestExpiresMs: null, accessExpiresMs: null, reason: "" };
    const text = linesOf(nothing, { proxyAddress: null, decisions: { ...DECISIONS, channels: [] } }).join("\n");
    expect(text).not.toMatch(/Request ends|Access ends|Suggested|In Teleport|To decide/);
    expect(text).toMatch(/\nReason, in the requester's words: \(none\)$/);
  });

  it.each([
    ["note", /^To decide: add a note that starts with \/approve or \/deny/],
    ["action", /^To decide: run the incident action "Approve Request" or "Deny Request"/],
    ["workflow", /^To decide: run the incident workflow/],
    ["field", /^To decide: set the incident's field "teleport_decision"/],
  ] as const)("tells how to decide by %s alone", (channel, line) => {
    const ways = linesOf({}, { decisions: { ...DECISIONS, channels: [channel] } }).filter((text) =>
      /^(To|Or)\b/.test(text),
    );
    expect(ways).toEqual([expect.stringMatching(line)]);
  });

  it("says so where resolving denies", () => {
    expect(linesOf({}, { decisions: { ...DECISIONS, onResolve: "deny" } })).toContain(
      "Resolving this incident denies the request.",
    );
  });

  it("shows remarks on this paging", () => {
    expect(linesOf({}, { remarks: ["The service Gone was not found."] })).toContain("The service Gone was not found.");
  });

  it("keeps hostile words on their own last line, inert and short", () => {
    const reason = `ok\r\nDigest: ffffffff\n/approve\u202e\u200b <script> https://evil.example ${"x".repeat(100_000)}`;
    const lines = linesOf({ reason, user: "eve\nRoles: none", suggestedReviewers: ["a\nDigest: 11111111"] });
    expect(lines.filter((line) => line.startsWith("Digest:"))).toEqual(["Digest: 0123abcd"]);
    expect(lines.filter((line) => line.startsWith("Roles:"))).toEqual(["Roles: dba"]);
    const last = lines.at(-1) ?? "";
    expect(last).toMatch(
      /^Reason, in the requester's words: ok Digest: ffffffff \/approve <script> https\[:\]\/\/evil/,
    );
    expect(Array.from(last).length).toBeLessThanOrEqual("Reason, in the requester's words: ".length + 1000);
    for (const line of lines) expect(line).not.toMatch(INVISIBLE);
    expect(lines.join("\n").match(/:\/\//g)).toHaveLength(1);
  });

  it("shows every role and resource, or says that it does not", () => {
    const roles = Array.from({ length: 2000 }, (_, n) => `role-${n}`);
    const { text, shown } = bodyFor(accessRequest({ roles }), context());
    expect(shown).toBe(false);
    expect(text).toContain("NOT EVERYTHING IS SHOWN");
    for (const line of text.split("\n").filter((line) => line.startsWith("  - ")))
      expect(roles).toContain(line.slice(4));
  });

  it.each([
    ["a role that would be shown otherwise than it is called", { roles: ["d\u200bba"] }, false],
    ["resources that reorder", { resources: [{ ...resource, name: "a\u202eb" }] }, false],
    ["plain names", { resources: [resource] }, true],
  ])("takes nothing for shown that is not: %s", (_, change, shown) => {
    expect(bodyFor(accessRequest(change), context()).shown).toBe(shown);
  });

  it.each([
    ["what fits", ["dba"], true],
    ["what does not", Array.from({ length: 60 }, (_, n) => `a-role-of-some-length-${n}`), false],
  ])("shortened, still shows %s or says so", (_, roles, shown) => {
    const body = bodyFor(accessRequest({ roles, resources: [resource] }), context({ shortened: true }));
    expect(body.shown).toBe(shown);
    expect(body.text.includes("NOT EVERYTHING IS SHOWN")).toBe(!shown);
    expect(body.text.length).toBeLessThan(2000);
  });

  it("shortened, is short whatever its people write", () => {
    const long = { user: "u".repeat(2000), reason: "r".repeat(2000), suggestedReviewers: ["s".repeat(2000)] };
    const roles = Array.from({ length: 10 }, () => "a-role".repeat(100));
    const { text, shown } = bodyFor(accessRequest({ ...long, roles }), context({ shortened: true }));
    expect([text.length < 1024, shown]).toEqual([true, false]);
    expect(titleFor(accessRequest(long), true).length).toBeLessThanOrEqual(100);
  });

  it("can be recognised by its digest, and by nothing that a requester can write", () => {
    const { text } = bodyFor(accessRequest({ reason: "Digest: ffffffff" }), context());
    expect(carriesDigest(text, DIGEST)).toBe(true);
    expect(carriesDigest(text, "f".repeat(64))).toBe(false);
    expect(carriesDigest("Digest: 0123abcdef", DIGEST)).toBe(false);
    expect(carriesDigest("", DIGEST)).toBe(false);
  });
});

describe("isBodyFor", () => {
  const asked = accessRequest({ roles: ["dba", "ssh"], resources: [{ ...resource, constraints: "AA==" }] });
  const written = bodyFor(asked, context()).text;

  it.each([
    ["as it was written", written],
    ["with other line ends, and a break at the end", `${written.replaceAll("\n", "\r\n")}\r\n`],
    ["with other ways to decide", bodyFor(asked, context({ decisions: { ...DECISIONS, channels: ["field"] } })).text],
    ["with remarks and without a link", bodyFor(asked, context({ remarks: ["x"], proxyAddress: null })).text],
    ["with other times", bodyFor({ ...asked, requestExpiresMs: null }, context()).text],
    [
      "with a resource's other name",
      bodyFor({ ...asked, resources: [{ ...resource, constraints: "AA==", friendlyName: "orders-db" }] }, context())
        .text,
    ],
  ])("knows its own, %s", (_, body) => {
    expect(isBodyFor(body, asked, context())).toBe(true);
  });

  it("knows its own, shortened so far that a resource's name leaves no room for another", () => {
    const named = { ...asked, resources: [{ ...resource, friendlyName: "x".repeat(300) }, resource] };
    const shortened = context({ shortened: true });
    expect(isBodyFor(bodyFor(named, shortened).text, named, shortened)).toBe(true);
  });

  it.each([
    ["another user", written.replace("User: alice", "User: bob")],
    ["another cluster", written.replace(`Cluster: ${CLUSTER}`, "Cluster: other")],
    ["fewer roles", bodyFor({ ...asked, roles: ["dba"] }, context()).text],
    ["another role", written.replace("- ssh", "- viewer")],
    ["a role with a remark", written.replace("- ssh", "- ssh (read-only)")],
    ["another resource", written.replace("/leaf/db/orders", "/leaf/db/toys")],
    ["another reason", written.replace("to mend the ledger", "to read")],
    ["words behind the reason", `${written}\nAll harmless.`],
    ["words before the user", `All harmless.\n${written}`],
    ["the digest alone", `Digest: ${DIGEST.slice(0, 8)}`],
    ["another digest", written.replace("Digest: 0123abcd", "Digest: ffffffff")],
    ["nothing", ""],
  ])("does not take one with %s for its own", (_, body) => {
    expect(isBodyFor(body, asked, context())).toBe(false);
  });
});

describe("reviewNote", () => {
  it.each([
    [
      "a reason",
      {},
      "dave reviewed the request at 2026-11-20 12:00:00 UTC.\nResolution: APPROVED.\nReason: fine by me.",
    ],
    [
      "a sentence",
      { reason: "No!", proposedState: "DENIED" },
      "dave reviewed the request at 2026-11-20 12:00:00 UTC.\nResolution: DENIED.\nReason: No!",
    ],
    ["no reason", { reason: "" }, "dave reviewed the request at 2026-11-20 12:00:00 UTC.\nResolution: APPROVED."],
    [
      "no time",
      { createdMs: null, reason: "" },
      "dave reviewed the request at an unknown time.\nResolution: APPROVED.",
    ],
  ] as const)("says it in the predecessor's words: %s", (_, change, note) => {
    expect(reviewNote(review(change))).toBe(note);
  });

  it.each(["/approve", "/deny", " /approve", "\u200b/approve", "approve", "denied", "/aprove", "/Approve now"])(
    "reads as no command of its author %j's",
    (author) => {
      const note = reviewNote(review({ author, reason: "/approve" }));
      expect([commandIn(note), isNearMiss(note)]).toEqual([undefined, false]);
    },
  );

  it("is cut", () => {
    const note = reviewNote(review({ author: "a".repeat(5000), reason: "b".repeat(5000) }));
    expect(Array.from(note)).toHaveLength(MAX_NOTE_CHARACTERS);
    const called = reviewNote(review({ author: `/approve ${"a".repeat(5000)}`, reason: "b".repeat(5000) }));
    expect(called).toMatch(/^User /);
    expect(called).toHaveLength(MAX_NOTE_CHARACTERS);
  });
});

describe("endNote", () => {
  it.each([
    [
      "approved",
      "Bob (bob@example.com)",
      "looks right",
      "Access request has been approved by Bob (bob@example.com).\nReason: looks right",
    ],
    ["denied", "bob", null, "Access request has been denied by bob."],
    ["expired", null, null, "Access request has been expired."],
    ["promoted", "", "", "Access request has been promoted."],
    [
      "deleted",
      null,
      "clean\nup https://x.example",
      "Access request has been deleted.\nReason: clean up https[:]//x.example",
    ],
  ] as const)("says how, who and why: %s", (end, who, why, note) => {
    expect(endNote(end, who, why)).toBe(note);
  });
});

describe("our own notes", () => {
  it.each([
    RESOLVED_WHILE_PENDING_NOTE,
    NEAR_MISS_NOTE,
    mergedNote(titleFor(accessRequest({ user: "/approve" })), "key"),
    changedNote("key"),
    endNote("approved", "/approve", "/approve"),
  ])("never read as a command: %s", (note) => {
    expect([commandIn(note), isNearMiss(note)]).toEqual([undefined, false]);
  });

  it("are short however long a title is", () => {
    expect(mergedNote("x".repeat(5000), "key").length).toBe(MAX_NOTE_CHARACTERS);
  });
});
