import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  checkBans,
  checkCycles,
  checkDocument,
  checkLayers,
  checkNames,
  checkPage,
  checkSizes,
} from "./tidy/rules.ts";
import { codeOnly, importsOf, type SourceFile } from "./tidy/source-text.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const SCANNED = filesUnder("src", ".ts");
const SOURCES = [...SCANNED, ...filesUnder("src", ".tsx")];
const DOCUMENTS = ["README.md", ...filesUnder("docs", ".md").map((file) => file.path)]
  .filter((path) => existsSync(join(ROOT, path)))
  .map(read);

function filesUnder(folder: string, ending: string): readonly SourceFile[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .map((name) => read(`${folder}/${name.replaceAll("\\", "/")}`));
}

function read(path: string): SourceFile {
  return { path, text: readFileSync(join(ROOT, path), "utf8") };
}

describe("the source of the product", () => {
  test("is there to be checked", () => {
    expect(SOURCES.map((file) => file.path)).toContain("src/core/clock.ts");
  });

  test("has small files and short lines", () => {
    expect(SOURCES.flatMap(checkSizes)).toEqual([]);
  });

  test("has names that tell what a file holds", () => {
    expect(SOURCES.flatMap(checkNames)).toEqual([]);
  });

  test("reaches for clock, chance, settings, output and network where they are owned", () => {
    expect(SOURCES.flatMap(checkBans)).toEqual([]);
  });

  test("imports down the layers only, and adapters only in app.ts", () => {
    expect(SOURCES.flatMap(checkLayers)).toEqual([]);
  });

  test("has a page that takes types alone from the program, and makes no markup of text", () => {
    expect(SOURCES.flatMap(checkPage)).toEqual([]);
  });

  test("has no import cycle, types included", () => {
    expect(checkCycles(SOURCES)).toEqual([]);
  });
});

describe("the benchmarks", () => {
  const benchmarks = filesUnder("bench", ".ts");

  test("have small files, short lines and names that tell what a file holds", () => {
    expect(benchmarks.flatMap((file) => [...checkSizes(file), ...checkNames(file)])).toEqual([]);
  });

  test("have no import cycle, types included", () => {
    expect(checkCycles([...SOURCES, ...benchmarks])).toEqual([]);
  });
});

describe("the strategies", () => {
  const strategies = filesUnder("strategies", ".ts");

  test("have small files, short lines and names that tell what a file holds", () => {
    expect(strategies.flatMap((file) => [...checkSizes(file), ...checkNames(file)])).toEqual([]);
  });

  test("import the public entry and each other alone", () => {
    const imported = strategies.flatMap(({ text }) => importsOf(text));
    expect(imported.length).toBeGreaterThan(0);
    const own = strategies.map(({ path }) => path.replace("strategies/", "./"));
    const others = imported.map(({ specifier }) => specifier).filter((one) => !own.includes(one));
    expect([...new Set(others)]).toEqual(["tradelatch"]);
  });
});

describe("the documents", () => {
  test("quote no line numbers and no registry hosts", () => {
    expect(DOCUMENTS.flatMap(checkDocument)).toEqual([]);
  });
});

describe("the scanner", () => {
  test("keeps every line and every position", () => {
    for (const file of SCANNED) {
      const code = codeOnly(file.text);
      expect(code.length, file.path).toBe(file.text.length);
      expect(code.split("\n").length, file.path).toBe(file.text.split("\n").length);
    }
  });

  test("leaves balanced braces in every file, so that no code was taken for text", () => {
    for (const file of SCANNED) {
      const code = codeOnly(file.text);
      for (const [open, close] of ["{}", "()", "[]"]) {
        const count = (char: string | undefined) => code.split(char ?? "").length;
        expect(count(open), `${open} in ${file.path}`).toBe(count(close));
      }
    }
  });
});
