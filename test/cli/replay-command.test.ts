import { once } from "node:events";
import { readdirSync, watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { bundledSessions, DEFAULT_SESSION } from "../../src/replay/bundled-sessions.ts";
import { sessionOf } from "../replay/replayed-session.ts";
import { type Ended, inDirectory, run, startProgram } from "./program.ts";

describe("tradelatch replay", () => {
  /** What it prints of that day, asked for once. */
  let may21: Promise<Ended> | undefined;
  const replayedMay21 = () => {
    may21 ??= run(["replay"]);
    return may21;
  };

  test("prints the table and the totals of 21 May and nothing on standard error", async () => {
    const { stdout, stderr, exitCode } = await replayedMay21();
    expect(stdout).toContain("Session of 2026-05-21");
    expect(stdout).toMatch(/^Blocked and on record +- +6, 3,653\.00 USD$/m);
    expect(stdout).toMatch(/^Claims +- +12 SETTLED$/m);
    expect(stdout).toContain("~ inferred");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  });

  test("shows how the 422 was resolved beside the block that told no cause", async () => {
    const lines = (await replayedMay21()).stdout.split("\n");
    const first = lines.findIndex((line) => /^ 11:14:00 +refused_exit SQQQ/.test(line));
    const section = lines.slice(first, lines.indexOf("", first)).join("\n");
    expect(section).toMatch(/^ 11:14:12 +resolved +still_held \(venue\)$/m);
    expect(section).toMatch(/^~10:15:00 +- buy SQQQ 11 +filled @ 40\.90 .*11:33:00-14:00:00$/m);
    expect(section).toMatch(/^ 11:14:00 +- sell SQQQ 12 +rejected \(422\) /m);
    expect(section).toContain("for 147 minutes");
  });

  test("names every other bundled session with its command", async () => {
    const { stdout } = await replayedMay21();
    for (const words of [...bundledSessions(), "--all"]) {
      const line = `  npx tradelatch replay ${words}\n`;
      expect(stdout.includes(line)).toBe(words !== DEFAULT_SESSION);
    }
  });

  test("takes no session together with --all", async () => {
    const { stdout, stderr, exitCode } = await run(["replay", "--all", "2026-05-22"]);
    expect(stderr).toMatch(/^tradelatch: [^\n]*--all takes no session[^\n]*"2026-05-22"[^\n]*\n$/);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
  });

  test("is what the README shows", async () => {
    const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
    const shown = readme.split("<!-- replay -->\n```\n")[1]?.split("```")[0];
    const withoutTime = (text: string | undefined) => text?.replace(/Replayed in [\d.]+ s/, "");
    expect(withoutTime((await replayedMay21()).stdout)).toBe(withoutTime(shown));
  });

  test("has every row with its mark, most of them in a line or two of 80 columns", async () => {
    const { events } = await sessionOf("2026-05-21");
    const lines = (await replayedMay21()).stdout.split("\n");
    for (const { mark, time, from } of events) {
      const start = `${mark === "inferred" ? "~" : " "}${String(time ?? from)}  `;
      expect(lines.some((line) => line.startsWith(start))).toBe(true);
    }
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    const first = lines.findIndex((line) => line.startsWith("~09:42:00"));
    const table = lines.slice(first, lines.indexOf("", first));
    const starts = table.flatMap((line, index) => (/^[~ ]\d\d:/.test(line) ? [index] : []));
    const heights = starts.map((start, row) => (starts[row + 1] ?? table.length) - start);
    expect(heights).toHaveLength(events.length);
    expect(heights.filter((height) => height > 2).length).toBeLessThanOrEqual(3);
  });

  test("is not changed by a bot's settings on the same machine and leaves no file", async () => {
    await inDirectory(async (directory) => {
      const env = {
        APCA_API_BASE_URL: "http://127.0.0.1:1",
        TRADELATCH_STORE: "/nowhere/latch.db",
        TRADELATCH_MISSPELT: "1",
        NODE_OPTIONS: "--no-warnings",
        TMPDIR: directory,
      };
      const { stdout, stderr, exitCode } = await run(["replay", "2026-05-22", "--json"], { env });
      expect(stdout).toContain('"duplicateOrders": 0');
      expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
      expect(readdirSync(directory)).toEqual([]);
    });
  });
});

describe("a replay that is ended by a signal", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("%s takes its processes and its files with it", async (signal, expected) => {
    await inDirectory(async (directory) => {
      const { child, ended } = startProgram(["replay"], { env: { TMPDIR: directory } });
      await ledgerUnder(directory);
      child.kill(signal);
      const { stdout, stderr, exitCode } = await ended;
      expect(stderr).toBe(`tradelatch: ended by ${signal} before it was done.\n`);
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: expected });
      expect(readdirSync(directory)).toEqual([]);
    });
  });

  test("SIGKILL, which nobody can answer, still leaves no process behind", async () => {
    await inDirectory(async (directory) => {
      const { child, ended } = startProgram(["replay"], { env: { TMPDIR: directory } });
      await ledgerUnder(directory);
      child.kill("SIGKILL");
      expect((await ended).exitCode).toBeNull();
    });
  });
});

/** Resolves when a replay has begun to write there: its processes are running by then. */
async function ledgerUnder(directory: string): Promise<void> {
  const watcher = watch(directory, { recursive: true });
  try {
    const isThere = () =>
      readdirSync(directory, { recursive: true }).some((name) => String(name).endsWith("latch.db"));
    while (!isThere()) await once(watcher, "change");
  } finally {
    watcher.close();
  }
}
