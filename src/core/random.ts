/** Randomness comes from outside, so that a seed can fix it. */
import { randomUUID } from "node:crypto";

export interface RandomSource {
  /** A version 4 UUID in lower case. */
  uuid(): string;
  /** A number in [0, 1). */
  fraction(): number;
}

export const systemRandom: RandomSource = {
  uuid: () => randomUUID(),
  fraction: () => Math.random(),
};

/**
 * The same numbers for the same seed, in every process and on every machine: mulberry32, a public
 * domain generator by Tommy Ettinger. Not for secrets.
 */
export function seededRandom(seed: number): RandomSource {
  let state = seed >>> 0;
  const fraction = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const hexDigit = () => Math.floor(fraction() * 16).toString(16);
  const variantDigit = () => (8 + Math.floor(fraction() * 4)).toString(16);
  const uuid = () =>
    "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx".replace(/[xy]/g, (place) =>
      place === "x" ? hexDigit() : variantDigit(),
    );
  return { uuid, fraction };
}
