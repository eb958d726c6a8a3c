import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FUNCTION_LINES_MAX = 70;

describe("the linter's rule about functions", () => {
  test("finds a function over the limit in src, and lets one at the limit pass", () => {
    const directory = mkdtempSync(join(tmpdir(), "tidy-"));
    try {
      writeFileSync(join(directory, "biome.json"), readFileSync(join(ROOT, "biome.json")));
      mkdirSync(join(directory, "src"));
      const source = (lines: number) => {
        const body = Array.from({ length: lines }, (_, line) => `  a(${line});\n`).join("");
        return `export function act(a: (line: number) => void) {\n${body}}\n`;
      };
      writeFileSync(join(directory, "src/long.ts"), source(FUNCTION_LINES_MAX + 1));
      writeFileSync(join(directory, "src/right.ts"), source(FUNCTION_LINES_MAX));
      const long = lint(directory, "src/long.ts");
      expect(long.output).toContain("noExcessiveLinesPerFunction");
      expect(long.status).not.toBe(0);
      expect(lint(directory, "src/right.ts")).toMatchObject({ status: 0 });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

function lint(cwd: string, file: string): { status: number | null; output: string } {
  const biome = join(ROOT, "node_modules/.bin/biome");
  const { status, stdout, stderr } = spawnSync(biome, ["lint", file], { cwd, encoding: "utf8" });
  return { status, output: `${stdout}${stderr}` };
}
