/** The judge of a mutation run, on reports that were made up. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SCRIPT = fileURLToPath(new URL("./score.mjs", import.meta.url));
const FILE = "src/book/book.ts";
const SOURCE = "function other() {}\nexport function isFlat(net) {\n  return net === 0;\n}\n";
const LISTED = { file: FILE, in: "isFlat", was: "net === 0", becomes: "true", because: "r" };

/** A report of one file with so many mutants that were killed, and one of another end. */
function report(killed: number, status: string): object {
  const location = { start: { line: 3, column: 10 }, end: { line: 3, column: 19 } };
  const mutants = [
    ...Array.from({ length: killed }, () => ({ status: "Killed", location, replacement: "false" })),
    { status, location, replacement: "true" },
  ];
  return { files: { [FILE]: { source: SOURCE, mutants } } };
}

function judged(reported: object, listed: readonly object[]) {
  const folder = mkdtempSync(join(tmpdir(), "mutants-"));
  try {
    const paths = ["report.json", "list.json"].map((name) => join(folder, name));
    for (const [at, value] of [reported, listed].entries()) {
      writeFileSync(paths[at] ?? "", JSON.stringify(value));
    }
    const { status, stdout } = spawnSync("node", [SCRIPT, ...paths], { encoding: "utf8" });
    return { status, lines: stdout.trimEnd().split("\n") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a run passes whose mutants are dead, or are listed with a reason", () => {
  const dead = judged(report(9, "Timeout"), []);
  expect(dead).toEqual({ status: 0, lines: ["book       100.0 %  10 killed, 0 left"] });
  expect(judged(report(9, "Survived"), [LISTED])).toEqual({
    ...{ status: 0, lines: ["book        90.0 %  9 killed, 1 left"] },
  });
});

test.each(["Survived", "NoCoverage"])(
  "a run fails whose part has too low a score: %s",
  (status) => {
    expect(judged(report(8, status), [LISTED])).toEqual({
      ...{ status: 1, lines: ["book        88.9 %  8 killed, 1 left  under 90 %"] },
    });
  },
);

test("a run fails with a survivor that nobody gives a reason for, and names it", () => {
  const { status, lines } = judged(report(9, "Survived"), [{ ...LISTED, in: "other" }]);
  expect(status).toBe(1);
  expect(lines.slice(1)).toEqual([
    `${FILE}, isFlat: survived, and nobody says why: net === 0  =>  true`,
    `${FILE}, other: is listed as a survivor, and is none: net === 0  =>  true`,
  ]);
});

test("a run of other files says nothing of a listed survivor", () => {
  const elsewhere = { ...LISTED, file: "src/claim/claim.ts" };
  expect(judged(report(9, "Killed"), [elsewhere]).status).toBe(0);
});
