import { describe, expect, it } from "vitest";
import { Counter, Histogram, relayFamily } from "../../../relay/metrics/instruments.ts";
import { familySchema } from "../../../shared/metric-family.ts";
import { metricsText } from "../../../shared/metrics.ts";
import { readExposition, sampleOf } from "../../fakes/exposition.ts";

const P = "teleport_pagerduty_relay_";
const read = (...of: { family: ReturnType<typeof relayFamily> }[]) => {
  const families = readExposition(metricsText(of.map(({ family }) => familySchema.parse(family))));
  return (name: string, labels: Record<string, string> = {}) => sampleOf(families, P + name, labels);
};

describe("a counter", () => {
  it("begins at 0, and counts", () => {
    const counter = new Counter("losses_total", "Losses.");
    expect(read(counter)("losses_total")).toBe(0);
    counter.add();
    counter.add();
    expect(read(counter)("losses_total")).toBe(2);
  });

  it("counts each set of labels by itself, and tells from the start of those that are known", () => {
    const counter = new Counter("calls_total", "Calls.", ["method", "outcome"], [["read", "ok"]]);
    expect(counter.family.samples).toHaveLength(1);
    counter.add("read", "ok");
    counter.add("read", "timeout");
    const value = read(counter);
    expect(value("calls_total", { method: "read", outcome: "ok" })).toBe(1);
    expect(value("calls_total", { method: "read", outcome: "timeout" })).toBe(1);
  });
});

describe("a histogram", () => {
  it("has values in seconds, none of them less than nothing", () => {
    const histogram = new Histogram("call_seconds", "Calls.");
    for (const ms of [-5000, 50, 700, 1e9]) histogram.observe(ms);
    const value = read(histogram);
    expect(["0.1", "1", "7200", "+Inf"].map((le) => value("call_seconds_bucket", { le }))).toEqual([2, 3, 3, 4]);
    expect([value("call_seconds_sum"), value("call_seconds_count")]).toEqual([1_000_000.75, 4]);
  });
});

describe("a family of the relay's", () => {
  it("has the relay's prefix", () => {
    expect(relayFamily("gauge", "up", "Up.", [[[], 1]]).name).toBe(`${P}up`);
  });
});
