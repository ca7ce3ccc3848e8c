/** Samples → the few figures that tell of them. Pure. */

/** The middle of some values; NaN of none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which this part of the values lies, `part` from 0 to 1, without interpolation; NaN of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

/** The 99th percentile. */
export function p99(values: readonly number[]): number {
  return quantile(values, 0.99);
}

/** How many happen in a second, when so many took so long. */
export function perSecond(count: number, ms: number): number {
  return (count * 1000) / ms;
}
