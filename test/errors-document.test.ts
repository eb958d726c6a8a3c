import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BLOCK_CODES } from "../src/claim/answer.ts";
import { ERRORS } from "../src/core/errors.ts";
import { SIDECAR_ERRORS } from "../src/sidecar/alpaca-error.ts";

const DOCUMENT = readFileSync(new URL("../docs/ERRORS.md", import.meta.url), "utf8");

/** Each table's rows as they must read, in its registry's order. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  "## Failures": Object.entries(ERRORS).map(([code, entry]) => {
    const retry = entry.retryable ? "yes" : "no";
    return `| \`${code}\` | ${entry.httpStatus} | ${entry.exitCode} | ${retry} | ${entry.hint} |`;
  }),
  "## Refusals": Object.entries(BLOCK_CODES).map(([code, hint]) => `| \`${code}\` | ${hint} |`),
  "## The sidecar's own answers": Object.entries(SIDECAR_ERRORS).map(([name, entry]) => {
    const code = "code" in entry ? entry.code : "none";
    return `| \`${name}\` | ${entry.httpStatus} | ${code} | ${entry.message} | ${entry.hint} |`;
  }),
};

test.each(Object.keys(EXPECTED))("docs/ERRORS.md equals the registry under %s", (heading) => {
  const section = DOCUMENT.split(heading)[1]?.split("\n## ")[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  expect(rows, `copy the expected rows into docs/ERRORS.md, ${heading}`).toEqual(EXPECTED[heading]);
});

test("docs/ERRORS.md has no other table", () => {
  expect(DOCUMENT.match(/^\|---/gm)).toHaveLength(Object.keys(EXPECTED).length);
});

test("no sentence in a registry has a character that would break its row", () => {
  for (const row of Object.values(EXPECTED).flat()) expect(row).not.toMatch(/\n/);
  for (const hint of Object.values(BLOCK_CODES)) expect(hint).not.toContain("|");
});
