import { describe, expect, it } from "vitest";
import {
  type AuditHead,
  auditStandingSchema,
  continuesFrom,
  GENESIS,
  headAfter,
  sha256,
} from "../../shared/audit-chain.ts";

const DIGESTS = ["one", "two", "three", "four"].map((line) => sha256(line));
/** The heads of a log after none, one, two … lines. */
const HEADS = [0, 1, 2, 3, 4].map((lines) => DIGESTS.slice(0, lines).reduce(headAfter, GENESIS));

const at = (lines: number): AuditHead => ({ lines, head: HEADS[lines] ?? "" });
const told = (lines: number, digests: string[]) => ({ ...at(lines), digests });

describe("a log that was known to end somewhere", () => {
  it.each([
    ["ends there still", 2, told(2, [])],
    ["has gone on", 2, told(4, DIGESTS.slice(2))],
    ["has gone on, and tells more than it need", 2, told(4, DIGESTS)],
    ["has only begun", 0, told(3, DIGESTS.slice(0, 3))],
  ])("goes on from there when it %s", (_, known, standing) => {
    expect(continuesFrom(at(known), standing)).toBe(true);
  });

  it.each([
    ["has fewer lines", 3, told(2, DIGESTS.slice(0, 2))],
    ["has as many, and another head", 2, { ...told(2, DIGESTS.slice(0, 2)), head: sha256("another") }],
    [
      "has more, and another past",
      2,
      { lines: 3, head: headAfter(sha256("another"), DIGESTS[2] ?? ""), digests: [DIGESTS[2] ?? ""] },
    ],
    ["has more, and does not show what", 2, told(4, DIGESTS.slice(3))],
    ["has more, and shows something else", 2, told(4, [sha256("x"), sha256("y")])],
    ["shows what it has in another order", 2, told(4, DIGESTS.slice(2).toReversed())],
    ["was begun anew", 3, told(0, [])],
    ["counts more lines than it shows", 1, { ...told(2, DIGESTS.slice(1, 2)), lines: 3 }],
  ])("does not go on from there when it %s", (_, known, standing) => {
    expect(continuesFrom(at(known), standing)).toBe(false);
  });
});

describe("what is told of a log", () => {
  const standing = { ...told(1, DIGESTS.slice(0, 1)), writable: true };
  it.each([
    ["a negative number of lines", { ...standing, lines: -1 }],
    ["a head that is no hash", { ...standing, head: "0" }],
    ["a digest that is no hash", { ...standing, digests: ["A".repeat(64)] }],
    ["digests without end", { ...standing, digests: Array(2049).fill(GENESIS) }],
    ["no word on whether it can be written", { ...standing, writable: undefined }],
  ])("is not read with %s", (_, value) => {
    expect(auditStandingSchema.safeParse(standing).success).toBe(true);
    expect(auditStandingSchema.safeParse(value).success).toBe(false);
  });
});
