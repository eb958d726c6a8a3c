import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runHere } from "./in-process.ts";

const folder = mkdtempSync(join(tmpdir(), "tradelatch-run-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MOMENTUM = "strategies/momentum.ts";
const BARS = "fixtures/bars/2026-05-21-qqq.csv";

/** A strategy that buys at each bar, or holds one share until 22 May, and two minutes for it. */
function smallDay(): readonly string[] {
  const strategy = join(folder, "once.mjs");
  const anchor = '{ bar: bar.name, stage: "base" }';
  writeFileSync(
    strategy,
    `export default ({ symbol = "SPY", sells }) => ({ symbols: [symbol], async onBar(bar, context) {
      const { net, episode } = await context.book(symbol);
      const isNew = bar.name.startsWith("2026-05-22");
      if (sells && net !== "0") {
        if (!isNew) return;
        const anchor = { episode, leg: "exit" };
        return void await context.submit({ symbol, effect: "close", portion: "all", anchor });
      }
      await context.submit({ symbol, side: "buy", quantity: "1", anchor: ${anchor} });
    } });`,
  );
  const bars = join(folder, "spy.csv");
  const rows = ["09:30", "09:31"].map((time) => `2026-05-21T${time},700,700,700,700,9`);
  writeFileSync(bars, ["time,open,high,low,close,volume", ...rows].join("\n"));
  return ["run", strategy, "--bars", bars];
}

describe("tradelatch run", () => {
  test("prints one JSON document, and writes the report where it is told to", async () => {
    const report = join(folder, "report.html");
    const words = [...smallDay(), "--json", "--report", report, "--broker", "sim"];
    const { stdout, stderr, exitCode } = await runHere(words);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(JSON.parse(stdout)).toMatchObject({
      summary: {
        ...{ trades: 0, hitRate: null, orders: 2, booksEqual: true, invariantsBroken: [] },
        finalPositions: { SPY: "2" },
      },
      ...{ trades: [], moved: null, report },
    });
    expect(readFileSync(report, "utf8")).toMatch(/^<!doctype html>/);
  });

  test("prints a page within 80 columns, and writes no report where none is wanted", async () => {
    const { stdout } = await runHere([...smallDay(), "--no-report"]);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(stdout).toMatch(/^Orders at the broker +2$/m);
    expect(stdout).toMatch(/^Books equal the broker's +yes$/m);
    expect(stdout).toMatch(/no advice\.\n$/);
    expect(stdout).not.toContain("Report:");
  });

  test("leaves bars out of regular hours out of all figures, and dates what several days have", async () => {
    const bars = join(folder, "days-spy.csv");
    const minutes = ["08:00", "09:29", "09:30", "09:31", "16:00", "19:59"];
    const rows = ["2026-05-21", "2026-05-22"].flatMap((day) =>
      minutes.map((time) => `${day}T${time},700,700,700,700,9`),
    );
    writeFileSync(bars, ["time,open,high,low,close,volume", ...rows].join("\n"));
    const [, strategy = ""] = smallDay();
    const words = ["run", strategy, "--bars", bars, "--set", "sells=yes", "--no-report"];
    const { stdout } = await runHere(words);
    expect(stdout).toMatch(/on 2026-05-21 to 2026-05-22, 2 sessions:\s4 bars/);
    expect(stdout).toMatch(/^05-21 09:31:00 to 05-22 09:31:00 {2}SPY long/m);
    expect(stdout).toMatch(/^Exposure +60\.0 % of the time$/m);
  });

  test.each([
    [["run", MOMENTUM], /--bars is missing: give a file of bars/],
    [["run", "no.ts", "--bars", BARS], /there is no file "no.ts"/],
    [["run", MOMENTUM, "--bars", "no-qqq.csv"], /the bars in "no-qqq.csv" cannot be read/],
    [["run", MOMENTUM, "--bars", BARS, "--set", "x=1"], /no parameter x: there are signalSymbol/],
    [["run", MOMENTUM, "--bars", BARS, "--set", "x"], /NAME=VALUE/],
    [["run", MOMENTUM, "--bars", BARS, "--faults", "some"], /Allowed choices are none, heavy/],
    [["run", MOMENTUM, "--bars", BARS, "--broker", "alpaca"], /Allowed choices are sim/],
    [["run", MOMENTUM, "--bars", BARS, "--instances", "0"], /from 1 to 8/],
  ])("refuses %o in one line, with the remedy", async (words, message) => {
    const { stdout, stderr, exitCode } = await runHere(words);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
  });

  test("prints what came of a run whose report cannot be written, and says so", async () => {
    const gone = join(folder, "gone");
    mkdirSync(gone);
    const [, strategy = "", ...bars] = smallDay();
    const sweeping = join(folder, "sweeping.mjs");
    const sweep = `import { rmdirSync } from "node:fs"; rmdirSync(${JSON.stringify(gone)});`;
    writeFileSync(sweeping, `${sweep}\n${readFileSync(strategy, "utf8")}`);
    const report = join(gone, "report.html");
    const words = ["run", sweeping, ...bars, "--report", report, "--json"];
    const { stdout, stderr, exitCode } = await runHere(words);
    expect(stderr).toContain(`${report} cannot be written: there is no folder ${gone}. Choose`);
    expect(JSON.parse(stdout)).toMatchObject({ summary: { orders: 2 }, report: null });
    expect(exitCode).toBe(1);
  });

  test("is refused before it begins where its report would have no place", async () => {
    const nowhere = join(folder, "no");
    const other = join(folder, "other.html");
    writeFileSync(other, "<!doctype html><title>somebody's</title>");
    const refused = async (report: string) => {
      const { stdout, stderr, exitCode } = await runHere([...smallDay(), "--report", report]);
      return { stdout, exitCode, stderr: stderr.replace(/\. [^.]*\.\n$/, "") };
    };
    const out = join(nowhere, "report.html");
    expect(await refused(out)).toEqual({
      ...{ stdout: "", exitCode: 1 },
      stderr: `tradelatch: ${out} cannot be written: there is no folder ${nowhere}`,
    });
    expect(await refused(other)).toEqual({
      ...{ stdout: "", exitCode: 2 },
      stderr: `tradelatch: ${other} is there already and is no report`,
    });
  });

  test("takes the place of an older report, and of nothing else", async () => {
    const [report, other] = [join(folder, "again.html"), join(folder, "bars.html")];
    const written = async (out: string) =>
      (await runHere([...smallDay(), "--report", out, "--json"])).exitCode;
    writeFileSync(other, "<!doctype html><title>somebody's</title>");
    expect([await written(report), await written(report), await written(other)]).toEqual([0, 0, 2]);
    expect(readFileSync(other, "utf8")).toContain("somebody's");
  });
});
