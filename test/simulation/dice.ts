/** Draws of a plan, from a seed's own numbers. */
import { type RandomSource, seededRandom } from "../../src/core/random.ts";

/** The numbers that one part of a seed's world has for itself. */
export function streamOf(seed: number, label: string): RandomSource {
  let hash = 2_166_136_261 ^ seed;
  for (const character of label) hash = Math.imul(hash ^ character.charCodeAt(0), 16_777_619);
  return seededRandom(hash);
}

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
