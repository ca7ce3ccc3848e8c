/** Every guarantee in SECURITY.md stands beside tests that are there. */
import { describe, expect, it } from "vitest";
import { citedIn, documentText, rowsIn, whyMissing } from "./cited-tests.ts";

const HEADING = "Guarantees, each with tests that show it";

const rows = rowsIn(documentText("SECURITY.md"));
const guarantees = rows
  .filter(({ heading }) => heading === HEADING)
  .map(({ cells: [guarantee = "", tests = ""] }) => ({ guarantee, tests }));

describe("SECURITY.md", () => {
  it("gives guarantees, each once", () => {
    expect(guarantees.length).toBeGreaterThan(10);
    expect(new Set(guarantees.map(({ guarantee }) => guarantee)).size).toBe(guarantees.length);
  });

  it.each(guarantees)("names tests that show it: $guarantee", ({ tests }) => {
    const cited = citedIn(tests);
    expect(cited.flatMap((test) => whyMissing(test) ?? [])).toEqual([]);
    expect(cited).toHaveLength(tests.split("<br>").length);
  });

  it("says of each arrangement what it withstands, and of each asset where it is", () => {
    for (const { heading, cells } of rows)
      expect([heading, cells.filter((cell) => cell === "")]).toEqual([heading, []]);
  });
});
