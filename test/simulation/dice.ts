/** Draws of a plan, from a seed's own numbers. */
import type { RandomSource } from "../../src/core/random.ts";

export class Dice {
  readonly #random: RandomSource;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  fraction(): number {
    return this.#random.fraction();
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** A whole number from `low` to `high`. */
  between(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1));
  }

  of<Value>(values: readonly Value[]): Value {
    return values[this.between(0, values.length - 1)] as Value;
  }

  some<Value>(values: readonly Value[], count: number): readonly Value[] {
    return Array.from({ length: count }, () => this.of(values));
  }
}
