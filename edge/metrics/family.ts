/** Families of the edge's own metrics, put together. Pure. */
import { type Family, METRIC_PREFIX, type Sample } from "../../shared/metrics.ts";

/** A family under its short name. */
export function familyOf(type: Family["type"], name: string, help: string, samples: readonly Sample[]): Family {
  return { name: `${METRIC_PREFIX}${name}`, type, help, samples: [...samples] };
}

/** A value that goes up and down; null: it is not known, and not told. */
export function gaugeOf(name: string, help: string, value: number | boolean | null): Family {
  return familyOf("gauge", name, help, value === null ? [] : plain(Number(value)));
}

/** The one sample of a family without labels. */
export function plain(value: number): Sample[] {
  return [[[], value]];
}

/** A sample for each value of a label. */
export function each<Value extends string>(
  label: string,
  values: readonly Value[],
  countOf: (value: Value) => number,
): Sample[] {
  return values.map((value) => [[[label, value]], countOf(value)]);
}
