import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { EVERY_CANARY } from "./simulation/every-canary.ts";

const DOCUMENT = readFileSync(new URL("../docs/PROOF.md", import.meta.url), "utf8");
const ROOT = new URL("../", import.meta.url);

/** Every file and folder under `folder`, by its path from the root. */
function everythingIn(folder: string): readonly string[] {
  const found = readdirSync(new URL(folder, ROOT), { recursive: true, encoding: "utf8" });
  return found.map((name) => `${folder}/${name}`);
}

describe("docs/PROOF.md", () => {
  test("names tests, folders and kept worlds that exist", () => {
    const paths = [...everythingIn("test"), ...everythingIn("fixtures"), "test"];
    const names = new Set(paths.map((path) => basename(path)));
    const quoted = [...DOCUMENT.matchAll(/`([\w./-]+)`/g)].map(([, name = ""]) => name);
    const files = quoted.filter((name) => /^(test|fixtures)\/|\.(test\.ts|json|c)$/.test(name));
    const isThere = (name: string) =>
      name.includes("/") ? paths.includes(name.replace(/\/$/, "")) : names.has(name);
    expect(files.filter((name) => !isThere(name))).toEqual([]);
    expect(files.length).toBeGreaterThan(100);
  });

  test("has every canary by its name, with the seed at which it is found", () => {
    const text = DOCUMENT.replaceAll(/\s+/g, " ");
    const missing = EVERY_CANARY.filter(({ name, seed }) => !text.includes(`${name} (${seed})`));
    expect(missing.map(({ name, seed }) => `${name} (${seed})`)).toEqual([]);
  });

  test("tells nothing twice", () => {
    const rows = DOCUMENT.split("\n").filter((line) => line.startsWith("| "));
    const told = rows.map((row) => row.split(" | ")[1] ?? "").filter((cell) => cell.length > 40);
    expect(told.filter((cell, index) => told.indexOf(cell) !== index)).toEqual([]);
  });
});
