/**
 * Metrics as both halves tell them: families of samples, and their text as Prometheus reads it (exposition format 0.0.4,
 * https://prometheus.io/docs/instrumenting/exposition_formats/). Names and labels are ours; no user's text is among them.
 */

/** What every name begins with. */
export const METRIC_PREFIX = "teleport_pagerduty_";

/** Upper bounds of every latency histogram, in seconds: from what machines take to what people do. */
export const LATENCY_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200] as const;

/** Labels in their order, the value, and of a histogram which part of it. */
export type Sample = [labels: [string, string][], value: number, part?: "_bucket" | "_sum" | "_count" | undefined];

/** One metric with all its samples. */
export interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** One sentence. */
  readonly help: string;
  readonly samples: Sample[];
}

/** The bucket that a value falls into, as its label `le` names it. */
export function bucketOf(value: number): string {
  return String(LATENCY_BUCKETS.find((bound) => value <= bound) ?? "+Inf");
}

/** The samples of one histogram, of how many values fell into each bucket and what they come to together. */
export function histogramSamples(labels: Sample[0], countIn: (bucket: string) => number, sum: number): Sample[] {
  let count = 0;
  const buckets = [...LATENCY_BUCKETS, "+Inf"].map((bound): Sample => {
    count += countIn(String(bound));
    return [[...labels, ["le", String(bound)]], count, "_bucket"];
  });
  return [...buckets, [labels, sum, "_sum"], [labels, count, "_count"]];
}

/** The text of families, each with its help and its type. */
export function metricsText(families: readonly Family[]): string {
  return families.map(textOfFamily).join("");
}

function textOfFamily({ name, type, help, samples }: Family): string {
  // One that comes twice, whoever says so, would spoil all of them.
  const values = new Map(samples.map(([labels, value, part = ""]) => [`${name}${part}${textOfLabels(labels)}`, value]));
  const lines = [...values].map(([series, value]) => `${series} ${value}\n`);
  return `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function textOfLabels(labels: Sample[0]): string {
  const pairs = labels.map(([key, text]) => `${key}="${escaped(text).replaceAll('"', '\\"')}"`);
  return pairs.length === 0 ? "" : `{${pairs}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
