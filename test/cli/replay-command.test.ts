import { once } from "node:events";
import { existsSync, readdirSync, watch } from "node:fs";
import { describe, expect, test } from "vitest";
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
    expect(stdout).toMatch(/^Claims +- +1 IN_RECONCILIATION, 11 SETTLED$/m);
    expect(stdout).toContain("~ inferred");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
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

  test("does not mind a reader that goes away", async () => {
    const { child, ended } = startProgram(["replay", "2026-05-22"]);
    child.stdout?.destroy();
    const { stderr, exitCode } = await ended;
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  });

  test.runIf(existsSync("/dev/full"))("says in one line that its output has no room", async () => {
    const { stderr, exitCode } = await run(["replay", "2026-05-22"], { stdout: "/dev/full" });
    expect(stderr).toMatch(/^tradelatch: unexpected failure: ENOSPC[^\n]+\n$/);
    expect(exitCode).toBe(1);
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
