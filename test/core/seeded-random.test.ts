import { describe, expect, test } from "vitest";
import { seededRandom, systemRandom } from "../../src/core/random.ts";

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("randomness from a seed", () => {
  test("gives the numbers that mulberry32 is published with", () => {
    const random = seededRandom(1);
    const drawn = [random.fraction(), random.fraction(), random.fraction()];
    expect(drawn).toEqual([0.6270739405881613, 0.002735721180215478, 0.5274470399599522]);
  });

  test("gives the same sequence for the same seed and another for another", () => {
    const draw = (seed: number) => {
      const random = seededRandom(seed);
      return [random.uuid(), random.fraction(), random.uuid()];
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(8)).not.toEqual(draw(7));
  });

  test("stays within [0, 1) and spreads over it", () => {
    const random = seededRandom(2026);
    const drawn = Array.from({ length: 10_000 }, () => random.fraction());
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeLessThan(1);
    const tenths = Array.from({ length: 10 }, () => 0);
    for (const value of drawn)
      tenths[Math.floor(value * 10)] = (tenths[Math.floor(value * 10)] ?? 0) + 1;
    expect(Math.min(...tenths)).toBeGreaterThan(850);
  });

  test("makes version 4 UUIDs that do not repeat", () => {
    const random = seededRandom(3);
    const ids = Array.from({ length: 1_000 }, () => random.uuid());
    for (const id of ids) expect(id).toMatch(UUID_V4);
    expect(new Set(ids).size).toBe(1_000);
  });
});

test("the system's randomness makes version 4 UUIDs and fractions", () => {
  expect(systemRandom.uuid()).toMatch(UUID_V4);
  expect(systemRandom.uuid()).not.toBe(systemRandom.uuid());
  expect(systemRandom.fraction()).toBeGreaterThanOrEqual(0);
  expect(systemRandom.fraction()).toBeLessThan(1);
});
