import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { familySchema } from "../../shared/metric-family.ts";
import { bucketOf, type Family, histogramSamples, LATENCY_BUCKETS, metricsText } from "../../shared/metrics.ts";
import { readExposition, sampleOf } from "../fakes/exposition.ts";

const family = (change: Partial<Family> = {}): Family => ({
  name: "teleport_pagerduty_relay_calls_total",
  type: "counter",
  help: "Calls.",
  samples: [[[], 1]],
  ...change,
});

describe("the text of metrics", () => {
  it("is what Prometheus reads", () => {
    const samples: Family["samples"] = [
      [[["method", "read"], ["outcome", "ok"]], 7], // biome-ignore format: as it stands in a frame
      [[["method", "ping"], ["outcome", "ok"]], 0.5], // biome-ignore format: as it stands in a frame
    ];
    expect(metricsText([family({ samples }), family({ name: "teleport_pagerduty_relay_up", type: "gauge" })])).toBe(
      `# HELP teleport_pagerduty_relay_calls_total Calls.
# TYPE teleport_pagerduty_relay_calls_total counter
teleport_pagerduty_relay_calls_total{method="read",outcome="ok"} 7
teleport_pagerduty_relay_calls_total{method="ping",outcome="ok"} 0.5
# HELP teleport_pagerduty_relay_up Calls.
# TYPE teleport_pagerduty_relay_up gauge
teleport_pagerduty_relay_up 1
`,
    );
  });

  it("bears any text as help and as a label's value", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const help = text.replaceAll("\n", " ").trim() || "Help.";
        const text0 = metricsText([family({ help, samples: [[[["who", text]], 3]] })]);
        expect(sampleOf(readExposition(text0), family().name, { who: text })).toBe(3);
      }),
    );
    expect(metricsText([family({ help: "a\nb\\c" })])).toContain(
      "# HELP teleport_pagerduty_relay_calls_total a\\nb\\\\c\n",
    );
  });
});

describe("a histogram", () => {
  it.each([
    [0, "0.1"],
    [0.1, "0.1"],
    [0.100_001, "0.25"],
    [7200, "7200"],
    [7200.1, "+Inf"],
  ])("has %d in the bucket up to %s", (value, bucket) => {
    expect(bucketOf(value)).toBe(bucket);
  });

  it("counts from bucket to bucket, and all of it in the last", () => {
    const values = [0.05, 0.2, 0.2, 100, 10_000];
    const countIn = (bucket: string) => values.filter((value) => bucketOf(value) === bucket).length;
    const samples = histogramSamples([["method", "read"]], countIn, 10_100.45);
    const name = "teleport_pagerduty_relay_call_seconds";
    const read = readExposition(metricsText([family({ name, type: "histogram", samples })]));
    const at = (le: string) => sampleOf(read, `${name}_bucket`, { method: "read", le });
    expect([at("0.1"), at("0.25"), at("60"), at("300"), at("7200"), at("+Inf")]).toEqual([1, 3, 3, 4, 4, 5]);
    expect(sampleOf(read, `${name}_count`, { method: "read" })).toBe(5);
    expect(read.get(name)?.samples).toHaveLength(LATENCY_BUCKETS.length + 3);
  });
});

describe("a family that a relay tells of", () => {
  it("is taken as it is", () => {
    const told = family({ samples: [[[["le", "+Inf"]], 3, "_bucket"]] });
    expect(familySchema.parse(told)).toEqual(told);
  });

  it.each<[string, object]>([
    ["of a name that is not the relay's", { name: "teleport_pagerduty_requests" }],
    ["of a name that ends the line", { name: "teleport_pagerduty_relay_x 1\ny" }],
    ["of no name", { name: "teleport_pagerduty_relay_" }],
    ["of a type that there is not", { type: "summary" }],
    ["without help", { help: "" }],
    ["with help without end", { help: "x".repeat(301) }],
    ["with a label that says which relay it is", { samples: [[[["key", "another"]], 1]] }],
    ["with another such label", { samples: [[[["relay_instance", "another"]], 1]] }],
    ["with a label that is no name", { samples: [[[['a="1"} 2 #', "b"]], 1]] }],
    ["with a label without end", { samples: [[[["a", "x".repeat(301)]], 1]] }],
    ["with a value that is none", { samples: [[[], "1"]] }],
    ["with a value that cannot be told", { samples: [[[], null]] }],
    ["with a part that there is not", { samples: [[[], 1, "_created"]] }],
  ])("is not taken %s", (_, change) => {
    expect(familySchema.safeParse({ ...family(), ...change }).success).toBe(false);
  });
});
