import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DEFAULT_SESSION } from "../../src/replay/session.ts";
import { run } from "./program.ts";

const MANIFEST = new URL("../../package.json", import.meta.url);

describe("help", () => {
  test.each([
    ["--help", ["Usage: tradelatch", "replay", "broker-sim", "store"]],
    ["help", ["Usage: tradelatch", "replay", "broker-sim"]],
    ["help --help", ["Usage: tradelatch", "replay", "broker-sim"]],
    ["help -h", ["Usage: tradelatch", "replay", "broker-sim"]],
    ["replay --help", ["Usage: tradelatch replay", "[session]", DEFAULT_SESSION, "--json"]],
    ["help replay", ["Usage: tradelatch replay", "[session]"]],
    ["broker-sim --help", ["--port", "4599", "--seed", "--price", "TQQQ=75.33", "--json"]],
    [
      "audit --help",
      [
        "takes the options of list",
        "list",
        "show",
        "verify",
        "export",
        "import-verify",
        "Examples",
      ],
    ],
    ["audit list --help", ["--status", "SKIP", "--from", "--json", "Examples"]],
    ["audit show --help", ["<claim>", "--agent", "Examples"]],
    ["audit verify --help", ["--store", "--json", "Examples"]],
    ["audit export --help", ["--out", "--audit-key", "Examples"]],
    ["audit import-verify --help", ["--key", "--json", "Examples"]],
  ])("of tradelatch %s names what is there, within 80 columns", async (line, parts) => {
    const { stdout, stderr, exitCode } = await run(line.split(" "));
    for (const part of parts) expect(stdout).toContain(part);
    expect(Math.max(...stdout.split("\n").map((text) => text.length))).toBeLessThanOrEqual(80);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  });
});

describe("the version", () => {
  test("is the package's", async () => {
    const { version } = JSON.parse(readFileSync(MANIFEST, "utf8")) as { version: string };
    const ended = await run(["--version"]);
    expect(ended).toEqual({ stdout: `${version}\n`, stderr: "", exitCode: 0 });
  });
});
