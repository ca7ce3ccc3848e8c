import { describe, expect, it } from "vitest";
import { type Decision, MAX_DECISIONS, type RequestRecord } from "../../../edge/record.ts";
import { actionPressed, clicked, decided } from "../../../edge/steps/click.ts";
import { clickFound } from "../../../edge/steps/found.ts";
import { withRoom } from "../../../edge/steps/room.ts";
import { BOB, CAROL, click, NOW, OPENED, paged, RETAIN_MS } from "../samples.ts";

const IDENTITY = { email: null, name: null, onCallLevels: null, botUserId: null };
const by = ({ id }: { id: string }) => ({ id, type: "user_reference" });

function given(record: RequestRecord, id: string, change: Parameters<typeof click>[0] = {}): RequestRecord {
  return clicked(record, click({ id, ...change }), { nowMs: NOW, identity: IDENTITY });
}

function refusedTo(record: RequestRecord, clickId: string): RequestRecord {
  const outcome = { result: "refused", refusal: "not_on_call", state: "PENDING", detail: "" } as const;
  return decided(record, clickId, outcome, { nowMs: NOW, retainMs: RETAIN_MS });
}

/** As many clicks as are kept, each given by whom and finished as told. */
function full(
  of: (n: number) => { person: { id: string }; verdict?: "approve" | "deny"; over?: boolean },
): RequestRecord {
  let record = paged();
  for (let n = 0; n < MAX_DECISIONS; n++) {
    const { person, verdict = "approve", over = false } = of(n);
    record = given(record, `C${n}`, { agent: by(person), verdict, occurredMs: NOW + n });
    if (over) record = refusedTo(record, `C${n}`);
  }
  return record;
}

const gone = (before: RequestRecord, after: RequestRecord): Decision[] =>
  before.decisions.filter(({ clickId }) => !after.decisions.some((kept) => kept.clickId === clickId));

describe("room for one more click", () => {
  it("is there without anybody leaving until as many are kept as may be", () => {
    const record = given(paged(), "A");
    expect(withRoom(record)).toBe(record);
  });

  it.each([
    ["the last refused one", (n: number) => ({ person: BOB, over: n < 150 }), "C149"],
    ["a refused one before any that waits", (n: number) => ({ person: n === 3 ? CAROL : BOB, over: n === 3 }), "C3"],
    [
      "one of whoever has the most that are over",
      (n: number) => ({ person: n < 60 ? CAROL : BOB, over: true }),
      "C199",
    ],
    ["the oldest approval of whoever waits most", (n: number) => ({ person: n < 60 ? CAROL : BOB }), "C60"],
    [
      "an approval before a denial",
      (n: number) => ({ person: BOB, verdict: n < 7 ? ("deny" as const) : ("approve" as const) }),
      "C7",
    ],
    ["the oldest denial where all deny", () => ({ person: BOB, verdict: "deny" as const }), "C0"],
  ])("is made by %s", (_, of, leaving) => {
    const before = full(of);
    const after = given(before, "one more", { agent: by(CAROL), verdict: "deny" });
    expect([after.decisions.length, after.decisions.at(-1)?.clickId]).toEqual([MAX_DECISIONS, "one more"]);
    expect(gone(before, after).map(({ clickId }) => clickId)).toEqual([leaving]);
  });

  it("is there for a button too", () => {
    const record = full(() => ({ person: BOB, over: true }));
    const after = actionPressed(record, { logEntryId: "R1", incidentId: OPENED.incidentId }, "deny", NOW);
    expect(after.decisions.at(-1)).toMatchObject({ clickId: "R1", state: "rereading" });
  });

  it("does not make its author be told once more of the same refusal", () => {
    const record = full(() => ({ person: BOB, over: true }));
    const noteCount = record.pagings[0]?.noteCount;
    let after = record;
    for (let n = 0; n < 10; n++) after = refusedTo(given(after, `D${n}`), `D${n}`);
    expect(after.pagings[0]?.noteCount).toBe(noteCount);
  });

  it("makes nothing that left look lost", () => {
    const after = given(
      full(() => ({ person: BOB, over: true })),
      "one more",
    );
    const trace = { id: "PN", channel: "note", verdict: "approve", incidentId: OPENED.incidentId } as const;
    const found = (occurredMs: number) =>
      clickFound(after, { ...trace, personId: BOB.id, person: BOB, occurredMs }, NOW);
    expect(found(NOW + MAX_DECISIONS - 1)).toBe(after);
    expect(found(NOW + MAX_DECISIONS).decisions.at(-1)?.clickId).toBe("found:PN");
  });

  it("keeps what the relay made of one that left", () => {
    const before = full(() => ({ person: BOB }));
    const after = given(before, "one more");
    const settle = { nowMs: NOW, retainMs: RETAIN_MS };
    expect(decided(after, "C0", { result: "applied", state: "APPROVED" }, settle).end?.end).toBe("approved");
    expect(decided(before, "nobody's", { result: "applied", state: "PENDING" }, settle)).toBe(before);
  });
});
