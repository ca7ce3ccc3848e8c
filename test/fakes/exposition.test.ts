import { describe, expect, it } from "vitest";
import { readExposition, sampleOf } from "./exposition.ts";

const GOOD = '# HELP a_total Help.\n# TYPE a_total counter\na_total{b="1\\\\ \\" \\n",c=""} 2\n';
const histogram = (...lines: string[]) => ["# HELP h Help.", "# TYPE h histogram", ...lines, ""].join("\n");

describe("the strict reader of Prometheus' text", () => {
  it("reads families with their labels, unescaped", () => {
    const families = readExposition(`${GOOD}# HELP g Help.\n# TYPE g gauge\ng -1.5e-3\n`);
    expect([...families.keys()]).toEqual(["a_total", "g"]);
    expect(sampleOf(families, "a_total", { c: "", b: '1\\ " \n' })).toBe(2);
    expect([sampleOf(families, "g"), sampleOf(families, "a_total")]).toEqual([-0.0015, undefined]);
  });

  it("reads a histogram", () => {
    const lines = ['h_bucket{le="0.5"} 1', 'h_bucket{le="+Inf"} 3', "h_sum 4.5", "h_count 3"];
    expect(readExposition(histogram(...lines)).get("h")?.samples).toHaveLength(4);
  });

  it.each([
    ["nothing", ""],
    ["a last line without end", GOOD.trimEnd()],
    ["a blank line", `${GOOD}\n`],
    ["a family twice", GOOD + GOOD],
    ["a sample twice", `${GOOD}${GOOD.split("\n")[2]}\n`],
    ["a family without type", "# HELP a Help.\na 1\n"],
    ["a family without help", "# TYPE a gauge\na 1\n"],
    ["a counter that is not called a total", "# HELP a Help.\n# TYPE a counter\na 1\n"],
    ["a gauge that is", "# HELP a_total Help.\n# TYPE a_total gauge\na_total 1\n"],
    ["a counter below zero", "# HELP a_total Help.\n# TYPE a_total counter\na_total -1\n"],
    ["a sample of another family", "# HELP a Help.\n# TYPE a gauge\nb 1\n"],
    ["a value that is none", "# HELP a Help.\n# TYPE a gauge\na null\n"],
    ["labels that are open", '# HELP a Help.\n# TYPE a gauge\na{b="} 1\n'],
    ["a quote that is not escaped", '# HELP a Help.\n# TYPE a gauge\na{b="""} 1\n'],
    ["a label twice", '# HELP a Help.\n# TYPE a gauge\na{b="1",b="2"} 1\n'],
    ["a comma too many", '# HELP a Help.\n# TYPE a gauge\na{b="1",} 1\n'],
    ["a histogram without its end", histogram('h_bucket{le="1"} 1', "h_sum 1", "h_count 1")],
    ["a histogram that falls", histogram('h_bucket{le="1"} 2', 'h_bucket{le="+Inf"} 1', "h_sum 1", "h_count 1")],
    ["a histogram of another count", histogram('h_bucket{le="+Inf"} 1', "h_sum 1", "h_count 2")],
    ["a histogram without sum", histogram('h_bucket{le="+Inf"} 1', "h_count 1")],
  ])("refuses %s", (_, text) => {
    expect(() => readExposition(text)).toThrow();
  });
});
