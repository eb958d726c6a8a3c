import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ERRORS } from "../src/core/errors.ts";

const DOCUMENT = readFileSync(new URL("../docs/ERRORS.md", import.meta.url), "utf8");

/** The table's rows as they must read, in the registry's order. */
const EXPECTED = Object.entries(ERRORS).map(([code, entry]) => {
  const retry = entry.retryable ? "yes" : "no";
  return `| \`${code}\` | ${entry.httpStatus} | ${entry.exitCode} | ${retry} | ${entry.hint} |`;
});

test("docs/ERRORS.md has one row per code, equal to the registry in src/core/errors.ts", () => {
  const rows = DOCUMENT.split("\n").filter((line) => line.startsWith("| `"));
  expect(rows, "copy the expected rows into docs/ERRORS.md").toEqual(EXPECTED);
});

test("docs/ERRORS.md has no other table", () => {
  expect(DOCUMENT.match(/^\|---/gm)).toHaveLength(1);
});

test("no hint has a character that would break its row", () => {
  for (const { hint } of Object.values(ERRORS)) expect(hint).not.toMatch(/[|\n]/);
});
