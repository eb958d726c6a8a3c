import { expect, test } from "vitest";
import { resolveConfig } from "../../src/config.ts";

const KEYS = { store: "latch.db", keyId: "key", secret: "secret" };
const policiesOf = (divergence: string) =>
  resolveConfig({ ...KEYS, divergence }, {}).policy.divergence;

test("a word is of all kinds but those that have their own, in whatever order they stand", () => {
  const expected = {
    ...{ phantom: "flatten", orphan: "observe" },
    ...{ quantity: "observe", side: "observe" },
  };
  expect(policiesOf("observe,phantom=flatten")).toEqual(expected);
  expect(policiesOf("phantom=flatten, observe")).toEqual(expected);
});

test.each([
  ["phantom=adopt,phantom=observe", "expected one policy for phantom"],
  ["adopt,observe", "expected one policy for all kinds"],
  ["=observe", "expected observe, adopt, flatten, block-entries"],
  ["phantom=observe=adopt", "expected observe"],
  ["ghost=observe", "by kind (phantom, orphan, quantity, side)"],
  ["phantom=sell", "such as orphan=flatten"],
  ["", "expected observe"],
])("a position's policy of which one part would have no effect is refused: %j", (said, part) => {
  expect(() => policiesOf(said)).toThrow(part);
  expect(() => policiesOf(said)).toThrow(
    `divergence (TRADELATCH_DIVERGENCE) is ${JSON.stringify(said)}`,
  );
});
