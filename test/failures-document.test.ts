import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { STORE_FAULTS } from "./crash/store-faults.ts";
import { CATALOGUE, knownKinds } from "./faults/fault-catalogue.ts";

const FAULTS = new URL("./faults/", import.meta.url);
const DOCUMENT = readFileSync(new URL("../docs/FAILURES.md", import.meta.url), "utf8");
const MATRIX = "every-fault.test.ts";
const FILES = readdirSync(FAULTS).filter((name) => name.endsWith(".test.ts"));

/** The cells of the rows under `heading`, without the two lines at the table's top. */
function rowsUnder(heading: string): readonly (readonly string[])[] {
  const section = DOCUMENT.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("| "));
  const rows = lines.map((line) => line.split("|").slice(1, -1));
  return rows.slice(1).map((cells) => cells.map((cell) => cell.trim()));
}

function quoted(text = ""): readonly string[] {
  return [...text.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name);
}

describe("docs/FAILURES.md", () => {
  test("has one row for every fault that the simulator knows, with its tests by name", () => {
    const rows = rowsUnder("Every fault of the simulated broker");
    const told = Object.fromEntries(rows.map((cells) => [cells[0], quoted(cells.at(-1))]));
    const known = Object.entries(CATALOGUE).map(([kind, tests]) => [
      `\`${kind}\``,
      tests.map(({ name }) => name),
    ]);
    expect(told).toEqual(Object.fromEntries(known));
    expect(rows).toHaveLength(knownKinds().length);
  });

  test("has one row for every fault of the store, with its error", () => {
    const faults = STORE_FAULTS.map(({ name, code }) => [name, `\`${code}\``]);
    expect(rowsUnder("The store and its disk")).toEqual(faults);
  });

  test("names tests of the named scenarios that exist, in files that exist", () => {
    const rows = rowsUnder("Named scenarios");
    expect(rows).not.toEqual([]);
    for (const [scenario, , , file = "", tests] of rows) {
      const name = file.replaceAll("`", "");
      expect(FILES, scenario).toContain(name);
      const text = readFileSync(new URL(name, FAULTS), "utf8");
      expect(quoted(tests), scenario).not.toEqual([]);
      const missing = quoted(tests).filter((title) => !text.includes(`"${title}"`));
      expect(missing, `tests that ${name} does not have`).toEqual([]);
    }
  });

  test("has every file of test/faults, and every scenario by its own name", () => {
    const named = new Set(rowsUnder("Named scenarios").map(([, , , file = ""]) => file));
    const missing = FILES.filter((name) => name !== MATRIX && !named.has(`\`${name}\``));
    expect(missing, "give each file a row in docs/FAILURES.md").toEqual([]);
    const names = rowsUnder("Named scenarios").map(([name = ""]) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(FILES).toContain(MATRIX);
  });
});
