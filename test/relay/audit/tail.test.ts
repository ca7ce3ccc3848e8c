import { describe, expect, it } from "vitest";
import { type AuditRecord, auditLineFor } from "../../../relay/audit/record.ts";
import { tailOf } from "../../../relay/audit/tail.ts";
import { type AuditHead, GENESIS } from "../../../shared/audit-chain.ts";
import { intent } from "./records.ts";

/** Lines that follow one another, and what the chain makes of them. */
function chain(records: readonly AuditRecord[], from: AuditHead = { lines: 0, head: GENESIS }) {
  const texts: string[] = [];
  const digests: string[] = [];
  let end = from;
  for (const record of records) {
    const line = auditLineFor(record, end);
    texts.push(line.text);
    digests.push(line.digest);
    end = line.end;
  }
  return { texts, digests, end };
}

const subject = (number: number) => {
  const { requestId, clickId, verdict } = intent(number);
  return { requestId, clickId, verdict };
};

describe("the tail of a log", () => {
  it("is its beginning while there is no line", () => {
    const nothing = { end: { lines: 0, head: GENESIS }, digests: [], isChained: true, openIntents: [] };
    expect(tailOf([])).toEqual(nothing);
  });

  it("is its end and what leads there, wherever the reading begins", () => {
    const { texts, digests, end } = chain([1, 2, 3].map(intent));
    expect(tailOf(texts)).toMatchObject({ end, digests, isChained: true });
    expect(tailOf(texts.slice(1))).toMatchObject({ end, digests: digests.slice(1), isChained: true });
  });

  it("leads nowhere from before a break", () => {
    const { texts, digests, end } = chain([1, 2, 3].map(intent));
    const [first = "", , third = ""] = texts;
    expect(tailOf([first, third])).toMatchObject({ end, digests: digests.slice(2), isChained: false });
    expect(tailOf(texts.with(1, "hello"))).toMatchObject({ end, digests: digests.slice(2), isChained: false });
    expect(tailOf([first, "hello"])).toMatchObject({ end: { lines: 2 }, digests: [], isChained: false });
  });

  it.each<[string, AuditRecord, number[]]>([
    ["an outcome", { kind: "outcome", time: intent(1).time, ...subject(1), state: "APPROVED" }, [2]],
    ["a refusal", { ...intent(1), kind: "refusal", refusal: "stale", detail: "" }, [2]],
    ["another request's outcome", { kind: "outcome", time: intent(1).time, ...subject(3), state: "APPROVED" }, [1, 2]],
    [
      "another verdict's outcome",
      { ...subject(1), kind: "outcome", time: intent(1).time, verdict: "deny", state: "DENIED" },
      [1, 2],
    ],
    [
      "a refusal of what shows no verdict",
      { ...intent(1), kind: "refusal", verdict: null, refusal: "bad_evidence", detail: "" },
      [1, 2],
    ],
    ["the same intent again", intent(1), [1, 2]],
  ])("has open what was begun and not ended: after %s", (_, record, open) => {
    const { texts } = chain([intent(1), intent(2), record]);
    expect(tailOf(texts).openIntents).toEqual(open.map(subject));
  });

  it("has open a denial that was told late, and an approval that nobody clicked", () => {
    const { time, requestId, verdict, personId } = intent(1);
    const offer = {
      time,
      requestId,
      clickId: "auto",
      verdict,
      personId: personId ?? "",
      edgeWord: { email: "", name: "" },
    };
    const { texts } = chain([
      { ...intent(2), kind: "late", verdict: "deny" },
      { kind: "auto_intent", ...offer, services: [] },
    ]);
    expect(tailOf(texts).openIntents).toEqual([
      { ...subject(2), verdict: "deny" },
      { requestId, clickId: "auto", verdict },
    ]);
  });
});
