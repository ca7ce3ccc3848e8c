/**
 * A strict reader of Prometheus' text format 0.0.4, for tests: whatever a real one would refuse, or only bear with, throws
 * here. (https://prometheus.io/docs/instrumenting/exposition_formats/)
 */

export interface ReadSample {
  /** With the suffix of a histogram's part. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ReadFamily {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly samples: readonly ReadSample[];
}

const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?=.)|$)/;
const NUMBER = /^[-+]?(\d+(\.\d+)?(e[-+]?\d+)?)$/;

/** Reads a whole answer. Throws for anything against the format or Prometheus' conventions of names and types. */
export function readExposition(text: string): Map<string, ReadFamily> {
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  const families = new Map<string, ReadFamily>();
  for (const block of text.slice(0, -1).split(/\n(?=# HELP )/)) {
    const family = readFamily(block.split("\n"));
    if (families.has(family.name)) throw new Error(`${family.name} comes twice`);
    families.set(family.name, family);
  }
  return families;
}

/** The value of one sample; undefined when there is none with exactly these labels. */
export function sampleOf(
  families: ReadonlyMap<string, ReadFamily>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const samples = [...families.values()].flatMap((family) => family.samples);
  return samples.find((sample) => sample.name === name && keyOf(sample.labels) === keyOf(labels))?.value;
}

function readFamily([helpLine = "", typeLine = "", ...lines]: string[]): ReadFamily {
  const [, name = "", help = ""] = /^# HELP (\S+) (.+)$/s.exec(helpLine) ?? [];
  const [, typed = "", type = ""] = /^# TYPE (\S+) (\S+)$/.exec(typeLine) ?? [];
  if (!NAME.test(name) || typed !== name) throw new Error(`no HELP and TYPE of one name: ${helpLine} / ${typeLine}`);
  if (type !== "counter" && type !== "gauge" && type !== "histogram") throw new Error(`${name} has no type: ${type}`);
  if (name.endsWith("_total") !== (type === "counter")) throw new Error(`${name} is a ${type}`);
  if (/_(bucket|sum|count)$/.test(name)) throw new Error(`${name} looks like a part of a histogram`);
  const samples = lines.map(readSample);
  const seen = new Set<string>();
  for (const sample of samples) {
    const isOfFamily = type === "histogram" ? isPartOf(name, sample) : sample.name === name;
    if (!isOfFamily) throw new Error(`${sample.name} is no part of ${name}`);
    if (type !== "gauge" && sample.value < 0) throw new Error(`${sample.name} is less than nothing`);
    const key = `${sample.name} ${keyOf(sample.labels)}`;
    if (seen.has(key)) throw new Error(`${key} comes twice`);
    seen.add(key);
  }
  if (type === "histogram") checkHistogram(name, samples);
  return { name, type, help, samples };
}

function readSample(line: string): ReadSample {
  const [, name = "", labels = "", value = ""] = SAMPLE.exec(line) ?? [];
  if (name === "" || !NUMBER.test(value)) throw new Error(`not a sample: ${line}`);
  return { name, labels: readLabels(labels), value: Number(value) };
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let rest = text;
  while (rest !== "") {
    const [whole = "", name = "", value = ""] = LABEL.exec(rest) ?? [];
    if (whole === "" || name in labels || name.startsWith("__")) throw new Error(`not labels: ${text}`);
    labels[name] = value.replaceAll(/\\(.)/gs, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
    rest = rest.slice(whole.length);
  }
  return labels;
}

function isPartOf(name: string, sample: ReadSample): boolean {
  if (sample.name === `${name}_bucket`) return "le" in sample.labels;
  return (sample.name === `${name}_sum` || sample.name === `${name}_count`) && !("le" in sample.labels);
}

/** Of each set of labels: buckets that rise to `+Inf`, which is the count, and a sum. */
function checkHistogram(name: string, samples: readonly ReadSample[]): void {
  const series = Map.groupBy(samples, ({ labels: { le: _, ...others } }) => keyOf(others));
  for (const [key, parts] of series) {
    const buckets = parts.filter((part) => part.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => (labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le)));
    const rises = (values: readonly number[], least: number): boolean =>
      values.every((value, index) => index === 0 || value - (values[index - 1] ?? 0) >= least);
    const count = parts.find((part) => part.name === `${name}_count`)?.value;
    const isWhole = bounds.at(-1) === Number.POSITIVE_INFINITY && buckets.at(-1)?.value === count;
    const hasSum = parts.some((part) => part.name === `${name}_sum`);
    if (!isWhole || !hasSum || !rises(bounds, Number.MIN_VALUE)) throw new Error(`${name} ${key} is no histogram`);
    if (
      !rises(
        buckets.map(({ value }) => value),
        0,
      )
    )
      throw new Error(`the buckets of ${name} ${key} fall`);
  }
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)));
}
