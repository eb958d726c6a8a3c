import { expect, test } from "vitest";
import { z } from "zod";
import { plainExpectation } from "../../src/core/plain-expectation.ts";

test.each([
  [z.enum(["buy", "sell"]), "hold", "expected buy, sell"],
  [z.literal("2.0"), "1.0", 'expected "2.0"'],
  [z.string(), 7, "expected text"],
  [z.number(), "seven", "expected a number"],
  [z.int(), "seven", "expected a number"],
  [z.int(), 7.5, "expected a whole number"],
  [z.boolean(), "yes", "expected true or false"],
  [z.array(z.string()), {}, "expected a list"],
  [z.strictObject({}), 7, "expected an object"],
  [z.number().max(9_999), 10_000, "expected at most 9999"],
  [z.number().min(20), 0, "expected at least 20"],
  [z.number().positive(), 0, "expected more than 0"],
  [z.number().lt(1), 1, "expected less than 1"],
  [z.string().min(1), "", "expected at least 1 character"],
  [z.string().max(3), "four", "expected at most 3 characters"],
  [z.array(z.string()).min(2), ["a"], "expected at least 2 items"],
])("what a schema expected is said in plain words: %#", (schema, value, expected) => {
  const [issue] = schema.safeParse(value).error?.issues ?? [];
  expect(plainExpectation(issue?.message ?? "")).toBe(expected);
});

test("a message of our own stays as it is", () => {
  const own = "expected a decimal above zero";
  expect(plainExpectation(own)).toBe(own);
});
