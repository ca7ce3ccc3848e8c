/** What metrics are counted with, each a family of the relay's own. In memory: a restart begins at 0. */
import { bucketOf, type Family, histogramSamples, METRIC_PREFIX, type Sample } from "../../shared/metrics.ts";

/** A family of the relay's under its short name. */
export function relayFamily(type: Family["type"], name: string, help: string, samples: readonly Sample[]): Family {
  return { name: `${METRIC_PREFIX}relay_${name}`, type, help, samples: [...samples] };
}

/** How often something has happened, by the values of its labels. */
export class Counter {
  readonly #name: string;
  readonly #help: string;
  readonly #labels: readonly string[];
  readonly #counts = new Map<string, { readonly values: readonly string[]; count: number }>();

  /** `known` are values of the labels that are told of before anything has happened; without labels it always is. */
  constructor(name: string, help: string, labels: readonly string[] = [], known: readonly (readonly string[])[] = []) {
    this.#name = name;
    this.#help = help;
    this.#labels = labels;
    for (const values of labels.length === 0 ? [[]] : known) this.#at(values);
  }

  /** It has happened once more; one value for each label. */
  add(...values: string[]): void {
    this.#at(values).count++;
  }

  get family(): Family {
    const samples = [...this.#counts.values()].map(
      ({ values, count }): Sample => [this.#labels.map((label, index) => [label, values[index] ?? ""]), count],
    );
    return relayFamily("counter", this.#name, this.#help, samples);
  }

  #at(values: readonly string[]): { count: number } {
    const key = JSON.stringify(values);
    const entry = this.#counts.get(key) ?? { values, count: 0 };
    this.#counts.set(key, entry);
    return entry;
  }
}

/** How long something takes. */
export class Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #counts = new Map<string, number>();
  #seconds = 0;

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  /** It has taken so long. Clocks that disagree make it no less than nothing. */
  observe(ms: number): void {
    const seconds = Math.max(0, ms / 1000);
    const bucket = bucketOf(seconds);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#seconds += seconds;
  }

  get family(): Family {
    const samples = histogramSamples([], (bucket) => this.#counts.get(bucket) ?? 0, this.#seconds);
    return relayFamily("histogram", this.#name, this.#help, samples);
  }
}
