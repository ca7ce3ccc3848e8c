import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sameSecret } from "../../shared/secret.ts";

describe("sameSecret", () => {
  it.each([
    ["the same", "a secret of some length", "a secret of some length", true],
    ["another letter case", "a secret of some length", "A secret of some length", false],
    ["a part", "a secret of some lengt", "a secret of some length", false],
    ["a longer one", "a secret of some length ", "a secret of some length", false],
    ["nothing", "", "a secret of some length", false],
    ["another composition of the same letters", "caf\u00e9", "cafe\u0301", false],
  ])("compares %s", (_, offered, expected, same) => {
    expect(sameSecret(offered, expected)).toBe(same);
  });

  it("agrees with equality, whatever the lengths, and never throws", () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => sameSecret(a, b) === (a === b)));
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => sameSecret(text, text)));
  });
});
