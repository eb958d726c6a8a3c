import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

interface Survivor {
  readonly file: string;
  readonly in: string;
  readonly was: string;
  readonly becomes: string;
  readonly because: string;
}

const ROOT = new URL("../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), "utf8");
const DOCUMENT = read("docs/MUTANTS.md");
const SURVIVORS = JSON.parse(read("fixtures/mutants/survivors.json")) as readonly Survivor[];
const ROWS = DOCUMENT.split("\n## Survivors\n")[1]?.match(/^\| `.*$/gm) ?? [];

describe("the mutants that survived", () => {
  test("are in places that are still there", () => {
    for (const { file, in: place, was } of SURVIVORS) {
      const source = read(file).replace(/\s+/g, " ");
      expect(source, file).toMatch(new RegExp(`(function|const) ${place}\\b`));
      expect(source, file).toContain(was.replace(/…$/, ""));
    }
  });

  test("have a reason each, and are told once", () => {
    for (const { because } of SURVIVORS) expect(because).toMatch(/^[a-z].*[^.]$/);
    const named = SURVIVORS.map(({ because: _, ...mutant }) => JSON.stringify(mutant));
    expect(new Set(named).size).toBe(named.length);
  });

  test("are what docs/MUTANTS.md lists, in its order", () => {
    expect(ROWS).toHaveLength(SURVIVORS.length);
    for (const [at, { file, in: place, because }] of SURVIVORS.entries()) {
      expect(ROWS[at]).toContain(`| \`${place}\` in ${file.replace(/^src\//, "")} |`);
      expect(ROWS[at]).toContain(`| ${because} |`);
    }
  });

  test("leave every part at 90 % or more", () => {
    const table = DOCUMENT.split("\n## Survivors\n")[0] ?? "";
    const scores = [...table.matchAll(/^\| (\w+) \|.*\| ([\d.]+) % \|$/gm)];
    expect(scores.map(([, part]) => part)).toEqual([
      ...["identity", "claim", "book", "classifier", "verdicts", "decimals"],
    ]);
    for (const [, part, score] of scores) expect(Number(score), part).toBeGreaterThanOrEqual(90);
  });
});
