/** Quantiles of a sample, by the nearest rank: what is given was measured. */

export function quantile(sample: readonly number[], share: number): number {
  if (sample.length === 0) throw new Error("a quantile needs at least one value");
  const sorted = Float64Array.from(sample).sort();
  const rank = Math.ceil(share * sorted.length) - 1;
  return sorted[Math.min(sorted.length - 1, Math.max(0, rank))] ?? Number.NaN;
}

export function median(sample: readonly number[]): number {
  return quantile(sample, 0.5);
}
