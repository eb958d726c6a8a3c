/**
 * How many cases a property draws. `PROPERTY_CASES` is an upper bound for runs that repeat the
 * tests thousands of times, once for every mutant.
 */
const bound = Number(process.env.PROPERTY_CASES ?? Number.POSITIVE_INFINITY);

export function cases(usual: number): number {
  return Math.min(usual, bound);
}
