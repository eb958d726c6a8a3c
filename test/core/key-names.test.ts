import fc from "fast-check";
import { expect, test } from "vitest";
import { namedBy } from "../../src/core/key-names.ts";
import { cases } from "../property-cases.ts";

const parts = fc.array(fc.oneof(fc.constantFrom("", "1", "1:", ":", ";", "1;", "a"), fc.nat(11)), {
  maxLength: 4,
});

test("two keys have one name where their parts are the same, and only there", () => {
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      expect(namedBy(a) === namedBy(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
    { numRuns: cases(2_000) },
  );
});
