/** Figures of samples. */

/** The value below which `share` of the sample lies; `sorted` ascends. */
export const percentile = (sorted: ArrayLike<number>, share: number): number =>
  sorted[Math.min(Math.ceil(sorted.length * share), sorted.length) - 1] ?? Number.NaN;

export const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

export const median = (values: readonly number[]): number => {
  const sorted = ascending(values);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
};
