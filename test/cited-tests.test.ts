import { describe, expect, it } from "vitest";
import { citedIn, namesIn, rowsIn, whyMissing } from "./cited-tests.ts";

/** A text that stands nowhere in this file as it is. */
const NOWHERE = ["a", "third"].join(" ");

describe("a document's tables", () => {
  const cell =
    "[`test/a/b.test.ts`](../test/a/b.test.ts) group › name<br>[`test/c.test.ts`](../test/c.test.ts) another";
  const text = `# Title\n\n## One\n\n| A | B |\n|---|---|\n| x \\| y | ${cell} |\n\n## Two\n\n| A | B |\n|---|---|\n| z | |\n`;

  it("are read row by row, under their headings", () => {
    expect(rowsIn(text)).toEqual([
      { heading: "One", cells: ["x \\| y", cell] },
      { heading: "Two", cells: ["z", ""] },
    ]);
  });

  it("name tests by a link to the file and a name behind it", () => {
    expect(citedIn(cell)).toEqual([
      { file: "test/a/b.test.ts", name: "group › name" },
      { file: "test/c.test.ts", name: "another" },
    ]);
    expect(citedIn("[`test/a.test.ts`](test/a.test.ts) name")).toEqual([{ file: "test/a.test.ts", name: "name" }]);
    expect(citedIn("[`test/a.test.ts`](../test/b.test.ts) name<br>none: because<br>`test/a.test.ts` name")).toEqual([]);
  });
});

describe("a named test", () => {
  const here = "test/cited-tests.test.ts";
  it.each(["a group", "another"])("is found by its table's case: %s", (value) => {
    expect(whyMissing({ file: here, name: `a named test › is found by its table's case: ${value}` })).toBeUndefined();
    expect(whyMissing({ file: here, name: "a named test › is found by its table's case: …" })).toBeUndefined();
  });

  it.each([
    ["of a file that is not there", "test/nothing.test.ts", "a named test"],
    ["of another name", here, "a named test › is not here"],
    ["of a case that its table has not", here, `a named test › is found by its table's case: ${NOWHERE}`],
    ["that is a group", here, "a named test"],
  ])("is missed when it is one %s", (_, file, name) => {
    expect(whyMissing({ file, name })).toContain(file);
  });

  it("is read whatever its quotes and its table", () => {
    const source = `describe.each<[string]>(TABLE)("a %s", () => {\n  it('says "no"', f);\n  it.each([\n    1,\n  ] as const)(\n    "is \\"%i\\"",\n    f,\n  );\n});\nit("stands alone", f);`;
    expect(namesIn(source)).toEqual(['a %s › says "no"', 'a %s › is "%i"', "stands alone"]);
  });
});
