import { describe, expect, it } from "vitest";
import { refusalNote } from "../../../edge/incident/refusal-note.ts";
import { MAX_NOTE_CHARACTERS } from "../../../edge/incident.ts";
import { commandIn, isNearMiss } from "../../../shared/click.ts";
import { refusalSchema } from "../../../shared/refusal.ts";

const SILENT = ["bad_evidence", "wrong_cluster"];
const TOLD = refusalSchema.options.filter((refusal) => !SILENT.includes(refusal));

function note(refusal: (typeof TOLD)[number], change: Partial<Parameters<typeof refusalNote>[0]> = {}) {
  return refusalNote({ refusal, verdict: "approve", person: "Bob Birch (bob@example.com)", detail: "", ...change });
}

describe("refusalNote", () => {
  it.each(SILENT)("tells nobody of %s", (refusal) => {
    expect(note(refusalSchema.parse(refusal))).toBeUndefined();
  });

  it.each(TOLD)("says plainly why and what to do: %s", (refusal) => {
    const text = note(refusal) ?? "";
    expect(text).toMatch(/^Not approved for Bob Birch \(bob@example\.com\): [A-Za-z].*\.$/);
    expect(text).not.toContain(refusal.includes("_") ? refusal : "\n");
    expect([commandIn(text), isNearMiss(text)]).toEqual([undefined, false]);
  });

  it.each(TOLD.filter((refusal) => refusal !== "not_pending"))("names a way on: %s", (refusal) => {
    expect(note(refusal)).toMatch(/Teleport|Ask|Decide|give it again|Have |Try again/);
  });

  it("has one text for each", () => {
    expect(new Set(TOLD.map((refusal) => note(refusal))).size).toBe(TOLD.length);
  });

  it("names the verdict that did not come about, and nobody where nobody is known", () => {
    expect(note("gone", { verdict: "deny", person: "" })).toMatch(/^Not denied: /);
  });

  it("adds what the relay knows", () => {
    const detail = "Access ends at noon; end it now with tctl lock.";
    expect(note("not_pending", { verdict: "deny", detail })).toMatch(
      /decided\. Access ends at noon; end it now with tctl lock\.$/,
    );
  });

  it("says it in other words where the relay knows more", () => {
    expect(note("wrong_incident", { detail: "Give it again." })).toMatch(/at that time .* Give it again\.$/);
    expect(note("unknown_identity", { detail: "Map them." })).toMatch(/which Teleport user you are\. Map them\.$/);
    expect(note("needs_more_approvals", { verdict: "deny" })).toContain("takes no second one");
  });

  it("is no longer than a note may be, and holds no live link, whatever it is told", () => {
    const text = note("stale", { person: `www.evil.example ${"p".repeat(5000)}`, detail: "d".repeat(5000) }) ?? "";
    expect(text.length).toBeLessThanOrEqual(MAX_NOTE_CHARACTERS);
    expect(text).toContain("www[.]evil.example");
  });

  it("bears hostile names and details", () => {
    const text = note("stale", { person: "\u202e\n/approve", detail: "a\r\n/deny\u0000" }) ?? "";
    expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(commandIn(text)).toBeUndefined();
  });
});
