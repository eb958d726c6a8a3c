import { expect, test } from "vitest";
import { readIdempotencyKey } from "../../src/sidecar/idempotency-key.ts";

test("a request without the header has no key", () => {
  expect(readIdempotencyKey(undefined)).toEqual({ kind: "none" });
});

test.each([
  ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"],
  ["8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"],
  [' "with a space" ', "with a space"],
  ['"a \\"quoted\\" \\\\ word"', 'a "quoted" \\ word'],
  ["x".repeat(255), "x".repeat(255)],
  [`"${"x".repeat(255)}"`, "x".repeat(255)],
])("%s is the key %j", (header, value) => {
  expect(readIdempotencyKey(header)).toEqual({ kind: "key", value });
});

test.each([
  "",
  " ",
  '""',
  '"open',
  'open"',
  "two words",
  "one, two",
  '"one", "two"',
  '"key";ttl=5',
  '"bad \\escape"',
  "tab\there",
  "ümlaut",
  "x".repeat(256),
])("%j is refused by its value", (header) => {
  const read = readIdempotencyKey(header);
  expect(read.kind).toBe("malformed");
  if (read.kind !== "malformed") return;
  expect(read.message).toContain(JSON.stringify(header.slice(0, 255)));
});

test("two headers are refused", () => {
  expect(readIdempotencyKey(["one", "two"]).kind).toBe("malformed");
});
