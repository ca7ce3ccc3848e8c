/** Every pitfall, fault and abuse that has to be tested is in docs/pitfalls.md, beside tests that are there. */
import { describe, expect, it } from "vitest";
import { citedIn, documentText, rowsIn, whyMissing } from "./cited-tests.ts";

const CASES: Readonly<Record<string, readonly string[]>> = {
  "What receivers of PagerDuty's webhooks stumbled over": [
    "an event type or a shape that the receiver does not know is refused, and PagerDuty disables the subscription",
    "the signature header is compared as a whole",
    "the body is parsed and written anew, or read in another charset, before it is verified",
    "a slow handler is retried and has two effects",
    "a merge is a resolve by whoever merged, with an object for its reason",
    "after three bad answers events are dropped for a day, and one incident's later events wait up to two days behind one",
    "an incident is resolved without a decision, and the request hangs",
    "the public address is wrong, and a click does nothing",
    "a text is too long, and nobody is paged",
  ],
  Webhook: [
    "a valid delivery",
    "no signature, a wrong one, `v2=` only, upper case, odd length, non-hex",
    "two signatures, the second valid, spaces after the comma",
    "an empty or short secret",
    "the right gate token, an unknown signature",
    "a rotation of secrets",
    "one byte flipped anywhere",
    "JSON serialised anew",
    "10 MB, or chunked without a length",
    "100,000 levels under a valid signature",
    "`__proto__` keys",
    "an unknown type, a ping",
    "GET, PUT, HEAD",
  ],
  Authority: [
    "a requester approves their own",
    "somebody who is not in `approvers`",
    "no agent, a service or an app",
    "the envelope says approve, the bytes deny",
    "a role outside the list",
    "a decision for A in B's envelope",
    "cluster X's evidence at relay Y",
    "a request that changed since it was paged",
    "an old approval, an old denial",
    "a reason that contains a command",
    "bidirectional text, line breaks, HTML, a reason of 100 KB",
    "a trimmed note",
    "a look-up of a person or of who is on call fails",
  ],
  Order: [
    "a click before the create's answer is stored",
    "an approval and a denial together, in both orders",
    "one delivery a hundred times",
    "the create's answer is lost",
    "merged",
    "reassigned, reopened",
    "an incident planted under our key",
    "a lost `bind` or `bound`",
    "rights lost, an empty list",
    "deleted or expired while approving",
    "resolved in Teleport meanwhile",
  ],
  Crashes: [
    "the relay dies between Teleport's answer and the edge's",
    "it dies after the audit line, before the call",
    "the edge dies after it has stored a click, before its 202",
    "the object is evicted in the middle of its work",
    "the alarm is killed, or fails seven times",
  ],
  Connections: [
    "two relays, both believing that they are active",
    "an old epoch's late answer",
    "a `jti` twice, an expired token, `alg: none`, HS256, another audience",
    "a half-open socket",
    "the edge is replaced, an older relay stays",
    "a thousand relays that connect again",
    "frames that are too large, in fragments, compressed",
    "a gap, a repetition or another order of numbers",
  ],
  Dependencies: [
    "PagerDuty refuses for ten minutes, fails, hangs",
    "Teleport is away for an hour",
    "a certificate is renewed, is about to expire, expires under way",
    "the watch runs over, its INIT comes late",
    "the relay's clock is wrong",
    "a click that only looking found",
    "a secret in a configuration or an error",
  ],
};

const rows = rowsIn(documentText("docs/pitfalls.md")).map(({ heading, cells: [what = "", end = "", tests = ""] }) => ({
  heading,
  what,
  end,
  tests,
}));

describe("docs/pitfalls.md", () => {
  it("has every case, once, and none besides", () => {
    const named = Object.groupBy(rows, ({ heading }) => heading);
    const listed = Object.entries(named).map(([heading, group]) => [heading, group?.map(({ what }) => what)]);
    expect(listed).toEqual(Object.entries(CASES));
  });

  it.each(rows)("says what comes of it, and which tests show that: $what", ({ end, tests }) => {
    expect(end).not.toBe("");
    const cited = citedIn(tests);
    expect(cited.flatMap((test) => whyMissing(test) ?? [])).toEqual([]);
    expect(cited).toHaveLength(tests.split("<br>").length);
  });
});
